"""Control groups: where the kernel counts and bounds what a box uses. Version 1, version 2, or none.

A box's group is made once and used again; nothing is moved into it while somebody waits, because the first
write to `cgroup.procs` waits some ten milliseconds for the kernel (see docs/sandbox.md).
"""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_MOUNTS = Path("/proc/self/mounts")
_OWN = Path("/proc/self/cgroup")
_V1_CONTROLLERS = ("memory", "pids", "cpuacct")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a group has used so far. `cpu_s` in seconds, `memory_bytes` now, `peak_bytes` since the reset."""

    cpu_s: float
    memory_bytes: int
    peak_bytes: int
    oom_kills: int
    fork_refusals: int


class Group(Protocol):
    """One box's group."""

    def add(self, pid: int) -> None:
        """Moves a process here; its later children follow."""

    def set_limits(self, *, memory_bytes: int, processes: int) -> None:
        """Bounds memory (bytes) and the number of processes and threads, and resets the peak."""

    def lift_limits(self) -> None:
        """Takes the bounds away while no submission runs here."""

    def cpu_s(self) -> float:
        """Seconds of CPU used by all processes that ever were here."""

    def oom_kills(self) -> int:
        """Processes the kernel killed here for want of memory."""

    def usage(self) -> Usage:
        """Every figure at once."""

    def wait_empty(self, timeout_s: float) -> bool:
        """Whether the last process is gone within the time."""

    def remove(self) -> None:
        """Removes the group; it must be empty."""


def _read_int(path: Path) -> int:
    return int(path.read_text())


def _read_field(path: Path, field: str) -> int:
    for line in path.read_text().splitlines():
        name, _, value = line.partition(" ")
        if name == field:
            return int(value)
    return 0


def _wait_empty(procs: Path, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while procs.read_text().strip():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


class GroupV1:
    """A box in the hierarchies of version 1: one folder in each."""

    def __init__(self, parents: dict[str, Path], name: str) -> None:
        self._folders = {controller: parent / name for controller, parent in parents.items()}
        for folder in set(self._folders.values()):
            folder.mkdir(parents=True, exist_ok=True)

    def add(self, pid: int) -> None:
        for folder in set(self._folders.values()):
            (folder / "cgroup.procs").write_text(str(pid))

    def set_limits(self, *, memory_bytes: int, processes: int) -> None:
        memory = self._folders["memory"]
        (memory / "memory.limit_in_bytes").write_text(str(memory_bytes))
        (memory / "memory.max_usage_in_bytes").write_text("0")
        (self._folders["pids"] / "pids.max").write_text(str(processes))

    def lift_limits(self) -> None:
        (self._folders["memory"] / "memory.limit_in_bytes").write_text("-1")
        (self._folders["pids"] / "pids.max").write_text("max")

    def cpu_s(self) -> float:
        return _read_int(self._folders["cpuacct"] / "cpuacct.usage") / 1e9

    def oom_kills(self) -> int:
        return _read_field(self._folders["memory"] / "memory.oom_control", "oom_kill")

    def usage(self) -> Usage:
        memory = self._folders["memory"]
        return Usage(
            cpu_s=self.cpu_s(),
            memory_bytes=_read_int(memory / "memory.usage_in_bytes"),
            peak_bytes=_read_int(memory / "memory.max_usage_in_bytes"),
            oom_kills=self.oom_kills(),
            fork_refusals=_read_field(self._folders["pids"] / "pids.events", "max"),
        )

    def wait_empty(self, timeout_s: float) -> bool:
        return _wait_empty(self._folders["pids"] / "cgroup.procs", timeout_s)

    def remove(self) -> None:
        for folder in set(self._folders.values()):
            _remove_folder(folder)


class GroupV2:
    """A box in the unified hierarchy."""

    def __init__(self, parent: Path, name: str) -> None:
        self._folder = parent / name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._peak_base = 0

    def add(self, pid: int) -> None:
        (self._folder / "cgroup.procs").write_text(str(pid))

    def set_limits(self, *, memory_bytes: int, processes: int) -> None:
        (self._folder / "memory.max").write_text(str(memory_bytes))
        (self._folder / "pids.max").write_text(str(processes))
        swap = self._folder / "memory.swap.max"
        if swap.exists():
            swap.write_text("0")

    def lift_limits(self) -> None:
        (self._folder / "memory.max").write_text("max")
        (self._folder / "pids.max").write_text("max")

    def cpu_s(self) -> float:
        return _read_field(self._folder / "cpu.stat", "usage_usec") / 1e6

    def oom_kills(self) -> int:
        return _read_field(self._folder / "memory.events", "oom_kill")

    def usage(self) -> Usage:
        current = _read_int(self._folder / "memory.current")
        peak = self._folder / "memory.peak"
        return Usage(
            cpu_s=self.cpu_s(),
            memory_bytes=current,
            peak_bytes=_read_int(peak) if peak.exists() else current,
            oom_kills=self.oom_kills(),
            fork_refusals=_read_field(self._folder / "pids.events", "max"),
        )

    def wait_empty(self, timeout_s: float) -> bool:
        return _wait_empty(self._folder / "cgroup.procs", timeout_s)

    def remove(self) -> None:
        _remove_folder(self._folder)


def _remove_folder(folder: Path) -> None:
    for _ in range(100):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            time.sleep(0.01)
        else:
            return


class Hierarchy:
    """Where this supervisor makes its groups; `version` is 1, 2, or 0 where it may make none."""

    def __init__(self) -> None:
        self._v1 = _writable_v1()
        self._v2 = None if self._v1 else _writable_v2()
        self.version = 1 if self._v1 else 2 if self._v2 else 0
        self._name = f"touchstone-{os.getpid()}"
        self._remove_stale()
        if self._v2:
            top = self._v2 / self._name
            top.mkdir()
            (top / "cgroup.subtree_control").write_text("+memory +pids +cpu")

    @staticmethod
    def available_version() -> int:
        """What `version` would be, without making anything."""
        return 1 if _writable_v1() else 2 if _writable_v2() else 0

    def group(self, name: str) -> Group | None:
        """The group of one box, made if absent; None where the host gives no groups."""
        if self._v1:
            return GroupV1({key: folder / self._name for key, folder in self._v1.items()}, name)
        if self._v2:
            return GroupV2(self._v2 / self._name, name)
        return None

    def remove(self) -> None:
        """Removes the supervisor's own folder; its groups must be gone."""
        for parent in self._parents():
            _remove_folder(parent / self._name)

    def _parents(self) -> set[Path]:
        return set(self._v1.values()) if self._v1 else {self._v2} if self._v2 else set()

    def _remove_stale(self) -> None:
        """Removes what supervisors that are no more have left."""
        for parent in self._parents():
            for folder in parent.glob("touchstone-*"):
                if Path("/proc", folder.name.partition("-")[2]).exists():
                    continue
                for inner in [path for path in folder.iterdir() if path.is_dir()]:
                    _remove_folder(inner)
                _remove_folder(folder)


def _own_paths() -> dict[str, str]:
    """Controller (or "" for version 2) to this process's group, as /proc/self/cgroup has it."""
    paths = {}
    for line in _OWN.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def _mount_points() -> tuple[dict[str, Path], Path | None]:
    v1: dict[str, Path] = {}
    v2 = None
    for line in _MOUNTS.read_text().splitlines():
        _, point, fstype, options, *_ = line.split(" ")
        if fstype == "cgroup2":
            v2 = Path(point)
        elif fstype == "cgroup":
            for controller in _V1_CONTROLLERS:
                if controller in options.split(","):
                    v1[controller] = Path(point)
    return v1, v2


def _own_folder(mount_point: Path, own: str) -> Path:
    """The own group's folder, or the mount point where a container shows only a part of the tree."""
    folder = mount_point / own.lstrip("/")
    return folder if folder.is_dir() else mount_point


def _writable_v1() -> dict[str, Path] | None:
    points, _ = _mount_points()
    own = _own_paths()
    if set(points) != set(_V1_CONTROLLERS):
        return None
    folders = {name: _own_folder(point, own.get(name, "/")) for name, point in points.items()}
    return folders if all(os.access(folder, os.W_OK) for folder in folders.values()) else None


def _writable_v2() -> Path | None:
    _, point = _mount_points()
    if point is None:
        return None
    folder = _own_folder(point, _own_paths().get("", "/"))
    # Processes may not sit beside groups that have controllers: use the first ancestor that allows it.
    for candidate in (folder, *folder.parents):
        if not candidate.is_relative_to(point) or not os.access(candidate, os.W_OK):
            break
        enabled = (candidate / "cgroup.subtree_control").read_text().split()
        if {"memory", "pids"} <= set(enabled):
            return candidate
    return None
