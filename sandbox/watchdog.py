"""Figures from /proc for hosts without control groups: CPU and memory of every process of the box."""

from __future__ import annotations

import contextlib
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.socket_memory import SocketMemory
from sandbox.vforks import counted_twice, vforking

_TICKS = os.sysconf("SC_CLK_TCK")
# What smaps calls shared memory that no folder names: mmap(2) with MAP_SHARED, memfd_create(2), shmget(2).
_NAMELESS = ("/dev/zero", "/memfd:", "/SYSV", "[anon_shmem")
# The longest look at memory by share, in seconds, and for how many times as long what it found holds.
_LONGEST_S = 0.5
_PAUSE = 4


class Watchdog:
    """Looks at the box's processes now and then; remembers the most it saw.

    Weaker than a control group: what a process uses and frees between two looks is not seen.
    """

    interval_s = 0.02

    def __init__(self, order: dict[str, Any], sockets: SocketMemory) -> None:
        self._sockets = sockets
        self._cpu_limit_s: float = order["cpu_s"]
        self._memory_limit: int = order["memory_bytes"]
        self._baseline = self._memory().unshared
        self._peak = 0
        self._shared = 0
        """What processes have in common and was counted for each, when it was last looked at."""
        self._private_then = 0
        self._shared_until = 0.0
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
        self._measure_memory()
        living_ticks = self._look_at_lives()
        # What children used whose parent ignores SIGCHLD is added to nobody's when they end: only what was
        # seen of it counts.
        seen_ticks = self._past_ticks + sum(self._lives.values())
        known_s = self._reaped_cpu() - self._cpu_base + living_ticks / _TICKS
        self._cpu_s = max(self._cpu_s, known_s, seen_ticks / _TICKS)

    def _measure_memory(self) -> None:
        memory = self._memory()
        if memory.unshared < self._private_then:
            self._shared = 0  # some of those that shared are gone
        used = memory.unshared - self._shared - self._baseline
        if memory.certain - self._baseline > self._memory_limit:
            used = memory.certain - self._baseline
        elif used > self._memory_limit or (self._shared and time.monotonic() > self._shared_until):
            # Children share pages with their parent until they write: count those by share. That is slow
            # where they are many, so what was found holds until they have more, or for some time.
            began = time.monotonic()
            divided = self._divided_bytes()
            # A child by vfork(2) that ends meanwhile is not told from others: a moment later it is gone.
            while (
                divided - self._baseline > self._memory_limit and time.monotonic() - began < self.interval_s
            ):
                if self._memory().certain - self._baseline > self._memory_limit:
                    break
                divided = min(divided, self._divided_bytes())
            self._shared, self._private_then = max(memory.unshared - divided, 0), memory.unshared
            self._shared_until = time.monotonic() + _PAUSE * (time.monotonic() - began)
            used = divided - self._baseline
        self._over_memory = self._over_memory or used > self._memory_limit
        self._peak = max(self._peak, used)

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

    def _memory(self) -> _Memory:
        """By what each process has, which is quickly read."""
        unshared = tables = largest = 0
        for process in self._others():
            _, has = _living(process)
            own = has.get("RssAnon", 0) + has.get("VmSwap", 0)
            unshared += own + has.get("RssShmem", 0) + has.get("VmPTE", 0)
            tables += has.get("VmPTE", 0)
            largest = max(largest, own)
        files = _disk_bytes() + self._sockets.held_bytes()
        return _Memory(1024 * unshared + files, 1024 * (tables + largest) + files)

    def _divided_bytes(self) -> int:
        """The same with each page divided among the processes that share it (proc(5), smaps_rollup).

        A submission can make this slow, by many mappings in many processes: what there is no time left for
        counts whole, and one process that takes memory meanwhile is seen.
        """
        allowed = self._memory_limit + self._baseline
        looked = time.monotonic()
        end_at = looked + _LONGEST_S
        own = shared = 0
        waiting = vforking(self._others())
        counted = {}
        for process in self._others():
            own_before = own
            thread, has = _living(process)
            own += has.get("VmPTE", 0)
            part = _divided_sizes(thread) if time.monotonic() < end_at else None
            if part is not None:
                own += part.get("Pss_Anon", 0) + part.get("SwapPss", 0)
                shared += part.get("Pss_Shmem", 0)
            else:
                own += has.get("RssAnon", 0) + has.get("VmSwap", 0)
                shared += has.get("RssShmem", 0)
            counted[process.name] = own - own_before
            if time.monotonic() - looked > self.interval_s:
                if (certain := self._memory().certain) > allowed:
                    return certain
                looked = time.monotonic()
        own -= counted_twice(waiting, counted)
        least = 1024 * own + _disk_bytes() + self._sockets.held_bytes()
        most = least + 1024 * shared
        if least > allowed:
            return least
        if most <= allowed:
            return most
        # What has a name lies on the box's disk and is counted there, or is the host's. To tell it is slow.
        nameless = self._nameless_bytes(end_at)
        return most if nameless is None else least + nameless

    def _nameless_bytes(self, end_at: float) -> int | None:
        """Shared memory without a name; None where that takes longer than until `end_at`."""
        total = 0
        for process in self._others():
            thread, has = _living(process)
            for kib in _shared_kib(thread, unreadable=has.get("RssShmem", 0)):
                if time.monotonic() > end_at:
                    return None
                total += kib * 1024
        return total


@dataclass(frozen=True, slots=True)
class _Memory:
    """Bytes that are no file of the host's: the processes', their page tables, files and sockets."""

    unshared: int
    """Counted for each process that has it."""
    certain: int
    """At least so much it is, whatever the processes share."""


def _living(process: Path) -> tuple[Path, dict[str, int]]:
    """The folder of a thread that lives, and the sizes in its status; none where the process is gone.

    Where the first thread of a process has ended, /proc/PID tells no sizes, and any other's folder does.
    """
    with contextlib.suppress(OSError):
        if "RssAnon" in (has := _sizes(process / "status")):
            return process, has
        for thread in (process / "task").iterdir():
            with contextlib.suppress(OSError):
                if "RssAnon" in (has := _sizes(thread / "status")):
                    return thread, has
    return process, {}


def _divided_sizes(thread: Path) -> dict[str, int] | None:
    """None where the process lets nobody look, as one that may be executed and not read does."""
    try:
        return _sizes(thread / "smaps_rollup")
    except PermissionError:
        return None
    except OSError:
        return {}  # it is gone


def _sizes(file: Path) -> dict[str, int]:
    """The lines of the form `Name:  123 kB`."""
    lines = (line.partition(":") for line in file.read_text().splitlines() if line.endswith(" kB"))
    return {name: int(value.split()[0]) for name, _, value in lines}


def _shared_kib(thread: Path, *, unreadable: int) -> Iterator[int]:
    """For each mapping its part of shared memory without a name, 0 for other kinds (proc(5), smaps).

    `unreadable` is what counts where the process lets nobody look.
    """
    nameless = False
    try:
        with (thread / "smaps").open(errors="replace") as lines:  # which may be millions
            for line in lines:
                first, *rest = line.split()
                if not first.endswith(":"):
                    nameless = len(rest) > 4 and rest[4].startswith(_NAMELESS)
                elif first == "Pss:":
                    yield int(rest[0]) if nameless else 0
    except PermissionError:
        yield unreadable
    except OSError:
        return


def _disk_bytes() -> int:
    disk = os.statvfs("/work")
    return (disk.f_blocks - disk.f_bfree) * disk.f_frsize
