"""Figures from /proc for hosts without control groups: CPU and memory of every process of the box."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")
# What smaps calls shared memory that no folder names: mmap(2) with MAP_SHARED, memfd_create(2), shmget(2).
_NAMELESS = ("/dev/zero", "/memfd:", "/SYSV", "[anon_shmem")


class Watchdog:
    """Looks at the box's processes now and then; remembers the most it saw.

    Weaker than a control group: what a process uses and frees between two looks is not seen.
    """

    interval_s = 0.02

    def __init__(self, order: dict[str, Any]) -> None:
        self._cpu_limit_s: float = order["cpu_s"]
        self._memory_limit: int = order["memory_bytes"]
        self._baseline = self._private_bytes()
        self._peak = 0
        self._shared = 0
        """What processes have in common and was counted for each, when it was last looked at."""
        self._private_then = 0
        self._cpu_base = self._reaped_cpu()
        self._cpu_s = 0.0
        self._lives: dict[tuple[str, str], int] = {}
        """Ticks of each process's own when it was last seen, by its pid and when it began."""
        self._past_ticks = 0
        """The same of those that are gone."""
        self._over_memory = False

    def look(self) -> bool:
        """Whether the run must be stopped now."""
        self._measure()
        return self._over_memory or self._cpu_s > self._cpu_limit_s

    def figures(self) -> dict[str, Any]:
        """CPU seconds, the peak in bytes, and whether memory was exceeded."""
        self._cpu_s = max(self._cpu_s, self._reaped_cpu() - self._cpu_base)
        return {"cpu_s": self._cpu_s, "peak_bytes": self._peak, "over_memory": self._over_memory}

    def _measure(self) -> None:
        private = self._private_bytes()
        if private < self._private_then:
            self._shared = 0  # some of those that shared are gone
        used = private - self._shared - self._baseline
        if used > self._memory_limit:
            # Children share pages with their parent until they write: count those by share. That is slow
            # where they are many, so what was found holds until they have more.
            proportional = self._proportional_bytes()
            self._shared, self._private_then = max(private - proportional, 0), private
            used = proportional - self._baseline
            self._over_memory = self._over_memory or used > self._memory_limit
        self._peak = max(self._peak, used)
        living_ticks = self._look_at_lives()
        # What children used whose parent ignores SIGCHLD is added to nobody's when they end: only what was
        # seen of it counts.
        seen_ticks = self._past_ticks + sum(self._lives.values())
        known_s = self._reaped_cpu() - self._cpu_base + living_ticks / _TICKS
        self._cpu_s = max(self._cpu_s, known_s, seen_ticks / _TICKS)

    @staticmethod
    def _reaped_cpu() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    @staticmethod
    def _others() -> list[Path]:
        return [path for path in Path("/proc").glob("[0-9]*") if path.name != "1"]

    def _look_at_lives(self) -> int:
        """Ticks of the living, and of children that they have waited for (proc(5), stat)."""
        lives, total = {}, 0
        for process in self._others():
            try:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            own = int(fields[11]) + int(fields[12])
            lives[process.name, fields[19]] = own
            total += own + int(fields[13]) + int(fields[14])
        self._past_ticks += sum(ticks for life, ticks in self._lives.items() if life not in lives)
        self._lives = lives
        return total

    def _private_bytes(self) -> int:
        """Memory that is no file of the host's, counted for each process that has it, and the box's files."""
        total = 0
        for process in self._others():
            for name, kib in _sizes(process / "status"):
                if name in ("RssAnon", "RssShmem"):
                    total += kib * 1024
        return total + _disk_bytes()

    def _proportional_bytes(self) -> int:
        """The same with each page divided among the processes that share it (proc(5), smaps_rollup)."""
        total = 0
        for process in self._others():
            total += 1024 * sum(kib for name, kib in _sizes(process / "smaps_rollup") if name == "Pss_Anon")
            total += 1024 * sum(_shared_kib(process))
        return total + _disk_bytes()


def _sizes(file: Path) -> Iterator[tuple[str, int]]:
    """The lines of the form `Name:  123 kB`; none where the process is gone."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        if line.endswith(" kB"):
            name, _, value = line.partition(":")
            yield name, int(value.split()[0])


def _shared_kib(process: Path) -> Iterator[int]:
    """Shared memory without a name; what has one lies on the box's disk and is counted there."""
    try:
        lines = (process / "smaps").read_text(errors="replace").splitlines()
    except OSError:
        return
    nameless = False
    for line in lines:
        first, *rest = line.split()
        if not first.endswith(":"):
            nameless = len(rest) > 4 and rest[4].startswith(_NAMELESS)
        elif nameless and first == "Pss:":
            yield int(rest[0])


def _disk_bytes() -> int:
    disk = os.statvfs("/work")
    return (disk.f_blocks - disk.f_bfree) * disk.f_frsize
