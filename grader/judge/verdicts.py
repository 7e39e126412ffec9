"""From what the kernel saw of a run to a verdict, and from verdicts of tests to one of the whole."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from grader.judge.languages import Language
from grader.judge.model import CaseResult
from grader.judge.runnable import Program
from grader.verdict import Verdict
from questionbank.packages.model import Package, TestCase, TestGroup
from questionbank.packages.testdata import in_group
from sandbox.job import MIB, Limits, Outcome, Status

STATUS_VERDICTS: Mapping[Status, Verdict] = {
    Status.TIME_LIMIT: Verdict.TLE,
    Status.MEMORY_LIMIT: Verdict.MLE,
    Status.OUTPUT_LIMIT: Verdict.OLE,
    Status.NONZERO_EXIT: Verdict.RE,
    Status.SIGNALLED: Verdict.RE,
}
LIMIT_VERDICTS = frozenset({Verdict.TLE, Verdict.MLE, Verdict.OLE})
STDERR_CHARACTERS = 4000
_PROCESSES = 64
_STEP_S = 0.01


def run_limits(package: Package, language: Language) -> Limits:
    """The limits of one test, as the sandbox takes them; times longer where the package grants it."""
    limits = package.limits
    factor = package.time_multipliers.get(language.key, 1.0)
    return Limits(
        cpu_s=limits.time_limit_s * factor,
        wall_s=limits.wall_time_s * factor,
        memory_bytes=limits.memory_mib * MIB,
        processes=_PROCESSES,
        output_bytes=limits.output_mib * MIB,
        collect_bytes=limits.output_mib * MIB,
        file_bytes=0 if package.program and not package.program.writes_files else None,
    )


def run_verdict(outcome: Outcome, program: Program) -> tuple[Verdict | None, str]:
    """The verdict of a run that did not end well with a sentence to show; None where it ended well.

    The sentence quotes nothing that the submission wrote: hidden tests show it too.
    """
    if outcome.status is Status.OK:
        return None, ""
    verdict = STATUS_VERDICTS[outcome.status]
    if verdict is Verdict.RE and program.heap_was_full(outcome):
        return Verdict.MLE, f"its heap was full, memory limit {program.limits.memory_bytes // MIB} MiB"
    if verdict is Verdict.RE and program.was_refused_memory(outcome):
        return Verdict.MLE, f"was refused memory, memory limit {program.limits.memory_bytes // MIB} MiB"
    return verdict, outcome.reason


def hidden_result(test: TestCase, outcome: Outcome, verdict: Verdict, message: str) -> CaseResult:
    """What is told of a test that is no sample: nothing that the submission can freely choose.

    It has seen the input. An exit code, a signal or exact figures would carry that input out of the jail.
    """
    if verdict in (Verdict.AC, Verdict.WA):
        message = ""
    elif outcome.status in (Status.NONZERO_EXIT, Status.SIGNALLED):
        message = message.replace(outcome.reason, f"ended with an error{outcome.limits_met}")
    return CaseResult(
        name=test.name,
        group=test.group,
        verdict=verdict,
        cpu_s=_up(outcome.cpu_s, _STEP_S),
        wall_s=_up(outcome.wall_s, _STEP_S),
        peak_bytes=int(_up(outcome.peak_bytes, MIB)),
        message=message,
    )


def _up(figure: float, step: float) -> float:
    """The figure, rounded up to whole steps."""
    return round(math.ceil(figure / step) * step, 6)


def shown_stream(data: bytes) -> str:
    """The end of a stream, where errors stand, as text."""
    return data.decode("utf-8", errors="replace")[-STDERR_CHARACTERS:]


def shown_failure(outcome: Outcome, message: str) -> str:
    """Of a run that may be shown whole: its errors, else the message; both where a limit was met besides."""
    said = shown_stream(outcome.stderr)
    return f"{said.rstrip()}\nIt {message}." if said and outcome.limits_met else said or message


def overall_verdict(cases: Iterable[CaseResult]) -> Verdict:
    """That of the first test that is not accepted; AC where there is none."""
    return next((case.verdict for case in cases if case.verdict is not Verdict.AC), Verdict.AC)


def score(groups: Sequence[TestGroup], cases: Sequence[CaseResult]) -> float:
    """0 to 100: the share of points whose groups passed whole; without groups all or nothing."""
    total = sum(group.points for group in groups)
    if total == 0:
        return 100.0 if overall_verdict(cases) is Verdict.AC else 0.0
    lost = lost_groups(groups, cases)
    return 100.0 * sum(group.points for group in groups if group.name not in lost) / total


def lost_groups(groups: Sequence[TestGroup], cases: Iterable[CaseResult]) -> set[str]:
    """Names of groups in which a test failed."""
    failed = [case.group for case in cases if case.verdict is not Verdict.AC]
    return {group.name for group in groups if any(in_group(name, group.name) for name in failed)}
