"""What a run could leave behind on the host: processes and mounts."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HostState:
    processes: int
    mounts: int


def look() -> HostState:
    """Counts this process's descendants and this namespace's mounts."""
    return HostState(
        processes=len(_descendants(os.getpid())),
        mounts=len(Path("/proc/self/mountinfo").read_text().splitlines()),
    )


def calm(for_s: float = 1.0) -> HostState:
    """The state once it has not changed for a while: the boxes that follow used ones are parked."""
    state, since = look(), time.monotonic()
    while time.monotonic() - since < for_s:
        time.sleep(0.02)
        again = look()
        if again != state:
            state, since = again, time.monotonic()
    return state


def settled(before: HostState, within_s: float = 10.0) -> HostState:
    """The state once it equals `before`, or the last one seen."""
    deadline = time.monotonic() + within_s
    state = look()
    while state != before and time.monotonic() < deadline:
        time.sleep(0.02)
        state = look()
    return state


def _descendants(pid: int) -> set[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[int(folder.name)] = int(fields[1])
    found = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found - {pid}
        found |= more
