"""Whether a listed submission did what its package says of it, beyond the verdict of the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from grader.judge.model import CaseResult, Judgement
from grader.verdict import Verdict
from questionbank.packages.listed import format_verdict, matches_test
from questionbank.packages.model import Package, ReferenceSubmission
from questionbank.packages.program import Expectation

_SLACK = 1e-6
_PARTLY = "partially_accepted"


def needs_every_test(submission: ReferenceSubmission) -> bool:
    """Whether tests must be run that no longer change the verdict: something is said of them."""
    return any(
        expectation.tests or not (expectation.required & {"TLE", "AC"}) or expectation.message
        for expectation in submission.expectations
    )


def claims_verdict_alone(package: Package, submission: ReferenceSubmission) -> bool:
    """Whether the first test that it fails says all that is claimed of it.

    Not where validators of the package's own run: each output is a trial of theirs too.
    """
    program = package.program
    return (
        submission.expected not in ("", "AC")
        and all(replace(one, times="") == Expectation() for one in submission.expectations)
        and not submission.results
        and (program is None or not (program.legacy_rules or program.output_validators))
    )


def unmet(package: Package, submission: ReferenceSubmission, judgement: Judgement) -> Iterator[str]:
    """What the package says of the submission and did not come true, each as the end of a sentence."""
    results = submission.results
    if results and judgement.verdict not in results:
        yield f"gets {judgement.verdict}, its source says {' or '.join(sorted(results))}"
    if judgement.verdict is Verdict.CE:
        return
    for expectation in submission.expectations:
        yield from _unmet(expectation, judgement)
    partly = _PARTLY in submission.path.parts and package.program and package.program.legacy_rules
    if partly and judgement.points is not None and judgement.score >= 100.0:
        yield f"earns {judgement.points:g} points, which is all there are"


def _unmet(expectation: Expectation, judgement: Judgement) -> Iterator[str]:
    where = f" on {expectation.tests}" if expectation.tests else ""
    cases = [one for one in judgement.cases if matches_test(expectation.tests, one.group, one.name)]
    got = {format_verdict(str(case.verdict)) for case in cases}
    if not cases:
        yield f"is run on no test that {expectation.tests or 'the package'} names"
        return
    for case in cases:
        if format_verdict(str(case.verdict)) not in expectation.permitted:
            permitted = " or ".join(sorted(expectation.permitted))
            yield f"gets {case.verdict} at {case.group}/{case.name}, {permitted} is permitted{where}"
            break
    if not got & expectation.required:
        required = " or ".join(sorted(expectation.required))
        yield f"gets {' and '.join(sorted(got))}{where}, {required} is required"
    if expectation.score:
        yield from _unmet_score(expectation, expectation.score, judgement, where)
    if expectation.message and not _says(cases, expectation.message):
        yield f"no judgemessage.txt{where} says {expectation.message!r}"


def _unmet_score(
    expectation: Expectation, wanted: tuple[float, float], judgement: Judgement, where: str
) -> Iterator[str]:
    low, high = wanted
    points = judgement.points
    if expectation.tests:
        points = dict(judgement.group_points).get(expectation.tests)
    if points is None:
        yield f"has no score{where}, and one is expected"
    elif not low - _SLACK <= points <= high + _SLACK:
        bounds = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        yield f"earns {points:g} points{where}, {bounds} is expected"


def _says(cases: Sequence[CaseResult], message: str) -> bool:
    return any(message in case.judge_message for case in cases)
