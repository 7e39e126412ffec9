"""Proves a package: every claim it makes of its own submissions, tests and texts is tried."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.gate.mutation import reference_to_mutate, run_mutants, stale_equivalents
from grader.gate.proof import Finding, MutationProof, Proof, SubmissionProof
from grader.gate.telling import tell_apart
from grader.judge.artifact import EvaluatorFailed
from grader.judge.judging import judge
from grader.judge.model import Answer, Judgement
from grader.verdict import Verdict
from questionbank.packages.model import Kind, Localised, Package, ReferenceSubmission
from sandbox.client import Sandbox

TEXT_LANGUAGES = ("en", "zh")
_TIMED = frozenset({Kind.FUNCTION, Kind.PASS_FAIL})
_ROUNDING_S = 0.5


@dataclass(frozen=True, slots=True)
class Demands:
    """What a bank asks of every package. `repetitions` of each accepted submission show flakiness."""

    mutation_score: float = 0.95
    known_wrong: int = 1
    repetitions: int = 3
    text_languages: tuple[str, ...] = TEXT_LANGUAGES
    share_of_limit: float = 0.5
    """The most of the time limit that an accepted submission may take."""


def prove(
    package: Package,
    *,
    sandbox: Sandbox,
    hidden_root: Path,
    demands: Demands | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Proof:
    """Tries every claim of the package. Raises `sandbox.errors.SandboxError` where the sandbox failed."""
    demands = demands or Demands()
    began = time.monotonic()
    missing = tuple(_missing_languages(package, demands.text_languages))
    findings = [Finding("", None, f"a text is missing in {language}") for language in missing]
    proofs, found, flaky = _prove_submissions(package, sandbox, hidden_root, demands, tell)
    findings += found
    mutation, found = _prove_tests(package, sandbox, demands, tell)
    findings += found
    return Proof(
        slug=package.slug,
        findings=tuple(findings),
        languages_missing=missing,
        submissions=tuple(proofs),
        mutation=mutation,
        flaky=tuple(flaky),
        suggested_time_limit_s=_suggested_limit(package, proofs),
        seconds=time.monotonic() - began,
    )


def _missing_languages(package: Package, wanted: Iterable[str]) -> Iterator[str]:
    for language in wanted:
        if not all(text.get(language, "").strip() for text in _texts(package)):
            yield language


def _texts(package: Package) -> Iterator[Localised]:
    """Every text for people."""
    yield from (package.names, package.statements, package.editorials, *package.hints)
    yield from (test.explanation for test in package.tests if test.explanation)
    if package.choice:
        for option in package.choice.options:
            yield from (option.text, option.explanation)
    if package.open:
        yield from (point.statement for point in package.open.points)
        yield from (package.open.model_answer, *package.open.follow_ups)


def _prove_submissions(
    package: Package, sandbox: Sandbox, hidden_root: Path, demands: Demands, tell: Callable[[str], None]
) -> tuple[list[SubmissionProof], list[Finding], list[str]]:
    proofs, findings, flaky = [], [], []
    if package.kind is Kind.OPEN:
        return [], [], []
    for submission in package.submissions:
        path = str(submission.path)
        tell(f"{package.slug}: {path}")
        times = demands.repetitions if submission.expected == "AC" else 1
        try:
            runs = [_judged(package, submission, sandbox, hidden_root) for _ in range(times)]
        except EvaluatorFailed as error:
            findings.append(Finding(path, None, f"could not be measured: {error}"))
            continue
        proof = _submission_proof(submission, runs[0])
        proofs.append(proof)
        findings += _submission_findings(package, proof, runs[0], demands)
        if len({_pattern(run) for run in runs}) > 1:
            flaky.append(path)
            findings.append(Finding(path, None, f"gets other verdicts in {times} repetitions: it is flaky"))
    expected = [submission.expected for submission in package.submissions]
    if len(expected) - expected.count("AC") < demands.known_wrong:
        findings.append(
            Finding("submissions", None, f"fewer than {demands.known_wrong} known-wrong solutions")
        )
    return proofs, findings, flaky


def _judged(
    package: Package, submission: ReferenceSubmission, sandbox: Sandbox, hidden_root: Path
) -> Judgement:
    answer = Answer(submission.language, submission.source.decode("utf-8", errors="surrogateescape"))
    return judge(package, answer, sandbox=sandbox, hidden_root=hidden_root)


def _submission_proof(submission: ReferenceSubmission, judgement: Judgement) -> SubmissionProof:
    return SubmissionProof(
        path=str(submission.path),
        expected=submission.expected,
        verdict=judgement.verdict,
        score=judgement.score,
        slowest_cpu_s=max((case.cpu_s for case in judgement.cases), default=0.0),
        agreed=judgement.verdict == submission.expected,
    )


def _submission_findings(
    package: Package, proof: SubmissionProof, judgement: Judgement, demands: Demands
) -> Iterator[Finding]:
    if not proof.agreed:
        failed = next((case for case in judgement.cases if case.verdict is not Verdict.AC), None)
        where = f" at {failed.group}/{failed.name}: {failed.message}" if failed else ""
        said = judgement.compiler_output[-300:] if judgement.verdict is Verdict.CE else where
        yield Finding(proof.path, None, f"gets {proof.verdict}, its folder says {proof.expected}{said}")
    elif proof.expected == "AC" and package.kind in _TIMED:
        allowed = demands.share_of_limit * package.limits.time_limit_s
        if proof.slowest_cpu_s > allowed:
            yield Finding(
                proof.path,
                None,
                f"takes {proof.slowest_cpu_s:.2f} s of CPU, more than half of the limit of "
                f"{package.limits.time_limit_s:g} s: raise the limit or make the test smaller",
            )


def _pattern(judgement: Judgement) -> tuple[object, ...]:
    """What must not change between two runs of one answer."""
    return judgement.verdict, tuple((case.group, case.name, case.verdict) for case in judgement.cases)


def _prove_tests(
    package: Package, sandbox: Sandbox, demands: Demands, tell: Callable[[str], None]
) -> tuple[MutationProof | None, list[Finding]]:
    reference = reference_to_mutate(package)
    if reference is None:
        return None, []
    findings = [
        Finding("touchstone.yaml", None, f"gate: no mutant is named {one.mutant!r} any more")
        for one in stale_equivalents(package, reference)
    ]
    tell(f"{package.slug}: mutants of {reference.path}")
    mutation = run_mutants(package, reference, sandbox, workers=max(2, os.cpu_count() or 1))
    mutation = tell_apart(package, reference, mutation, sandbox)
    least = max(demands.mutation_score, package.gate.mutation_score or 0.0)
    if mutation.score < least:
        findings.append(
            Finding(
                "data",
                None,
                f"the tests kill {mutation.killed} of {mutation.total} mutants of {reference.path} "
                f"({mutation.score:.1%}), fewer than {least:.0%}: add tests, or declare equivalents",
            )
        )
    return mutation, findings


def _suggested_limit(package: Package, proofs: Iterable[SubmissionProof]) -> float | None:
    """Twice and a half the slowest accepted submission, rounded up to half seconds."""
    if package.kind not in _TIMED:
        return None
    slowest = max((one.slowest_cpu_s for one in proofs if one.expected == "AC" and one.agreed), default=None)
    return None if slowest is None else max(1.0, math.ceil(2.5 * slowest / _ROUNDING_S) * _ROUNDING_S)
