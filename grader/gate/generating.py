"""Tests that a generator of the draft makes: run in the jail, once for each seed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from questionbank.packages.editing import GENERATORS, Contents, DraftTest
from sandbox.client import Sandbox
from sandbox.job import MIB, Job, Limits, Outcome, Runtime, Script, Status

MAX_SEEDS = 50
_LIMITS = Limits(cpu_s=10, wall_s=30, memory_bytes=1024 * MIB, output_bytes=8 * MIB)
_NUMPY = re.compile(rb"^[^\S\n]*+(import|from)\s+numpy\b", re.MULTILINE)
_SHOWN = 1000


class CannotGenerate(Exception):
    """The generator makes no test; the text says for which seed and why."""


def generate(
    contents: Contents, *, path: str, group: str, seeds: range, sandbox: Sandbox
) -> Iterator[DraftTest]:
    """A test for each seed, which the generator gets as its only argument, its output the test's input or
    arguments. It must make the same of a seed twice.

    Raises `CannotGenerate`, and `sandbox.errors.SandboxError` where the sandbox failed.
    """
    files = {
        name.removeprefix(f"{GENERATORS}/"): data
        for name, data in contents.items()
        if name.startswith(f"{GENERATORS}/")
    }
    script = path.removeprefix(f"{GENERATORS}/")
    if script not in files:
        raise CannotGenerate(f"{path} is not there.")
    runtime = Runtime.NUMPY if _NUMPY.search(files[script]) else Runtime.PYTHON
    for seed in seeds:
        job = Job(runtime, Script(script, (str(seed),)), files, limits=_LIMITS)
        first, second = (_output(sandbox.run(job), f"{path} {seed}") for _ in range(2))
        if first != second:
            said = "prints something else in a second run: take all chance from random.Random(seed)"
            raise CannotGenerate(f"{path} {seed} {said}")
        yield DraftTest(group, f"{PurePosixPath(script).stem}-{seed}", first, None)


def _output(outcome: Outcome, what: str) -> str:
    if outcome.status is not Status.OK:
        said = outcome.stderr[-_SHOWN:].decode("utf-8", errors="replace")
        raise CannotGenerate(f"{what} {outcome.reason}. {said}".strip())
    try:
        return outcome.stdout.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CannotGenerate(f"{what} prints no UTF-8, at byte {error.start}") from error
