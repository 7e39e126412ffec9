"""Short ways to run a Python text in a box."""

from __future__ import annotations

import textwrap
from typing import Any

from sandbox.client import Sandbox
from sandbox.job import MIB, Job, Limits, Outcome, Runtime, Script

SMALL = Limits(
    cpu_s=1.0,
    wall_s=3.0,
    memory_bytes=128 * MIB,
    processes=16,
    output_bytes=MIB,
    disk_bytes=8 * MIB,
    inodes=256,
)


def run_python(box: Sandbox, source: str, *, limits: Limits = SMALL, **job: Any) -> Outcome:
    """Runs `source` (dedented) as the file `main.py`; `job` holds further fields of `Job`."""
    files = {"main.py": textwrap.dedent(source).encode(), **job.pop("files", {})}
    return box.run(Job(Runtime.PYTHON, Script("main.py"), files=files, limits=limits, **job))


def printed(outcome: Outcome) -> str:
    """What a run that ended well wrote; the test fails with its stderr otherwise."""
    assert outcome.exit_code == 0, outcome.stderr.decode(errors="replace") + outcome.reason
    return outcome.stdout.decode().strip()
