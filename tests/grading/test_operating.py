"""The operator sees what thresholds would publish and how wrong that would be, and chooses them there."""

from __future__ import annotations

import pytest
from django.urls import reverse
from pytest_django.fixtures import Settings

from grader.grading import current_rule
from grader.marking import mark_points
from grader.models import GraderTrial, JudgeVersion
from grader.publishing import Doubt, Estimate, Rule
from grader.tasks import open_answers
from grader.trials import Trial, doubts_against, levels_of, reviewed_trials
from questionbank.models import ProblemVersion, User
from tests import bank
from tests.grading.conftest import DOUBTFUL, SURE, Answered
from tests.pages.conftest import client_of


@pytest.fixture
def operator(db: None) -> User:
    return bank.candidate("operator", is_staff=True)


def trial(score: float, truth: float, half_width: float) -> Trial:
    return Trial(Estimate(score, score - half_width, score + half_width, (), 5, True), truth)


TRIALS = [trial(0.9, 0.8, 0.1), trial(0.9, 0.5, 0.2), trial(0.2, 0.2, 0.3), trial(0.6, 0.9, 0.1)]


def test_coverage_and_error_are_those_of_what_would_be_published() -> None:
    levels = {level.half_width: level for level in levels_of(TRIALS, Rule())}
    # The last one straddles the pass mark, whatever the width.
    assert [levels[width].published for width in (0.05, 0.1, 0.2, 0.3)] == [0, 1, 2, 3]
    assert levels[0.2].coverage == 0.5
    assert levels[0.05].rmse is None
    assert levels[0.2].rmse == pytest.approx(((0.1**2 + 0.4**2) / 2) ** 0.5)
    assert (levels[0.2].far, levels[0.2].wrong_side) == (1, 1)


def test_what_stands_against_publishing_is_counted() -> None:
    assert doubts_against(TRIALS, Rule(half_width=0.15)) == [(Doubt.WIDE, 2), (Doubt.STRADDLES, 1)]


def test_the_rules_own_width_is_among_those_compared() -> None:
    assert 0.17 in [level.half_width for level in levels_of(TRIALS, Rule(half_width=0.17))]


def test_thresholds_are_tried_in_the_address_and_set_by_the_form(operator: User) -> None:
    client, address = client_of(operator), reverse("grader")
    wanted = {"half_width": "0.3", "pass_mark": "0.5", "graded_answers": "3", "audit_share": "0.1"}
    page = client.get(address, wanted)
    assert page.context["rule"] == Rule(0.3, 0.5, 3, 0.1)
    assert current_rule() == Rule()
    assert client.post(address, wanted).status_code == 302
    assert current_rule() == Rule(0.3, 0.5, 3, 0.1)


@pytest.mark.parametrize("bad", ["", "a", "-1", "2", "nan", "inf", "1e9999"])
def test_thresholds_that_make_no_sense_are_said_beside_their_field(operator: User, bad: str) -> None:
    answer = client_of(operator).post(reverse("grader"), {"half_width": bad})
    assert answer.status_code == 400
    assert 'aria-describedby="half_width-error"' in answer.content.decode()
    assert current_rule() == Rule()


@pytest.mark.parametrize("page", ["grader", "rubric-preview"])
def test_the_operators_pages_are_not_for_candidates_and_interviewers(
    reviewer: User, candidate: User, page: str
) -> None:
    for user in (reviewer, candidate):
        assert client_of(user).get(reverse(page)).status_code == 403


def test_the_grader_is_tried_on_graded_samples_with_themselves_left_out(
    version: ProblemVersion, operator: User
) -> None:
    open_answers.try_grader()
    samples = GraderTrial.objects.filter(problem=version.problem)
    assert [round(one.truth, 2) for one in samples.order_by("truth")] == [0.0, 0.6, 1.0]
    # Of three graded answers two are left for each.
    assert {one.graded_answers for one in samples} == {2}
    page = client_of(operator).get(reverse("grader"))
    assert page.context["trials"] == 3
    # Tried again, nothing is counted twice.
    open_answers.try_grader()
    assert GraderTrial.objects.count() == 3


def test_marked_answers_are_trials_too(answered: Answered, reviewer: User, operator: User) -> None:
    published, doubtful = answered(**SURE), answered(**DOUBTFUL, graded_answers=0)
    mark_points(
        reviewer=reviewer, submission=published, marks={"cause": ("met", ""), "remedy": ("partly", "Half.")}
    )
    mark_points(reviewer=reviewer, submission=doubtful, marks={"cause": ("met", "")})
    (one,) = reviewed_trials()
    assert (one.estimate.score, one.truth) == (1.0, 0.8)
    assert reviewed_trials("zh") == []
    page = client_of(operator).get(reverse("grader"), {"source": "reviewed"})
    assert page.context["trials"] == 1
    assert page.context["curve"] is not None


def test_a_disabled_model_can_be_tried_again(operator: User, settings: Settings) -> None:
    settings.JUDGE_URL, settings.JUDGE_MODEL = "http://127.0.0.1:9/v1", "small-judge"
    JudgeVersion.objects.create(version="small-judge fp", passed=False, detail="orders (en): 1.00")
    client = client_of(operator)
    page = client.get(reverse("grader")).content.decode()
    assert "orders (en): 1.00" in page
    client.post(reverse("grader-forget"), {"version": "small-judge fp"})
    assert not JudgeVersion.objects.exists()
