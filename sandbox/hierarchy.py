"""Finds where this host lets a supervisor make control groups: version 1, version 2, a hybrid, or nowhere."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sandbox import cgroups_v1
from sandbox.cgroups import PREFIX, Group, remove_folder, remove_stale
from sandbox.cgroups_v1 import GroupV1
from sandbox.cgroups_v2 import GroupV2
from sandbox.claims import claim, new_name
from sandbox.errors import SandboxUnavailable
from sandbox.mount_table import Mount, mounts

_OWN = Path("/proc/self/cgroup")
_NEEDED_V2 = frozenset({"memory", "pids"})
_WANTED_V2 = ("memory", "pids", "cpu")
_HOST_LEAF = "supervisor"
_ZYGOTES = "zygotes"
_TRIES = 5
_CLAIM_TRIES = 100


class Hierarchy:
    """Where this supervisor makes its groups; `version` is 1, 2, or 0 where it may make none.

    `owner` is the user and group id by which boxes are born, where it is not this process's own.
    """

    def __init__(self, owner: int | None = None) -> None:
        self._owner = owner
        self._v1 = _writable_v1()
        self._v2 = None if self._v1 else _writable_v2() or _made_writable_v2()
        self.version = 1 if self._v1 else 2 if self._v2 else 0
        self.left_by_others = remove_stale(self._parents())
        self._name, self._locks = self._claimed()
        if self._v2:
            self._hand_down(self._v2 / self._name)

    @staticmethod
    def available_version() -> int:
        """What `version` would be, without making anything."""
        return 1 if _writable_v1() else 2 if _writable_v2() or _own_delegated_v2() else 0

    @staticmethod
    def mounted() -> str:
        """Which versions this host shows at all: "1", "2", "1 and 2" (a hybrid), or "" for none."""
        v1, v2 = _mount_points()
        return " and ".join(["1"] * bool(v1) + ["2"] * (v2 is not None))

    @staticmethod
    def read_only() -> bool:
        """Whether this host shows some, and shows one that even root may not write to."""
        return any(mount.is_read_only() for mount in _mounted())

    @staticmethod
    def most_processes() -> int | None:
        """How many this process's own group may have with those around it; None where nothing bounds them."""
        v1, v2 = _mount_points()
        own = _own_paths()
        found = []
        for point, path in ((v1.get("pids"), own.get("pids", "/")), (v2, own.get("", "/"))):
            if point is None:
                continue
            folder = _own_folder(point, path)
            for candidate in (folder, *folder.parents):
                bound = candidate / "pids.max"
                if candidate.is_relative_to(point) and bound.exists():
                    found.append(bound.read_text().strip())
        return min((int(text) for text in found if text != "max"), default=None)

    def group(self, name: str) -> Group | None:
        """The group of one slot, made if absent; None where the host gives no groups."""
        if self._v1:
            return GroupV1({key: folder / self._name for key, folder in self._v1.items()}, name)
        if self._v2:
            return GroupV2(self._v2 / self._name, name, self._owner)
        return None

    def place_zygote(self, pid: int) -> None:
        """Moves a zygote's first process below the folder that boxes are born into (version 2)."""
        if self._v2:
            home = self._v2 / self._name / _ZYGOTES
            home.mkdir(exist_ok=True)
            (home / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        """Removes the supervisor's own folder; its groups must be gone."""
        try:
            if self._v2:
                remove_folder(self._v2 / self._name / _ZYGOTES)
            for parent in self._parents():
                remove_folder(parent / self._name)
        finally:
            for lock in self._locks:
                os.close(lock)

    def _parents(self) -> set[Path]:
        return set(self._v1.values()) if self._v1 else {self._v2} if self._v2 else set()

    def _claimed(self) -> tuple[str, list[int]]:
        """A name that is ours in every hierarchy, and the locks that say so."""
        for _ in range(_CLAIM_TRIES):
            name = new_name(PREFIX)
            claimed: dict[Path, int] = {}
            for folder in [parent / name for parent in self._parents()]:
                lock = claim(folder)
                if lock is None:
                    break
                claimed[folder] = lock
            else:
                return name, list(claimed.values())
            for folder, lock in claimed.items():
                remove_folder(folder)
                os.close(lock)
        raise SandboxUnavailable(
            "No control group of its own can be made: each is taken by others at once.",
            remedy="See who else makes groups named touchstone-* on this host, and start again.",
        )

    def _hand_down(self, top: Path) -> None:
        (top / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in _available(top)))
        if self._owner is not None:
            # clone3(2), CLONE_INTO_CGROUP: also the common ancestor's processes must be the caller's.
            os.chown(top / "cgroup.procs", self._owner, self._owner)


def _available(folder: Path) -> list[str]:
    offered = (folder / "cgroup.controllers").read_text().split()
    return [name for name in _WANTED_V2 if name in offered]


def _own_paths() -> dict[str, str]:
    """Controller (or "" for version 2) to this process's group, as /proc/self/cgroup has it."""
    paths = {}
    for line in _OWN.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def _mounted() -> list[Mount]:
    return [mount for mount in mounts() if mount.fstype in ("cgroup", "cgroup2") and mount.is_reachable()]


def _mount_points() -> tuple[dict[str, Path], Path | None]:
    v1: dict[str, Path] = {}
    v2 = None
    for mount in _mounted():
        if mount.fstype == "cgroup2":
            v2 = mount.point
        for controller in cgroups_v1.CONTROLLERS:
            if mount.fstype == "cgroup" and controller in mount.options:
                v1[controller] = mount.point
    return v1, v2


def _own_folder(mount_point: Path, own: str) -> Path:
    """The own group's folder, or the mount point where a container shows only a part of the tree."""
    folder = mount_point / own.lstrip("/")
    return folder if folder.is_dir() else mount_point


def _writable_v1() -> dict[str, Path] | None:
    points, _ = _mount_points()
    own = _own_paths()
    if set(points) != set(cgroups_v1.CONTROLLERS):
        return None
    folders = {name: _own_folder(point, own.get(name, "/")) for name, point in points.items()}
    return folders if all(os.access(folder, os.W_OK) for folder in folders.values()) else None


def _own_v2() -> tuple[Path, Path] | None:
    """The unified hierarchy's mount point and this process's folder in it."""
    _, point = _mount_points()
    if point is None:
        return None
    return point, _own_folder(point, _own_paths().get("", "/"))


def _writable_v2() -> Path | None:
    """The nearest folder above that hands its controllers down already: groups may lie beside the own one."""
    found = _own_v2()
    if found is None:
        return None
    point, folder = found
    for candidate in (folder, *folder.parents):
        if not candidate.is_relative_to(point) or not os.access(candidate, os.W_OK):
            break
        if set((candidate / "cgroup.subtree_control").read_text().split()) >= _NEEDED_V2:
            return candidate
    return None


def _own_delegated_v2() -> Path | None:
    """The own folder where it has the controllers and may be written to (systemd's Delegate=)."""
    found = _own_v2()
    if found is None:
        return None
    _, folder = found
    writable = os.access(folder / "cgroup.subtree_control", os.W_OK) and os.access(folder, os.W_OK)
    return folder if writable and set(_available(folder)) >= _NEEDED_V2 else None


def _made_writable_v2() -> Path | None:
    """The own folder, its processes moved to a leaf: none may be where controllers are handed down."""
    folder = _own_delegated_v2()
    if folder is None:
        return None
    try:
        # The root of all groups is free of that rule; it alone has no events.
        if (folder / "cgroup.events").exists():
            _empty_into_leaf(folder)
        controllers = " ".join(f"+{name}" for name in _available(folder))
        (folder / "cgroup.subtree_control").write_text(controllers)
    except OSError:
        return None
    return folder


def _empty_into_leaf(folder: Path) -> None:
    leaf = folder / _HOST_LEAF
    leaf.mkdir(exist_ok=True)
    for _ in range(_TRIES):  # a process may fork while we move it
        pids = (folder / "cgroup.procs").read_text().split()
        if not pids:
            return
        for pid in pids:
            with suppress(ProcessLookupError):
                (leaf / "cgroup.procs").write_text(pid)
