"""`python -m tests.lanes`: every test, in two lanes side by side, for most of a test's time is waiting.

Each lane has its own scratch folder, database, broker, workers and sandbox. The first one's output is shown
as it comes, the second one's when both have ended.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from sandbox.syscalls import die_with_parent

HOME = Path(__file__).resolve().parent.parent
APART = ("deploy", "hostile", "sandbox")
"""Rooms of the second lane, which then runs the database's tests over PostgreSQL."""

Command = Sequence[str]


def commands() -> tuple[list[Command], list[Command]]:
    """Both lanes, each a row of commands. A room that is not named here is the first one's."""
    pytest = (sys.executable, "-m", "pytest")
    first = [(*pytest, *(f"--ignore=tests/{room}" for room in APART))]
    second = [(*pytest, *(f"tests/{room}" for room in APART)), (sys.executable, "-m", "tests.postgresql")]
    return first, second


def run(lane: Sequence[Command], output: IO[bytes] | None = None) -> list[int]:
    """Runs the commands one after the other, also after one that failed; their exit codes."""
    codes = []
    for command in lane:
        with subprocess.Popen(
            command, cwd=HOME, stdout=output, stderr=output, preexec_fn=die_with_parent
        ) as process:
            codes.append(process.wait())
    return codes


def main() -> int:
    """0 where every command of both lanes ended with 0."""
    first, second = commands()
    with tempfile.TemporaryFile() as output:
        codes: list[int] = []
        beside = threading.Thread(target=lambda: codes.extend(run(second, output)))
        beside.start()
        codes_of_first = run(first)
        beside.join()
        output.seek(0)
        shutil.copyfileobj(output, sys.stdout.buffer)
        sys.stdout.flush()
    return int(any(codes_of_first + codes) or len(codes) < len(second))


if __name__ == "__main__":
    sys.exit(main())
