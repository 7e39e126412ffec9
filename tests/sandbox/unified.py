"""`python -m tests.sandbox.unified FOLDER PYTHON -m sandbox.supervisor …`: a supervisor over groups of
version 2 on a host whose memory and pids belong to version 1.

Birth into a group, its processes, killing them and the CPU time they take are the kernel's. Only the files of
the two controllers are plain ones, in FOLDER: they show a use that stays the same, and limit nothing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sandbox import cgroups_v2, hierarchy, supervisor
from sandbox.cgroups import ControlFile

PLAIN = {
    "memory.max": "max",
    "memory.current": "1000000",
    "memory.events": "oom_kill 0",
    "pids.max": "max",
    "pids.current": "3",
    "pids.events": "max 0",
}


def main() -> int:
    pretend(Path(sys.argv[1]))
    sys.argv[:] = sys.argv[4:]
    return supervisor.main()


def control_file(folder: Path) -> type[ControlFile]:
    """Opens the kernel's files, and those of `PLAIN` in `folder`."""

    class Pretended(ControlFile):
        def __init__(self, path: Path, flags: int = os.O_RDONLY) -> None:
            if path.name in PLAIN:
                content, path = PLAIN[path.name], folder / f"{path.parent.name} {path.name}"
                path.write_text(content)
            super().__init__(path, flags)

    return Pretended


def pretend(folder: Path) -> None:
    """In this process version 1 is not there, and version 2 lacks nothing."""
    folder.mkdir()
    cgroups_v2.ControlFile = control_file(folder)  # type: ignore[misc]
    hierarchy._writable_v1 = lambda: None
    hierarchy._NEEDED_V2 = frozenset()  # type: ignore[misc]
    hierarchy._available = lambda group: []
    # The root hands its controllers down; an account's own group has to be emptied first.
    beside = hierarchy._writable_v2() if os.geteuid() == 0 else None
    hierarchy._writable_v2 = lambda: beside


if __name__ == "__main__":
    sys.exit(main())
