"""What a run could leave behind on the host, seen from outside: everything that belongs to one supervisor."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path

from sandbox.forking import HOST_ID_COUNT, HOST_IDS_FROM

MARK = "touchstone-hostile"
"""Attacks that write wherever they can call their files so."""
_BOX_IDS = range(HOST_IDS_FROM, HOST_IDS_FROM + HOST_ID_COUNT)
_PUBLIC_FOLDERS = tuple(map(Path, ("/tmp", "/var/tmp", "/dev/shm", "/run")))


@dataclass(frozen=True, slots=True)
class HostState:
    """Of boxes and namespaces the number counts: they come and go. What `spare` slots hold may vary."""

    boxes: tuple[int, ...]
    """How many processes there are, zombies too, in each box's pid namespace: a parked box has two."""
    namespaces: int
    """Mount, ipc, net, user and uts namespaces in which anything of the supervisor's lives."""
    groups: int
    """Control groups with a process of a box in them."""
    mounts: int
    """Mounts of the supervisor's own namespace below its folder."""
    files: frozenset[str]
    """Below the supervisor's folder for temporary files, and marked ones in folders that all may write."""
    ipc: frozenset[str]
    """System V objects that a box could have made."""
    spare: Spare = field(compare=False)

    def differences(self, other: HostState) -> str:
        """For the reader of a failed test."""
        pairs = [(each.name, getattr(self, each.name), getattr(other, each.name)) for each in fields(self)]
        return "; ".join(f"{name}: {one!r} became {two!r}" for name, one, two in pairs if one != two)


@dataclass(frozen=True, slots=True)
class Spare:
    """What grows with the number of slots that are kept ready, and shrinks when nobody needs them."""

    processes: int
    """Zygotes, and the processes that fork boxes for them."""
    groups: int
    descriptors: int
    """The supervisor's."""

    def is_at_most(self, other: Spare) -> bool:
        """Whether nothing of this is more."""
        return all(getattr(self, each.name) <= getattr(other, each.name) for each in fields(self))


@dataclass(frozen=True, slots=True)
class Host:
    """Looks at what belongs to the supervisor whose command line holds `socket`."""

    socket: Path
    temporary: Path

    def look(self) -> HostState:
        supervisor = self.supervisor()
        below = descendants(supervisor)
        boxed = {pid: name for pid in below if (name := _box_of(pid, supervisor))}
        groups = _groups(supervisor)
        return HostState(
            boxes=tuple(sorted(Counter(boxed.values()).values())),
            namespaces=len({name for pid in below for name in _namespaces(pid)}),
            groups=sum(bool(_pids(group) & boxed.keys()) for group in groups),
            mounts=_mounts_below(self.temporary, supervisor),
            files=frozenset(_files(self.temporary)),
            ipc=frozenset(_ipc()),
            spare=Spare(
                len(below) - len(boxed), len(groups), len(list(Path(f"/proc/{supervisor}/fd").iterdir()))
            ),
        )

    def supervisor(self) -> int:
        """Its process."""
        for pid in descendants(os.getpid()):
            told = command_line(pid)
            if "sandbox.supervisor" in told and any(str(self.socket) in argument for argument in told):
                return pid
        raise AssertionError(f"no supervisor of {self.socket} runs")

    def calm(self, for_s: float = 0.5) -> HostState:
        """The state once it has not changed for a while: the boxes that follow used ones are parked.

        The last look at it: what is spare counts only when the last box has handed over its descriptors.
        """
        state, since = self.look(), time.monotonic()
        while time.monotonic() - since < for_s:
            time.sleep(0.02)
            before, state = state, self.look()
            if state != before:
                since = time.monotonic()
        return state

    def settled(self, before: HostState, within_s: float = 20.0) -> HostState:
        """The state once it equals `before`, or the last one seen."""
        deadline = time.monotonic() + within_s
        state = self.look()
        while state != before and time.monotonic() < deadline:
            time.sleep(0.01)
            state = self.look()
        return state


def command_line(pid: int) -> list[str]:
    """Its arguments; none where the process is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    return []


def descendants(pid: int) -> set[int]:
    """Every process below `pid`, zombies too."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(fields[1])
    found = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found - {pid}
        found |= more


def _box_of(pid: int, supervisor: int) -> str:
    """The box's pid namespace, which lies two below the supervisor's; empty for what is in none.

    proc(5), /proc/PID/status: NSpid has one number for each namespace that a process is known in.
    """
    with contextlib.suppress(OSError):
        if _depth(pid) == _depth(supervisor) + 2:
            return str(Path(f"/proc/{pid}/ns/pid").readlink())
    return ""


def _depth(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("NSpid:"):
            return len(line.split())
    return 0


def _pids(group: Path) -> set[int]:
    with contextlib.suppress(OSError):
        return set(map(int, (group / "cgroup.procs").read_text().split()))
    return set()


def _namespaces(pid: int) -> set[str]:
    found = set()
    for kind in ("mnt", "ipc", "net", "user", "uts"):
        with contextlib.suppress(OSError):
            found.add(str(Path(f"/proc/{pid}/ns/{kind}").readlink()))
    return found


def _mounts_below(temporary: Path, supervisor: int) -> int:
    """Other sandboxes of this machine mount what they like: only what lies in our folder is ours."""
    lines = Path(f"/proc/{supervisor}/mountinfo").read_text().splitlines()
    return sum(str(temporary) in line for line in lines)


def _groups(supervisor: int) -> list[Path]:
    """The folders of its boxes in each hierarchy."""
    found: list[Path] = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, point, kind, *_ = line.split(" ")
        if kind.startswith("cgroup"):
            for folder, below, _ in os.walk(point):  # which passes over what goes meanwhile
                if Path(folder).name.startswith(f"touchstone-{supervisor}-"):
                    found += [Path(folder, name) for name in below]
    return found


def _files(temporary: Path) -> set[str]:
    # Zygotes' roots are named by chance; how many there are is what counts.
    roots = [path for path in temporary.iterdir() if path.name.startswith("touchstone-root-")]
    found = {f"{len(roots)} roots", *(str(path) for path in temporary.iterdir() if path not in roots)}
    for folder in _PUBLIC_FOLDERS:
        for name in os.listdir(folder):  # noqa: PTH208 - names that are no text, too
            if MARK in name or "escaped" in name:
                found.add(f"{folder}/{name}")
    return found


def _ipc() -> set[str]:
    """proc(5), /proc/sysvipc: the owner is the fifth field from `uid` on; only boxes' ids are looked for."""
    found = set()
    for kind in ("shm", "sem", "msg"):
        head, *rows = Path("/proc/sysvipc", kind).read_text().splitlines()
        column = head.split().index("uid")
        found |= {f"{kind} {row}" for row in rows if int(row.split()[column]) in _BOX_IDS}
    return found
