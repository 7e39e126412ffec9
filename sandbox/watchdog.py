"""Figures from /proc for hosts without control groups: CPU and memory of every process of the box."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


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
        self._cpu_base = self._reaped_cpu()
        self._cpu_s = 0.0
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
        used = self._private_bytes() - self._baseline
        if used > self._memory_limit:
            # Children share pages with their parent until they write: count those by share, though slower.
            used = self._proportional_bytes() - self._baseline
            self._over_memory = self._over_memory or used > self._memory_limit
        self._peak = max(self._peak, used)
        self._cpu_s = max(self._cpu_s, self._reaped_cpu() - self._cpu_base + self._living_cpu())

    @staticmethod
    def _reaped_cpu() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    @staticmethod
    def _others() -> list[Path]:
        return [path for path in Path("/proc").glob("[0-9]*") if path.name != "1"]

    def _living_cpu(self) -> float:
        total = 0
        for process in self._others():
            try:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            total += sum(int(fields[index]) for index in (11, 12, 13, 14))
        return total / _TICKS

    def _private_bytes(self) -> int:
        """Memory that is the processes' own (resident less shared with files), and the box's files."""
        total = 0
        for process in self._others():
            try:
                _, resident, shared, *_ = (process / "statm").read_text().split()
            except OSError:
                continue
            total += (int(resident) - int(shared)) * _PAGE
        return total + _disk_bytes()

    def _proportional_bytes(self) -> int:
        """The same with each page divided among the processes that share it (proc(5), smaps_rollup)."""
        total = 0
        for process in self._others():
            try:
                lines = (process / "smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss_Anon:"))
        return total + _disk_bytes()


def _disk_bytes() -> int:
    disk = os.statvfs("/work")
    return (disk.f_blocks - disk.f_bfree) * disk.f_frsize
