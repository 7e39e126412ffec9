"""What runs below a process, read from /proc: the tests' only way to know that nothing was left."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Seen:
    """One process; `started` (clock ticks since boot) tells it from a later one of the same number."""

    pid: int
    started: int
    command: str


def descendants(pid: int) -> set[Seen]:
    """Every process below `pid`, itself left out."""
    children: dict[int, list[Seen]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (found := _look(folder)):
            parent, seen = found
            children.setdefault(parent, []).append(seen)
    below: set[Seen] = set()
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            below.add(child)
            waiting.append(child.pid)
    return below


def marked(mark: str) -> set[Seen]:
    """Every process that was started with `mark` in its environment, whoever its parent is by now."""
    found = set()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if mark.encode() in environment and (seen := _look(folder)):
            found.add(seen[1])
    return found


def wait_gone(those: set[Seen], mark: str, timeout_s: float = 30) -> set[Seen]:
    """Those, and any that bear the mark, that still run after the time."""
    deadline = time.monotonic() + timeout_s
    while True:
        left = {seen for seen in those if _alive(seen)} | marked(mark)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def _alive(seen: Seen) -> bool:
    found = _look(Path("/proc", str(seen.pid)))
    return found is not None and found[1].started == seen.started


def _look(folder: Path) -> tuple[int, Seen] | None:
    """proc(5), /proc/pid/stat: the parent and the process; None where it is gone or a zombie."""
    try:
        name, _, rest = (folder / "stat").read_text().rpartition(")")
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None
    state, parent, *fields = rest.split()
    if state in "ZX":
        return None
    return int(parent), Seen(int(folder.name), int(fields[17]), command or name)
