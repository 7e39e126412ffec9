"""Programs that read stdin and write stdout, one box a test, the output checked outside the jail."""

from __future__ import annotations

from grader.judge.checker import difference
from grader.judge.model import CaseResult, SampleRun
from grader.judge.runnable import Program
from grader.judge.verdicts import hidden_result, run_verdict, shown_stream
from grader.verdict import Verdict
from questionbank.packages.model import Package, TestCase
from sandbox.client import Sandbox
from sandbox.job import Outcome

_SHOWN_BYTES = 64 * 1024


def judge_test(package: Package, program: Program, test: TestCase, sandbox: Sandbox) -> CaseResult:
    """Runs the program on the test's input and checks its output."""
    outcome = sandbox.run(program.job(stdin=test.input))
    verdict, message = _verdict(package, program, outcome, test)
    if test.group != "sample":
        return hidden_result(test, outcome, verdict, message)
    if verdict is Verdict.RE:
        message = shown_stream(outcome.stderr) or message
    return CaseResult(
        name=test.name,
        group=test.group,
        verdict=verdict,
        cpu_s=outcome.cpu_s,
        wall_s=outcome.wall_s,
        peak_bytes=outcome.peak_bytes,
        message=message,
        got=_shown(outcome.stdout),
        expected=_shown(test.answer),
    )


def run_program(
    package: Package, program: Program, given: bytes, sandbox: Sandbox, test: TestCase | None
) -> SampleRun:
    """One run outside the record: a sample, or the candidate's own input where `test` is None."""
    outcome = sandbox.run(program.job(stdin=given))
    verdict: Verdict | None
    if test is None:
        verdict, message = run_verdict(outcome, program)
    else:
        verdict, message = _verdict(package, program, outcome, test)
    return SampleRun(
        name=test.name if test else "own",
        verdict=verdict,
        output=_shown(outcome.stdout),
        expected=_shown(test.answer) if test else None,
        stdout="",
        stderr=shown_stream(outcome.stderr),
        cpu_s=outcome.cpu_s,
        wall_s=outcome.wall_s,
        peak_bytes=outcome.peak_bytes,
        message=message,
    )


def _verdict(package: Package, program: Program, outcome: Outcome, test: TestCase) -> tuple[Verdict, str]:
    failed, reason = run_verdict(outcome, program)
    if failed is not None:
        return failed, reason
    found = difference(outcome.stdout, test.answer, package.checker)
    return (Verdict.WA, found) if found else (Verdict.AC, "")


def _shown(data: bytes) -> str:
    """The beginning of an output, where people begin to read."""
    text = data[:_SHOWN_BYTES].decode("utf-8", errors="replace")
    return text if len(data) <= _SHOWN_BYTES else f"{text}\n… {len(data) - _SHOWN_BYTES:,} bytes more"
