"""Brings problems in: their own tests are run in the jail, and each reference must then be accepted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from grader.judge.judging import judge
from grader.judge.model import Answer
from grader.verdict import Verdict
from questionbank.exchange.drafts import Draft, Refused
from questionbank.exchange.importing import Imported, Staged, stage
from questionbank.exchange.recording import Jail, Ran, Recordable, record
from questionbank.packages.errors import Finding
from questionbank.packages.model import Package
from sandbox.client import Sandbox
from sandbox.job import MIB, Job, Limits, Runtime, Script, Status

_WORKERS = max(2, os.cpu_count() or 1)
_MEMORY = 1024 * MIB


class SandboxJail(Jail):
    """The sandbox, as importers know it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def run(
        self, files: Mapping[str, bytes], script: str, leaves: str, *, numpy: bool, seconds: float
    ) -> Ran:
        outcome = self._sandbox.run(
            Job(
                runtime=Runtime.NUMPY if numpy else Runtime.PYTHON,
                program=Script(script),
                files=files,
                collect=(leaves,),
                limits=Limits(cpu_s=seconds, wall_s=3 * seconds, memory_bytes=_MEMORY),
            )
        )
        if outcome.status is not Status.OK:
            return Ran(None, outcome.reason)
        data = outcome.files.get(leaves)
        return Ran(data, "" if data is not None else "it ended before its tests did")


def bring(
    found: Iterable[Draft | Recordable | Refused],
    staging: Path,
    sandbox: Callable[[], Sandbox],
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> list[Staged | Imported]:
    """Every problem as a complete package below `staging`, or the reason why it is none.

    `sandbox` is asked for once, and only where something must run. `tell` hears how many of how many are
    done, in the caller's thread.
    """
    problems = list(found)
    tell(0, len(problems))
    brought = []
    with ThreadPoolExecutor(_WORKERS) as pool:
        if any(isinstance(one, Recordable) for one in problems):
            results = pool.map(partial(_brought, staging=staging, sandbox=sandbox()), problems)
        else:
            results = map(partial(_without_running, staging=staging), problems)
        for one in results:
            brought.append(one)
            tell(len(brought), len(problems))
    return brought


def _without_running(found: Draft | Recordable | Refused, staging: Path) -> Staged | Imported:
    assert not isinstance(found, Recordable)
    return stage(found, staging, lambda package: ())


def _brought(found: Draft | Recordable | Refused, staging: Path, sandbox: Sandbox) -> Staged | Imported:
    if not isinstance(found, Recordable):
        return _without_running(found, staging)
    drafted = record(found, SandboxJail(sandbox))
    return stage(drafted, staging, partial(_refused_references, found, sandbox))


def _refused_references(source: Recordable, sandbox: Sandbox, package: Package) -> tuple[Finding, ...]:
    """The reference must be accepted on the cases that were made of its own tests."""
    findings = []
    for submission in package.submissions:
        answer = Answer(submission.language, submission.source.decode())
        judgement = judge(package, answer, sandbox=sandbox, hidden_root=Path())
        if judgement.verdict is not Verdict.AC:
            failed = next((case for case in judgement.cases if case.verdict is not Verdict.AC), None)
            said = (
                f" at {failed.group}/{failed.name}: {failed.message}" if failed else judgement.compiler_output
            )
            findings.append(
                source.finding(
                    f"its own solution gets {judgement.verdict} for the cases made of its tests{said}"
                )
            )
    return tuple(findings)
