"""A slot's group in the unified hierarchy of version 2."""

from __future__ import annotations

import os
import select
from contextlib import suppress
from pathlib import Path

from sandbox.cgroups import ControlFile, Usage, kill_each, read_pids, remove_folder

_SAMPLE_S = 0.01
_RESET = "reset"


class GroupV2:
    """The group `parent`/`name`. `owner`: the uid and gid that boxes are born by, where it is not our own.

    The peak is reset through its open file where the kernel can (Linux 6.12); where it cannot, the group is
    made anew after each box; where there is no `memory.peak` (before 5.19) the use is looked at now and then.
    """

    def __init__(self, parent: Path, name: str, owner: int | None) -> None:
        self._path = parent / name
        self._owner = owner
        self._peak_resets = False
        self._open()

    def _open(self) -> None:
        path = self._path
        path.mkdir(parents=True, exist_ok=True)
        if self._owner is not None:
            os.chown(path / "cgroup.procs", self._owner, self._owner)
        self.folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._limit = ControlFile(path / "memory.max", os.O_WRONLY)
        self._memory = ControlFile(path / "memory.current")
        self._events = ControlFile(path / "memory.events")
        self._most_pids = ControlFile(path / "pids.max", os.O_WRONLY)
        self._pids = ControlFile(path / "pids.current")
        self._pids_events = ControlFile(path / "pids.events")
        self._procs = ControlFile(path / "cgroup.procs")
        self._cpu = ControlFile(path / "cpu.stat")
        self._peak = self._open_peak()
        self._most_seen = 0
        # Swap would be memory beyond the limit. And the kernel must not kill the whole group: init lives in
        # it, and has to say what happened.
        for setting, value in {"memory.swap.max": "0", "memory.oom.group": "0"}.items():
            if (path / setting).exists():
                (path / setting).write_text(value)
        self._events.text()

    def _open_peak(self) -> ControlFile | None:
        peak = self._path / "memory.peak"
        if not peak.exists():
            return None
        try:
            file = ControlFile(peak, os.O_RDWR)
        except PermissionError:
            return ControlFile(peak)
        try:
            file.write(_RESET)
        except OSError:  # before Linux 6.12 nothing may be written
            return file
        self._peak_resets = True
        return file

    @property
    def oom_event(self) -> tuple[int, int]:
        return self._events.fd, select.POLLPRI

    @property
    def look_every_s(self) -> float | None:
        return None if self._peak else _SAMPLE_S

    def add(self, pid: int) -> None:
        (self._path / "cgroup.procs").write_text(str(pid))

    def begin(self) -> Usage:
        if self._peak and self._peak_resets:
            self._peak.write(_RESET)
        self._most_seen = 0
        return self.usage()

    def set_limits(self, *, memory_bytes: int, processes: int) -> None:
        self._limit.write(str(memory_bytes))
        self._most_pids.write(str(processes))

    def lift_limits(self) -> None:
        self._limit.write("max")
        self._most_pids.write("max")

    def cpu_s(self) -> float:
        self._most_seen = max(self._most_seen, 0 if self._peak else self._memory.number())
        return self._cpu.field("usage_usec") / 1e6

    def oom_kills(self) -> int:
        return self._events.field("oom_kill")

    def usage(self) -> Usage:
        current = self._memory.number()
        return Usage(
            cpu_s=self.cpu_s(),
            memory_bytes=current,
            peak_bytes=self._peak.number() if self._peak else max(self._most_seen, current),
            oom_kills=self.oom_kills(),
            processes=self._pids.number(),
            fork_refusals=self._pids_events.field("max"),
        )

    def pids(self) -> list[int]:
        return read_pids(self._procs)

    def kill(self) -> None:
        try:
            (self._path / "cgroup.kill").write_text("1")
        except FileNotFoundError:  # before Linux 5.14
            kill_each(self.pids())

    def renew(self) -> None:
        if self._peak and not self._peak_resets:
            self.remove()
            self._open()
            return
        self.lift_limits()
        reclaim = self._path / "memory.reclaim"
        residue = self._memory.number()
        if residue and reclaim.exists():
            with suppress(OSError):  # EAGAIN: not all of it could be reclaimed
                reclaim.write_text(str(residue))

    def remove(self) -> None:
        for file in vars(self).values():
            if isinstance(file, ControlFile):
                file.close()
        os.close(self.folder)
        remove_folder(self._path)
