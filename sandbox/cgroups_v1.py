"""A slot's group with control groups of version 1: one folder in each controller's hierarchy."""

from __future__ import annotations

import os
import select
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sandbox.cgroups import ControlFile, Usage, kill_each, read_pids, remove_folder

CONTROLLERS = ("memory", "pids", "cpuacct")
_SWAPS = Path("/proc/swaps")
_RESIDUE_BYTES = 4 * 1024 * 1024
"""File pages that a box leaves behind and that are not worth the kernel's search for them."""


class GroupV1:
    """A group made of the folders `name` below the `parents`, controller to folder."""

    look_every_s = None
    folder = None

    def __init__(self, parents: Mapping[str, Path], name: str) -> None:
        self._folders = {parent / name for parent in parents.values()}
        for folder in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
        memory, pids, cpu = (parents[controller] / name for controller in CONTROLLERS)
        self._limit = ControlFile(memory / "memory.limit_in_bytes", os.O_WRONLY)
        # Memory and swap together; absent where the kernel does not count swap.
        swap = memory / "memory.memsw.limit_in_bytes"
        self._swap_limit = ControlFile(swap, os.O_WRONLY) if swap.exists() else None
        self._memory = ControlFile(memory / "memory.usage_in_bytes")
        self._peak = ControlFile(memory / "memory.max_usage_in_bytes", os.O_RDWR)
        self._oom = ControlFile(memory / "memory.oom_control")
        self._reclaim = ControlFile(memory / "memory.force_empty", os.O_WRONLY)
        self._most_pids = ControlFile(pids / "pids.max", os.O_WRONLY)
        self._pids = ControlFile(pids / "pids.current")
        self._pids_events = ControlFile(pids / "pids.events")
        self._procs = pids / "cgroup.procs"
        self._cpu = ControlFile(cpu / "cpuacct.usage")
        self._event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        (memory / "cgroup.event_control").write_text(f"{self._event} {self._oom.fd}")
        self._counts_swap = False
        self._idle_bytes = 0

    @property
    def oom_event(self) -> tuple[int, int]:
        return self._event, select.POLLIN

    def add(self, pid: int) -> None:
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(pid))
        self._idle_bytes = self._memory.number()

    def begin(self) -> Usage:
        self._counts_swap = self._swap_limit is not None and _may_swap()
        self._peak.write("0")
        self._hush()
        return self.usage()

    def set_limits(self, *, memory_bytes: int, processes: int) -> None:
        self._limit.write(str(memory_bytes))
        if self._swap_limit and self._counts_swap:
            self._swap_limit.write(str(memory_bytes))
        self._most_pids.write(str(processes))

    def lift_limits(self) -> None:
        # The limit with swap may never be below the one without.
        if self._swap_limit:
            self._swap_limit.write("-1")
        self._limit.write("-1")
        self._most_pids.write("max")

    def cpu_s(self) -> float:
        return self._cpu.number() / 1e9

    def oom_kills(self) -> int:
        self._hush()
        return self._oom.field("oom_kill")

    def _hush(self) -> None:
        with suppress(BlockingIOError):
            os.eventfd_read(self._event)

    def usage(self) -> Usage:
        return Usage(
            cpu_s=self.cpu_s(),
            memory_bytes=self._memory.number(),
            peak_bytes=self._peak.number(),
            oom_kills=self._oom.field("oom_kill"),
            processes=self._pids.number(),
            fork_refusals=self._pids_events.field("max"),
        )

    def pids(self) -> list[int]:
        # Opened each time: a file that stays open shows a list of a second ago.
        file = ControlFile(self._procs)
        try:
            return read_pids(file)
        finally:
            file.close()

    def kill(self) -> None:
        kill_each(self.pids())

    def renew(self) -> None:
        self.lift_limits()
        if self._memory.number() > self._idle_bytes + _RESIDUE_BYTES:
            with suppress(OSError):  # some pages are in use by others: they stay counted, before the next run
                self._reclaim.write("0")

    def remove(self) -> None:
        for file in vars(self).values():
            if isinstance(file, ControlFile):
                file.close()
        os.close(self._event)
        for folder in self._folders:
            remove_folder(folder)


def _may_swap() -> bool:
    """Whether the host has swap; where /proc shows processes alone it does not say, and it may."""
    try:
        return len(_SWAPS.read_text().splitlines()) > 1
    except FileNotFoundError:
        return True
