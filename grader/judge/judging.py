"""The one way in: a package and an answer become a judgement, whatever the kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from grader.judge import artifact, choices, functions
from grader.judge.builds import Builds
from grader.judge.compiling import compile_answer
from grader.judge.demands import demanding
from grader.judge.grading import Judges, grade
from grader.judge.model import Answer, CaseResult, Judgement, Observer, SampleRun
from grader.judge.programs import ProgramJudge, asked_for, outputs_of
from grader.judge.runnable import Program
from grader.judge.sources import judge_source
from grader.judge.time_limits import settled
from grader.judge.validating import Ruling
from grader.judge.verdicts import LIMIT_VERDICTS, lost_groups, overall_verdict, score
from grader.verdict import Stage, Verdict
from questionbank.packages.model import Kind, Package, TestCase
from questionbank.packages.testdata import in_group
from sandbox.client import Sandbox


class UnsupportedAnswer(ValueError):
    """The answer's language is none that the problem takes."""


def judge(
    package: Package,
    answer: Answer,
    *,
    sandbox: Sandbox,
    hidden_root: Path,
    builds: Builds | None = None,
    observer: Observer | None = None,
    every_test: bool = False,
    verdict_alone: bool = False,
    kept: Mapping[tuple[str, str], CaseResult] | None = None,
) -> Judgement:
    """Judges one answer. `kept` are results by group and name that stand: these tests are not run again; not
    for problems whose tests earn points.

    `every_test` runs also those tests of programs that can change nothing any more. `verdict_alone` runs none
    after the first that fails: the verdict is the same, the score is not; not for the legacy form, where
    later tests may speak. `hidden_root` holds the hidden data of artifact problems, a folder a name; `builds`
    what was compiled before. Raises
    `UnsupportedAnswer`, `compiling.LanguageMissing` and `choices.MalformedChoice` for answers that cannot be
    judged here, `sandbox.errors.SandboxError` and `artifact.EvaluatorFailed` where judging itself failed:
    never the candidate's fault. `NoDevice` says that the problem needs a GPU and this host has none.
    """
    observer = observer or Observer()
    if answer.language not in package.languages:
        accepted = ", ".join(package.languages)
        raise UnsupportedAnswer(f"{package.slug} takes answers in {accepted}, not in {answer.language}.")
    if package.kind is Kind.OPEN:
        return Judgement(verdict=None, score=0.0, needs_review=True)
    if package.kind is Kind.CHOICE:
        return choices.judge_choice(package, answer)
    if package.kind is Kind.PASS_FAIL:
        package = settled(package, sandbox, builds)
        return _judge_program(
            package,
            answer,
            sandbox,
            builds,
            observer,
            every_test=every_test,
            verdict_alone=verdict_alone,
            kept=kept or {},
        )
    observer.stage(Stage.COMPILING)
    program = compile_answer(package, answer, sandbox, builds)
    if isinstance(program, Judgement):
        return program
    runs = demanding(package, sandbox)
    if package.kind is Kind.ARTIFACT:
        judgement = artifact.judge_artifact(
            package, answer, sandbox=runs, hidden_root=hidden_root, observer=observer
        )
    else:
        observer.stage(Stage.RUNNING)
        judgement = _judge_tests(package, program, runs, observer, kept or {}, verdict_alone=verdict_alone)
    return replace(judgement, device=runs.device, driver=runs.driver)


def judge_test(package: Package, program: Program, test: TestCase, sandbox: Sandbox) -> CaseResult:
    """One test of a package of functions or programs, for one that asks for no more."""
    if package.kind is Kind.PASS_FAIL:
        return ProgramJudge(package, program, sandbox, None).judge(test)[0]
    return functions.judge_call(package, program, test, sandbox)


def run_samples(
    package: Package, answer: Answer, *, sandbox: Sandbox, own_input: str | None, builds: Builds | None = None
) -> tuple[SampleRun, ...]:
    """Runs the samples, or the candidate's own input, outside the record.

    `own_input` is stdin for programs and a JSON list of arguments for functions; `InvalidInput` with a
    sentence for people where it is neither.
    """
    if answer.language not in package.languages:
        raise UnsupportedAnswer(f"{package.slug} takes no answers in {answer.language}.")
    if package.kind in (Kind.OPEN, Kind.CHOICE):
        raise UnsupportedAnswer(f"{package.slug} has nothing to run.")
    if package.program and package.program.submit_answer:
        raise UnsupportedAnswer(f"{package.slug} takes outputs: there is nothing to run.")
    package = settled(package, sandbox, builds)
    program = compile_answer(package, answer, sandbox, builds)
    if isinstance(program, Judgement):
        return (_not_compiled(program),)
    if package.kind is Kind.PASS_FAIL:
        return _run_program(package, program, sandbox, own_input, builds)
    sandbox = demanding(package, sandbox)
    if package.kind is Kind.ARTIFACT:
        return (artifact.run_once(package, answer, sandbox=sandbox),)
    if own_input is not None:
        args = functions.own_arguments(package, own_input, program)
        return (functions.run_call(package, program, args, sandbox, None),)
    return tuple(functions.run_call(package, program, test.args, sandbox, test) for test in package.samples())


def _run_program(
    package: Package, program: Program, sandbox: Sandbox, own_input: str | None, builds: Builds | None
) -> tuple[SampleRun, ...]:
    spec = package.program
    if own_input is not None and spec and spec.interactive:
        raise functions.InvalidInput("The program talks with the judge: it can be run on the samples alone.")
    judging = ProgramJudge(package, program, sandbox, builds)
    if own_input is not None:
        return (judging.own(own_input.encode()),)
    return tuple(judging.sample(test) for test in package.samples())


def _judge_program(
    package: Package,
    answer: Answer,
    sandbox: Sandbox,
    builds: Builds | None,
    observer: Observer,
    *,
    every_test: bool,
    verdict_alone: bool,
    kept: Mapping[tuple[str, str], CaseResult],
) -> Judgement:
    program: Program | None = None
    outputs: Mapping[str, str] = {}
    if package.program and package.program.submit_answer:
        outputs = outputs_of(package, answer)
        package = replace(package, tests=asked_for(package, outputs))
    else:
        observer.stage(Stage.COMPILING)
        compiled = compile_answer(package, answer, sandbox, builds)
        if isinstance(compiled, Judgement):
            return compiled
        program = compiled
    judging = ProgramJudge(package, program, sandbox, builds, outputs)
    observer.stage(Stage.RUNNING)

    def judge_or_keep(test: TestCase) -> tuple[CaseResult, Ruling | None]:
        stands = kept.get((test.group, test.name))
        return (stands, None) if stands else judging.judge(test)

    judges = Judges(
        test=judge_or_keep,
        source=lambda check: judge_source(package, answer, check, sandbox, builds),
        heard=observer.case,
        every=every_test,
        verdict_alone=verdict_alone,
    )
    graded = grade(package, judges)
    return Judgement(
        verdict=graded.verdict,
        score=graded.score,
        cases=graded.cases,
        message=next((case.message for case in graded.cases if case.verdict is not Verdict.AC), ""),
        guarantees=judging.runs.guarantees(),
        device=judging.runs.device,
        driver=judging.runs.driver,
        points=graded.points,
        group_points=graded.group_points,
    )


def _judge_tests(
    package: Package,
    program: Program,
    sandbox: Sandbox,
    observer: Observer,
    kept: Mapping[tuple[str, str], CaseResult],
    *,
    verdict_alone: bool,
) -> Judgement:
    cases: list[CaseResult] = []
    for test in package.tests:
        if verdict_alone and overall_verdict(cases) is not Verdict.AC:
            break
        if _is_decided(package, test, cases):
            continue
        case = kept.get((test.group, test.name)) or judge_test(package, program, test, sandbox)
        cases.append(case)
        observer.case(case)
    verdict = overall_verdict(cases)
    return Judgement(
        verdict=verdict,
        score=score(package.groups, cases),
        cases=tuple(cases),
        message=next((case.message for case in cases if case.verdict is not Verdict.AC), ""),
        guarantees=sandbox.guarantees(),
    )


def _is_decided(package: Package, test: TestCase, cases: list[CaseResult]) -> bool:
    """Whether a test can change nothing any more and may cost its whole limit: its group has met a limit."""
    over_limit = [case for case in cases if case.verdict in LIMIT_VERDICTS]
    if not over_limit:
        return False
    if not package.groups:
        return any(case.group != "sample" or test.group != "sample" for case in over_limit)
    lost = lost_groups(package.groups, over_limit)
    return any(in_group(test.group, name) for name in lost)


def _not_compiled(refused: Judgement) -> SampleRun:
    return SampleRun(
        name="compile",
        verdict=Verdict.CE,
        output="",
        expected=None,
        stdout="",
        stderr=refused.compiler_output,
        cpu_s=0.0,
        wall_s=0.0,
        peak_bytes=0,
        message="",
    )
