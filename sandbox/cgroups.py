"""Control groups: where the kernel counts and bounds what a box uses. Version 1, version 2, or none.

cgroups(7). A slot's group is made once and used again; nothing is moved into it while somebody waits, because
the first write to `cgroup.procs` waits some ten milliseconds for the kernel (see docs/sandbox.md).
"""

from __future__ import annotations

import errno
import os
import re
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.claims import NAME, lock_folder

PREFIX = "touchstone-"
_REMOVE_TRIES = 200
_REMOVE_PAUSE_S = 0.01
# A pid alone is how earlier versions named them.
_STALE = re.compile(rf"{PREFIX}({NAME}|[0-9]+)")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a group has used so far. `cpu_s` in seconds, `memory_bytes` now, `peak_bytes` since the reset."""

    cpu_s: float
    memory_bytes: int
    peak_bytes: int
    oom_kills: int
    processes: int
    fork_refusals: int


class Group(Protocol):
    """One slot's group."""

    @property
    def folder(self) -> int | None:
        """Its open folder where a process can be born into it (clone3(2)), None where it must be moved."""

    @property
    def oom_event(self) -> tuple[int, int]:
        """A descriptor that poll(2) reports when memory ran out, and the events to ask for."""

    @property
    def look_every_s(self) -> float | None:
        """How often the peak must be looked at; None where the kernel remembers it."""

    def add(self, pid: int) -> None:
        """Moves a process here; its later children follow."""

    def begin(self) -> Usage:
        """Starts a new account for a box that is parked and idle; what has been used up to here."""

    def set_limits(self, *, memory_bytes: int, processes: int) -> None:
        """Bounds memory (bytes, swap included) and the number of processes and threads."""

    def lift_limits(self) -> None:
        """Takes the bounds away while no submission runs here."""

    def cpu_s(self) -> float:
        """Seconds of CPU used by all processes that ever were here."""

    def oom_kills(self) -> int:
        """Processes the kernel killed here for want of memory; also makes `oom_event` quiet again."""

    def usage(self) -> Usage:
        """Every figure at once."""

    def pids(self) -> list[int]:
        """The processes that are here, zombies too."""

    def kill(self) -> None:
        """Kills every process here."""

    def renew(self) -> None:
        """Makes the group ready for the next box: no limit, and nothing counted that a dead box has left."""

    def remove(self) -> None:
        """Removes the group; it must be empty."""


class ControlFile:
    """One file of a group, kept open: a look-up by path costs more than the reading."""

    def __init__(self, path: Path, flags: int = os.O_RDONLY) -> None:
        self.fd = os.open(path, flags | os.O_CLOEXEC)

    def text(self) -> str:
        """The whole content."""
        return os.pread(self.fd, 65_536, 0).decode()

    def number(self) -> int:
        """The content as a number; `max` is beyond every number asked for here."""
        text = self.text().strip()
        return 2**63 if text == "max" else int(text)

    def field(self, name: str) -> int:
        """The value on the line that begins with `name`, 0 where there is none."""
        for line in self.text().splitlines():
            first, _, value = line.partition(" ")
            if first == name:
                return int(value)
        return 0

    def write(self, text: str) -> None:
        """Writes `text` at once."""
        os.pwrite(self.fd, text.encode(), 0)

    def close(self) -> None:
        """Closes the descriptor."""
        os.close(self.fd)


def read_pids(file: ControlFile) -> list[int]:
    """The processes of a `cgroup.procs`."""
    return [int(line) for line in file.text().split()]


def kill_each(pids: Iterable[int]) -> None:
    """kill(2) for the versions that have no `cgroup.kill`."""
    # 0 stands for a process of a pid namespace that we do not see; as an argument it would mean ourselves.
    for pid in filter(None, pids):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def remove_folder(folder: Path) -> None:
    """Removes a group's folder, waiting a moment for processes that are on their way out."""
    for _ in range(_REMOVE_TRIES):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            time.sleep(_REMOVE_PAUSE_S)
        else:
            return
    raise OSError(errno.EBUSY, "a group still has processes", str(folder))


def remove_stale(parents: Iterable[Path]) -> list[str]:
    """Removes what supervisors that are no more have left, processes included; what could not be removed."""
    left = []
    for parent in parents:
        for top in parent.glob(f"{PREFIX}*"):
            if not _STALE.fullmatch(top.name):
                continue  # a service's own group may begin alike
            try:
                lock = lock_folder(top)
            except (FileNotFoundError, PermissionError):  # gone meanwhile, or another account's in the making
                continue
            if lock is None:
                continue
            try:
                _remove_tree(top)
            except FileNotFoundError:
                pass  # another start was faster
            except OSError as error:
                left.append(f"{error.filename}: {error.strerror}")
            finally:
                os.close(lock)
    return left


def _remove_tree(top: Path) -> None:
    for folder in [path for path in top.iterdir() if path.is_dir()]:
        _remove_tree(folder)
    kill_each(int(line) for line in (top / "cgroup.procs").read_text().split())
    remove_folder(top)
