"""Programs that read stdin and write stdout, one box a test, the output checked outside that box.

A problem may bring its own validator. It reads each output in a box of its own, or talks with the answer's
program through pipes, and may ask for further passes with inputs that it makes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.judge.builds import Builds
from grader.judge.checker import difference
from grader.judge.demands import DemandingSandbox, assured, demanding
from grader.judge.model import Answer, CaseResult, SampleRun
from grader.judge.runnable import Program
from grader.judge.tools import ToolFailed, build_tool
from grader.judge.validating import (
    NEXT_PASS,
    Ruling,
    has_rejected,
    has_ruled,
    ruling_of,
    validate,
    validator_job,
)
from grader.judge.verdicts import hidden_result, run_verdict, shown_failure, shown_stream
from grader.verdict import Verdict
from questionbank.packages.model import Package, TestCase
from questionbank.packages.program import ProgramSpec
from questionbank.packages.testdata import in_group
from sandbox.client import Sandbox
from sandbox.job import Outcome, Status

_SHOWN_BYTES = 64 * 1024
_WALL_ROOM_S = 30.0


@dataclass(frozen=True, slots=True)
class Examined:
    """One test of one answer: the verdict with a sentence, and what ran. Figures are the largest of a pass's.

    `output` is None where a validator has read it. `ruling` is the package's validator's, None for the
    default one and where the run did not come so far.
    """

    verdict: Verdict
    message: str
    output: bytes | None
    stderr: bytes = b""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_bytes: int = 0
    outcome: Outcome | None = None
    ruling: Ruling | None = None

    def after(self, earlier: Examined | None) -> Examined:
        """This pass with the figures of those before it."""
        if earlier is None:
            return self
        return replace(
            self,
            cpu_s=max(self.cpu_s, earlier.cpu_s),
            wall_s=max(self.wall_s, earlier.wall_s),
            peak_bytes=max(self.peak_bytes, earlier.peak_bytes),
        )


class ProgramJudge:
    """Judges one answer, test by test. `program` is None where the answer is `outputs`, by tests' names."""

    def __init__(
        self,
        package: Package,
        program: Program | None,
        sandbox: Sandbox,
        builds: Builds | None,
        outputs: Mapping[str, str] | None = None,
    ) -> None:
        self._package = package
        self._spec = package.program or ProgramSpec()
        self._program = program
        self.runs: DemandingSandbox = demanding(package, sandbox)
        self._judging = assured(package, sandbox)
        self._outputs = outputs or {}
        self._validators = tuple(
            build_tool(one, self._spec.tools, self._judging, builds) for one in self._spec.output_validators
        )

    def judge(self, test: TestCase) -> tuple[CaseResult, Ruling | None]:
        """The test's result and what the package's validator says beside it."""
        examined = self.examine(test)
        judge_message = examined.ruling.judge_message if examined.ruling else ""
        if not (in_group(test.group, "sample") or test.settings.full_feedback):
            case = self._hidden(test, examined)
        else:
            case = self._shown(test, examined)
        return replace(case, judge_message=judge_message), examined.ruling

    def sample(self, test: TestCase) -> SampleRun:
        """A sample's run outside the record."""
        examined = self.examine(test)
        case = self._shown(test, examined)
        return SampleRun(
            name=test.name,
            verdict=examined.verdict,
            output=case.got or "",
            expected=case.expected,
            stdout="",
            stderr=shown_stream(examined.stderr),
            cpu_s=examined.cpu_s,
            wall_s=examined.wall_s,
            peak_bytes=examined.peak_bytes,
            message=examined.message,
        )

    def own(self, given: bytes) -> SampleRun:
        """One run outside the record on the candidate's own input."""
        assert self._program is not None
        outcome = self.runs.run(self._program.job(stdin=given))
        verdict, message = run_verdict(outcome, self._program)
        return SampleRun(
            name="own",
            verdict=verdict,
            output=_text(outcome.stdout),
            expected=None,
            stdout="",
            stderr=shown_stream(outcome.stderr),
            cpu_s=outcome.cpu_s,
            wall_s=outcome.wall_s,
            peak_bytes=outcome.peak_bytes,
            message=message,
        )

    def examine(self, test: TestCase) -> Examined:
        """Runs the answer on a test, as often as the validator asks for. Raises `ToolFailed`."""
        if self._program is None:
            return self._handed_in(test)
        given, feedback = test.input, dict[str, bytes]()
        passed: Examined | None = None
        for _ in range(self._spec.most_passes if self._spec.multi_pass else 1):
            talks = self._spec.interactive
            # A later pass has its own input, and the validator reads that one.
            this = replace(test, input=given)
            passed = (self._talk(this, feedback) if talks else self._run(this, feedback)).after(passed)
            ruling = passed.ruling
            if passed.verdict is not Verdict.AC or ruling is None or ruling.next_pass is None:
                return passed
            given, feedback = ruling.next_pass, dict(ruling.feedback)
        most = f"limits.validation_passes is {self._spec.most_passes}"
        where = f"{self._validators[0].path} on {test.group}/{test.name}"
        why = most if self._spec.multi_pass else "the problem is not of the type multi-pass"
        raise ToolFailed(f"{where} asks for another pass by {NEXT_PASS}, and {why}")

    def _run(self, test: TestCase, feedback: Mapping[str, bytes]) -> Examined:
        assert self._program is not None
        settings = test.settings
        outcome = self.runs.run(self._program.job(files=settings.files, stdin=test.input, args=settings.args))
        failed, reason = run_verdict(outcome, self._program)
        if failed is not None:
            return _examined(failed, reason, outcome)
        verdict, message, ruling = self._checked(test, outcome.stdout, feedback)
        return replace(_examined(verdict, message, outcome), ruling=ruling)

    def _checked(
        self, test: TestCase, output: bytes, feedback: Mapping[str, bytes]
    ) -> tuple[Verdict, str, Ruling | None]:
        if not self._validators:
            found = difference(output, test.answer, test.checker or self._package.checker)
            return (Verdict.WA, found, None) if found else (Verdict.AC, "", None)
        ruling: Ruling | None = None
        for validator in self._validators:
            # Of several, which only early packages have, each must accept.
            ruling = validate(validator, test, output, feedback, self._judging)
            if not ruling.accepted:
                break
        assert ruling is not None
        return Verdict.AC if ruling.accepted else Verdict.WA, ruling.team_message, ruling

    def _talk(self, test: TestCase, feedback: Mapping[str, bytes]) -> Examined:
        """The validator and the answer's program side by side.

        A validator that rejects before the program ends has the last word: what the program does then
        is an effect. Else its own failure counts first, and what the validator says last.
        """
        assert self._program is not None
        validator = self._validators[0]
        settings = test.settings
        leading = validator_job(validator, test, feedback)
        wall_s = max(leading.limits.wall_s, self._program.limits.wall_s + _WALL_ROOM_S)
        said = self.runs.converse(
            replace(leading, limits=replace(leading.limits, wall_s=wall_s)),
            self._program.job(files=settings.files, args=settings.args),
        )
        failed, reason = run_verdict(said.other, self._program)
        if said.leader.status is Status.MEMORY_LIMIT:
            # Nothing bounds what the program may write to the pipe but what its reader can hold.
            return _examined(Verdict.OLE, "wrote more than the validator can hold", said.other)
        if failed is not None and not (said.leader_first and has_rejected(said.leader)):
            if said.leader_first and not has_ruled(said.leader):
                ruling_of(validator, test, said.leader)  # raises: it was the validator that broke first
            return _examined(failed, reason, said.other)
        ruling = ruling_of(validator, test, said.leader)
        verdict = Verdict.AC if ruling.accepted else Verdict.WA
        return replace(_examined(verdict, ruling.team_message, said.other), output=None, ruling=ruling)

    def _handed_in(self, test: TestCase) -> Examined:
        output = handed_in(test, self._outputs)
        if output is None:
            return Examined(Verdict.WA, "no answer to this test was handed in", None)
        data = output.encode()
        verdict, message, ruling = self._checked(test, data, {})
        return Examined(verdict, message, data, ruling=ruling)

    def _hidden(self, test: TestCase, examined: Examined) -> CaseResult:
        if examined.outcome is None:
            return CaseResult(test.name, test.group, examined.verdict, message=test.settings.hint)
        figures = replace(
            examined.outcome,
            cpu_s=examined.cpu_s,
            wall_s=examined.wall_s,
            peak_bytes=examined.peak_bytes,
        )
        case = hidden_result(test, figures, examined.verdict, examined.message)
        hint = test.settings.hint if examined.verdict is not Verdict.AC else ""
        return replace(case, message=" ".join(filter(None, (case.message, hint))))

    def _shown(self, test: TestCase, examined: Examined) -> CaseResult:
        message = examined.message
        if examined.verdict is Verdict.RE and examined.outcome is not None:
            message = shown_failure(examined.outcome, message)
        elif examined.verdict is not Verdict.AC and test.settings.hint:
            message = f"{message}\n{test.settings.hint}".strip()
        talks = self._spec.interactive
        return CaseResult(
            name=test.name,
            group=test.group,
            verdict=examined.verdict,
            cpu_s=examined.cpu_s,
            wall_s=examined.wall_s,
            peak_bytes=examined.peak_bytes,
            message=message,
            got=None if examined.output is None else _text(examined.output),
            # What a validator of the package makes of it is its own business; a talk has no answer to show.
            expected=None if talks else _text(test.shown_answer()),
        )


def handed_in(test: TestCase, outputs: Mapping[str, str]) -> str | None:
    """The output to a test, by its whole name; a hidden test's also by the last part of it."""
    whole = outputs.get(f"{test.group}/{test.name}")
    return outputs.get(test.name) if whole is None and not in_group(test.group, "sample") else whole


def asked_for(package: Package, outputs: Mapping[str, str]) -> tuple[TestCase, ...]:
    """The tests that outputs are judged by: hidden ones need an output, samples may have one."""
    return tuple(
        test
        for test in package.tests
        if not in_group(test.group, "sample") or handed_in(test, outputs) is not None
    )


def outputs_of(package: Package, answer: Answer) -> Mapping[str, str]:
    """What is handed in to a submit-answer problem: files called after tests, a JSON object of outputs by
    test, or one output.

    A text that is no such object is the output to the one hidden test, where there is one.
    """
    if answer.files or answer.entry:
        files = {**answer.files, answer.entry: answer.source.encode()}
        return {_stem(name): data.decode("utf-8", errors="replace") for name, data in files.items()}
    source = answer.source
    secret = [test for test in package.tests if not in_group(test.group, "sample")]
    try:
        document = json.loads(source)
    except (ValueError, RecursionError):
        document = None
    names = {name for test in package.tests for name in (test.name, f"{test.group}/{test.name}")}
    named = isinstance(document, dict) and document and set(document) <= names
    if named and all(isinstance(text, str) for text in document.values()):
        return dict(document)
    return {f"{test.group}/{test.name}": source for test in secret[:1] if len(secret) == 1}


def _stem(name: str) -> str:
    """A test's name by a file's: NAME.out or NAME.ans, below its group's folder or not."""
    path = PurePosixPath(name)
    return str(path.with_suffix("")) if path.suffix in (".out", ".ans", ".txt") else name


def _examined(verdict: Verdict, message: str, outcome: Outcome) -> Examined:
    return Examined(
        verdict,
        message,
        outcome.stdout,
        outcome.stderr,
        outcome.cpu_s,
        outcome.wall_s,
        outcome.peak_bytes,
        outcome,
    )


def _text(data: bytes) -> str:
    """The beginning of an output, where people begin to read."""
    text = data[:_SHOWN_BYTES].decode("utf-8", errors="replace")
    return text if len(data) <= _SHOWN_BYTES else f"{text}\n… {len(data) - _SHOWN_BYTES:,} bytes more"
