"""Each listed answer of every shipped model exercise gets the verdict of its folder, on real data."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.judge.judging import judge
from grader.judge.model import Answer
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


@pytest.mark.parametrize(("slug", "submission"), LISTED)
def test_a_listed_answer_gets_the_verdict_of_its_folder(
    exercise_jail: Sandbox, exercise_data: Path, slug: str, submission: ReferenceSubmission
) -> None:
    answer = Answer(submission.language, submission.source.decode())
    result = judge(package(slug), answer, sandbox=exercise_jail, hidden_root=exercise_data / "hidden")
    assert result.verdict is Verdict(submission.expected), (result.message, result.metrics)
    if submission.expected == "AC":
        assert all(metric.passed for metric in result.metrics if metric.decides)


@pytest.mark.parametrize("slug", [one.slug for one in EXERCISES])
def test_a_model_exercise_knows_right_and_wrong_answers(slug: str) -> None:
    expected = [submission.expected for submission in package(slug).submissions]
    assert expected.count("AC") >= 1
    assert sum(verdict != "AC" for verdict in expected) >= 2


@pytest.mark.parametrize("slug", [one.slug for one in EXERCISES])
def test_a_second_run_measures_the_same(exercise_jail: Sandbox, exercise_data: Path, slug: str) -> None:
    found = package(slug)
    (right, *_) = (one for one in found.submissions if one.expected == "AC")
    answer = Answer(right.language, right.source.decode())
    first, second = (
        judge(found, answer, sandbox=exercise_jail, hidden_root=exercise_data / "hidden") for _ in range(2)
    )
    assert first.metrics == second.metrics
