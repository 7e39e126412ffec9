"""Processes that have the memory of their parent, which waits in vfork(2) until they execute or end."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

_VFORK = {"x86_64": "58"}.get(platform.machine())
_CLONE = {"x86_64": "56", "aarch64": "220"}.get(platform.machine())
# clone(2): what makes a vfork of it, and what makes the child something else than a child process.
_WANTED, _REFUSED = 0x100 | 0x4000, 0x8000 | 0x10000

Sleeps = Mapping[Path, str]
"""By the thread that waits: how often it has gone to sleep."""


def vforking(processes: Sequence[Path]) -> Sleeps:
    """Threads that wait for what they vforked.

    Only the system call tells (proc(5), syscall), of which a submission can forge neither number nor flags.
    """
    found = {}
    for process in processes:
        with contextlib.suppress(OSError):
            for thread in (process / "task").iterdir():
                if sleeps := _sleeps_in_vfork(thread):
                    found[thread] = sleeps
    return found


def counted_twice(before: Sleeps, counted: Mapping[str, int]) -> int:
    """What was counted, by pid, for children whose parents have slept since `before` without waking.

    For which child a parent waits needs not be known: no more is taken off than the parent has itself.
    """
    waiting = [thread.parts[2] for thread, sleeps in before.items() if _sleeps_in_vfork(thread) == sleeps]
    if not waiting:
        return 0
    children: dict[str, list[int]] = {}
    for pid, amount in counted.items():
        with contextlib.suppress(OSError):
            children.setdefault(_field(Path("/proc", pid), "PPid"), []).append(amount)
    total = 0
    for pid in waiting:
        if pid in counted and (amounts := children.get(pid)):
            most = max(amounts)
            amounts.remove(most)
            total += min(most, counted[pid])
    return total


def _sleeps_in_vfork(thread: Path) -> str:
    """How often a thread has gone to sleep, where it sleeps in vfork(2); else nothing."""
    try:
        before = _field(thread, "voluntary_ctxt_switches")
        call = (thread / "syscall").read_text().split()
        after = _field(thread, "voluntary_ctxt_switches")
    except OSError:
        return ""
    return before if before == after and _makes_vfork(call) else ""


def _makes_vfork(call: Sequence[str]) -> bool:
    if call[0] == _VFORK:
        return True
    return call[0] == _CLONE and int(call[1], 16) & (_WANTED | _REFUSED) == _WANTED


def _field(folder: Path, name: str) -> str:
    return (folder / "status").read_text().partition(f"\n{name}:")[2].partition("\n")[0].strip()
