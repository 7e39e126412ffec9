"""Each listed answer of every shipped model exercise gets the verdict of its folder, on real data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.judge.judging import judge
from grader.judge.model import Answer, Judgement
from grader.verdict import Verdict
from questionbank.packages.model import ReferenceSubmission
from sandbox.client import Sandbox
from tests.exercises import EXERCISES
from tests.fixtures.bank import package

pytestmark = pytest.mark.ml
LISTED = [
    pytest.param(one.slug, submission, id=f"{one.slug}/{'/'.join(submission.path.parts[1:])}")
    for one in EXERCISES
    for submission in one.submissions
]


Judge = Callable[[str, ReferenceSubmission], Judgement]


@pytest.fixture(scope="module")
def judge_anew(exercise_jail: Sandbox, exercise_data: Path) -> Judge:
    """Judges an answer to the exercise of that name."""

    def judged(slug: str, submission: ReferenceSubmission) -> Judgement:
        answer = Answer(submission.language, submission.source.decode())
        return judge(package(slug), answer, sandbox=exercise_jail, hidden_root=exercise_data / "hidden")

    return judged


@pytest.fixture(scope="module")
def judge_once(judge_anew: Judge) -> Judge:
    """The same, each answer the first time only: running a model twice is dear."""
    results: dict[tuple[str, Path], Judgement] = {}

    def judged(slug: str, submission: ReferenceSubmission) -> Judgement:
        key = (slug, submission.path)
        if key not in results:
            results[key] = judge_anew(slug, submission)
        return results[key]

    return judged


@pytest.mark.parametrize(("slug", "submission"), LISTED)
def test_a_listed_answer_gets_the_verdict_of_its_folder(
    judge_once: Judge, slug: str, submission: ReferenceSubmission
) -> None:
    result = judge_once(slug, submission)
    assert result.verdict is Verdict(submission.expected), (result.message, result.metrics)
    if submission.expected == "AC":
        assert all(metric.passed for metric in result.metrics if metric.decides)


@pytest.mark.parametrize("slug", [one.slug for one in EXERCISES])
def test_a_model_exercise_knows_right_and_wrong_answers(slug: str) -> None:
    expected = [submission.expected for submission in package(slug).submissions]
    assert expected.count("AC") >= 1
    assert sum(verdict != "AC" for verdict in expected) >= 2


@pytest.mark.parametrize("slug", [one.slug for one in EXERCISES])
def test_a_second_run_measures_the_same(judge_once: Judge, judge_anew: Judge, slug: str) -> None:
    (right, *_) = (one for one in package(slug).submissions if one.expected == "AC")
    assert judge_once(slug, right).metrics == judge_anew(slug, right).metrics
