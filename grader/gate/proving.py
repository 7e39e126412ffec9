"""Proves a package: every claim it makes of its own submissions, tests and texts is tried."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from grader.gate.expectations import claims_verdict_alone, needs_every_test, unmet
from grader.gate.mutation import reference_to_mutate, run_mutants, stale_equivalents
from grader.gate.proof import Finding, MutationProof, Proof, SubmissionProof
from grader.gate.telling import tell_apart
from grader.gate.validators import prove_data
from grader.judge.artifact import EvaluatorFailed
from grader.judge.builds import Builds
from grader.judge.choices import MalformedChoice
from grader.judge.compiling import LanguageMissing
from grader.judge.judging import judge
from grader.judge.model import CaseResult, Judgement
from grader.judge.time_limits import answer_of, settled
from grader.judge.verdicts import LIMIT_VERDICTS
from grader.verdict import Verdict
from questionbank.packages.model import Kind, Localised, Package, ReferenceSubmission
from sandbox.client import Sandbox

TEXT_LANGUAGES = ("en", "zh")
_TIMED = frozenset({Kind.FUNCTION, Kind.PASS_FAIL})
_ROUNDING_S = 0.5
_REPEATED_S = 2.0
_WORKERS = max(2, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Demands:
    """What a bank asks of every package. `repetitions` of each submission show flakiness, its own or the
    checker's."""

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
    builds: Builds | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Proof:
    """Tries every claim of the package; `builds` spares what was compiled before.

    Raises `sandbox.errors.SandboxError` where the sandbox failed.
    """
    demands = demands or Demands()
    began = time.monotonic()
    notices = tuple(Finding(one.path, one.line, one.message) for one in package.notices)
    inferred = package.program is not None and package.program.infers_time
    try:
        package = settled(package, sandbox, builds)
    except EvaluatorFailed as error:
        return Proof(package.slug, (Finding("problem.yaml", None, str(error)),), notices=notices)
    missing = list(_missing_texts(package, demands.text_languages))
    findings = [Finding(path, None, f"a text is missing in {language}") for path, language in missing]
    findings += prove_data(package, sandbox, builds, workers=_WORKERS)
    bench = _Judge(sandbox, hidden_root, builds, inferred=inferred)
    tried = _prove_submissions(package, bench, demands, tell)
    proofs = [one.proof for one in tried if one.proof]
    findings += [finding for one in tried for finding in one.findings]
    if package.kind is not Kind.OPEN:
        findings += _too_few_wrong(package, demands)
    mutation, found = _prove_tests(package, sandbox, demands, tell, _of_reference(package, tried))
    findings += found
    return Proof(
        slug=package.slug,
        findings=tuple(findings),
        languages_missing=tuple(sorted({language for _, language in missing})),
        submissions=tuple(proofs),
        mutation=mutation,
        flaky=tuple(one.proof.path for one in tried if one.proof and one.flaky),
        suggested_time_limit_s=_suggested_limit(package, proofs),
        notices=notices,
        seconds=time.monotonic() - began,
    )


def _missing_texts(package: Package, wanted: Collection[str]) -> Iterator[tuple[str, str]]:
    """(file, language) for every text for people that the bank wants and the package lacks."""
    for language in package.untranslated:
        if language in wanted:
            yield "touchstone.yaml", language
    for language in wanted:
        for path, text in _texts(package):
            if not text.get(language, "").strip():
                yield path.format(language), language


def _texts(package: Package) -> Iterator[tuple[str, Localised]]:
    """Every text for people, with the file that holds it, a language's key to be put in."""
    yield "problem.yaml", package.names
    yield "statement/problem.{}.md", package.statements
    yield "editorial.{}.md", package.editorials
    yield from ((f"hints/{number}.{{}}.md", hint) for number, hint in enumerate(package.hints, start=1))
    yield from ((f"data/{test.group}", test.explanation) for test in package.tests if test.explanation)
    if package.choice:
        for option in package.choice.options:
            yield from (("touchstone.yaml", option.text), ("touchstone.yaml", option.explanation))
    if package.open:
        texts = (*(point.statement for point in package.open.points), package.open.model_answer)
        yield from (("rubric.yaml", text) for text in (*texts, *package.open.follow_ups))


@dataclass(frozen=True, slots=True)
class _Judge:
    """What judging takes beside a package and an answer."""

    sandbox: Sandbox
    hidden_root: Path
    builds: Builds | None
    inferred: bool = False
    """Whether the time limit follows from the submissions, and so must leave room to the slow ones."""

    def judged(self, package: Package, submission: ReferenceSubmission) -> Judgement:
        return judge(
            package,
            answer_of(submission),
            sandbox=self.sandbox,
            hidden_root=self.hidden_root,
            builds=self.builds,
            every_test=needs_every_test(submission),
            verdict_alone=claims_verdict_alone(package, submission),
        )


@dataclass(frozen=True, slots=True)
class _Tried:
    """What came of one submission; no proof and no cases where it could not be judged."""

    submission: ReferenceSubmission
    proof: SubmissionProof | None
    findings: tuple[Finding, ...]
    cases: tuple[CaseResult, ...] = ()
    flaky: bool = False


def _prove_submissions(
    package: Package, bench: _Judge, demands: Demands, tell: Callable[[str], None]
) -> list[_Tried]:
    """Each once, then the repetitions of all: many short pieces of work, so that no core is idle."""
    if package.kind is Kind.OPEN:
        return []
    # Exercises that measure times are measured alone.
    workers = _WORKERS if package.kind in _TIMED else 1

    def judged(submission: ReferenceSubmission) -> Judgement | Finding:
        tell(f"{package.slug}: {submission.path}")
        return _judged(package, submission, bench)

    with ThreadPoolExecutor(workers) as pool:
        first = list(pool.map(judged, package.submissions))
        repeated = [
            submission
            for submission, run in zip(package.submissions, first, strict=True)
            if isinstance(run, Judgement) and _repeats(package, submission, run)
            for _ in range(demands.repetitions - 1)
        ]
        again = list(zip(repeated, pool.map(judged, repeated), strict=True))

        def tried(submission: ReferenceSubmission, run: Judgement | Finding) -> _Tried:
            runs = [run, *(other for one, other in again if one is submission)]
            return _tried(package, submission, runs, bench, demands)

        return list(pool.map(tried, package.submissions, first))


def _judged(package: Package, submission: ReferenceSubmission, bench: _Judge) -> Judgement | Finding:
    path = str(submission.path)
    try:
        return bench.judged(package, submission)
    except EvaluatorFailed as error:
        return Finding(path, None, f"could not be measured: {error}")
    except (LanguageMissing, MalformedChoice) as error:
        return Finding(path, None, str(error))


def _tried(
    package: Package,
    submission: ReferenceSubmission,
    found: Sequence[Judgement | Finding],
    bench: _Judge,
    demands: Demands,
) -> _Tried:
    """What all runs of a submission say together."""
    path = str(submission.path)
    runs = [run for run in found if isinstance(run, Judgement)]
    faults = tuple(run for run in found if isinstance(run, Finding))
    if faults:
        return _Tried(submission, None, faults[:1])
    slowest = max(runs, key=_slowest_cpu_s)
    broken = tuple(unmet(package, submission, runs[0]))
    alone = claims_verdict_alone(package, submission)
    proof = _submission_proof(submission, runs[0], _slowest_cpu_s(slowest), broken, scored=not alone)
    findings = list(_submission_findings(package, submission, proof, runs[0], demands))
    findings += [Finding(path, None, said) for said in broken]
    if bench.inferred and any(one.times == "upper" for one in submission.expectations):
        findings += _too_quick(package, submission, bench)
    flaky = len({_pattern(run) for run in runs}) > 1
    if flaky:
        said = f"gets other verdicts in {len(runs)} repetitions: it is flaky, or its checker is"
        findings.append(Finding(path, None, said))
    return _Tried(submission, proof, tuple(findings), runs[0].cases, flaky)


def _too_few_wrong(package: Package, demands: Demands) -> Iterator[Finding]:
    wrong = sum(submission.expected != "AC" for submission in package.submissions)
    if wrong < demands.known_wrong:
        yield Finding("submissions", None, f"fewer than {demands.known_wrong} known-wrong solutions")


def _of_reference(package: Package, tried: Iterable[_Tried]) -> tuple[CaseResult, ...]:
    """What the reference whose mutants are made got, test by test."""
    reference = reference_to_mutate(package)
    return next((one.cases for one in tried if one.submission is reference), ())


def _too_quick(package: Package, submission: ReferenceSubmission, bench: _Judge) -> Iterator[Finding]:
    """Where a submission that must be too slow is so by less than the format's safety margin."""
    assert package.program is not None
    factor, limits = package.program.time_rule.tle_factor, package.limits
    longer = replace(
        limits, time_limit_s=factor * limits.time_limit_s, wall_time_s=factor * limits.wall_time_s
    )
    if bench.judged(replace(package, limits=longer), submission).verdict is not Verdict.TLE:
        said = f"is in time at {factor:g} times the limit of {limits.time_limit_s:g} s: no time limit fits"
        yield Finding(str(submission.path), None, said)


def _repeats(package: Package, submission: ReferenceSubmission, first: Judgement) -> bool:
    """Whether more runs are worth their time: they show tests and checkers that waver, as quick ones do too.

    The reference whose mutants are made is always repeated. What meets a limit costs all of it each time.
    """
    if submission == reference_to_mutate(package):
        return True
    if package.kind not in _TIMED:
        return submission.expected == "AC"
    return first.verdict not in LIMIT_VERDICTS and sum(case.cpu_s for case in first.cases) < _REPEATED_S


def _slowest_cpu_s(judgement: Judgement) -> float:
    return max((case.cpu_s for case in judgement.cases), default=0.0)


def _submission_proof(
    submission: ReferenceSubmission,
    judgement: Judgement,
    slowest_cpu_s: float,
    broken: tuple[str, ...],
    *,
    scored: bool,
) -> SubmissionProof:
    return SubmissionProof(
        path=str(submission.path),
        expected=submission.expected,
        verdict=judgement.verdict,
        score=judgement.score if scored else None,
        slowest_cpu_s=slowest_cpu_s,
        agreed=_is_expected(submission, judgement.verdict) and not broken,
    )


def _is_expected(submission: ReferenceSubmission, verdict: Verdict | None) -> bool:
    return submission.expected in ("", verdict) or verdict in submission.alike


def _submission_findings(
    package: Package,
    submission: ReferenceSubmission,
    proof: SubmissionProof,
    judgement: Judgement,
    demands: Demands,
) -> Iterator[Finding]:
    if not _is_expected(submission, judgement.verdict):
        failed = next((case for case in judgement.cases if case.verdict is not Verdict.AC), None)
        where = f" at {failed.group}/{failed.name}: {_said(failed)}" if failed else ""
        said = judgement.compiler_output[-300:] if judgement.verdict is Verdict.CE else where
        yield Finding(proof.path, None, f"gets {proof.verdict}, its folder says {proof.expected}{said}")
    elif proof.expected == "AC" and proof.agreed and package.kind in _TIMED:
        allowed = demands.share_of_limit * package.limits.time_limit_s
        if proof.slowest_cpu_s > allowed:
            yield Finding(
                proof.path,
                None,
                f"takes {proof.slowest_cpu_s:.2f} s of CPU, more than half of the limit of "
                f"{package.limits.time_limit_s:g} s: raise the limit or make the test smaller",
            )


def _said(case: CaseResult) -> str:
    """What is told of a test, with the validator's words for judges."""
    judged = f"(the validator: {case.judge_message})" if case.judge_message else ""
    return " ".join(filter(None, (case.message, judged)))


def _pattern(judgement: Judgement) -> tuple[object, ...]:
    """What must not change between two runs of one answer."""
    return judgement.verdict, tuple((case.group, case.name, case.verdict) for case in judgement.cases)


def _prove_tests(
    package: Package,
    sandbox: Sandbox,
    demands: Demands,
    tell: Callable[[str], None],
    known: Sequence[CaseResult],
) -> tuple[MutationProof | None, list[Finding]]:
    reference = reference_to_mutate(package)
    if reference is None:
        return None, []
    findings = [
        Finding("touchstone.yaml", None, f"gate: no mutant is named {one.mutant!r} any more")
        for one in stale_equivalents(package, reference)
    ]
    tell(f"{package.slug}: mutants of {reference.path}")
    mutation = run_mutants(package, reference, sandbox, workers=_WORKERS, known=known)
    if mutation is None:
        return None, findings
    mutation = tell_apart(package, reference, mutation, sandbox, workers=_WORKERS)
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
