"""Reviewers confirm what the machine said, or say why not; one click an answer, and the next one opens."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from grader.agreement import LEVELS, weighted_kappa
from grader.marking import ask_regrade, mark_points
from grader.models import PointMark, RegradeRequest, Submission
from grader.open.model import Flag
from grader.publishing import Rule
from grader.verdict import Stage
from questionbank.models import User
from tests import bank
from tests.grading.conftest import DOUBTFUL, NOT_MET, SURE, UNSURE, Answered
from tests.pages.conftest import client_of


@pytest.fixture
def client(reviewer: User) -> Client:
    return client_of(reviewer)


def waiting(client: Client) -> list[Submission]:
    return [row for row, _why, _grade in client.get(reverse("review-queue")).context["listed"]]


def offered(client: Client, submission: Submission) -> dict[str, str]:
    """The form as it is sent where the reviewer changes nothing."""
    page = client.get(reverse("review", args=[submission.pk])).content.decode()
    chosen = re.findall(r'name="(level-\w+)" value="(\w+)"[^>]* checked', page)
    return dict(chosen)


def test_ten_answers_take_ten_clicks(client: Client, answered: Answered) -> None:
    for _ in range(10):
        answered(**DOUBTFUL)
    answer = client.get(reverse("review-begin"))
    for click in range(10):
        address = answer["Location"]
        submission = Submission.objects.get(pk=address.split("/")[2])
        answer = client.post(address, offered(client, submission))
        assert answer.status_code == 302, click
    assert answer["Location"] == reverse("review-queue")
    assert Submission.objects.filter(stage=Stage.DONE).count() == 10
    assert waiting(client) == []


def test_the_oldest_answer_comes_first_and_skipping_goes_round(client: Client, answered: Answered) -> None:
    rows = [answered(**DOUBTFUL) for _ in range(3)]
    assert waiting(client) == rows
    for row, following in zip(rows, [*rows[1:], rows[0]], strict=True):
        assert client.get(reverse("review", args=[row.pk])).context["following"] == following


def test_what_the_grader_said_is_offered_and_where_it_was_unsure_what_it_leans_to(
    client: Client, answered: Answered
) -> None:
    submission = answered(cause=NOT_MET, remedy=UNSURE, half_width=0.4)
    assert offered(client, submission) == {"level-cause": "not_met", "level-remedy": "partly"}


def test_an_override_needs_a_reason(client: Client, answered: Answered) -> None:
    submission = answered(**DOUBTFUL)
    address = reverse("review", args=[submission.pk])
    marks = {"level-cause": "not_met", "level-remedy": "met"}
    refused = client.post(address, marks)
    assert refused.status_code == 400
    assert "Say why" in refused.content.decode()
    assert PointMark.objects.count() == 0
    # What was chosen is still chosen.
    assert [point.level for point in refused.context["points"]] == ["not_met", "met"]
    assert client.post(address, marks | {"comment-cause": "It says the reverse."}).status_code == 302
    mark = PointMark.objects.get(point_id="cause")
    assert (mark.level, mark.graded_level, mark.comment) == ("not_met", "met", "It says the reverse.")


def test_where_the_grader_was_unsure_no_reason_is_asked(answered: Answered, reviewer: User) -> None:
    submission = answered(**DOUBTFUL)
    mark_points(reviewer=reviewer, submission=submission, marks={"remedy": ("met", "")})
    assert submission.marks.get().graded_level == "unsure"


def test_an_audited_answer_waits_although_it_is_published(
    client: Client, answered: Answered, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.grading.current_rule", lambda: Rule(audit_share=1.0))
    submission = answered(**SURE)
    assert (submission.stage, waiting(client)) == (Stage.DONE, [submission])
    client.post(reverse("review", args=[submission.pk]), offered(client, submission))
    assert waiting(client) == []


def test_a_published_answer_does_not_wait_until_its_candidate_asks(
    client: Client, answered: Answered, reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.grading.current_rule", lambda: Rule(audit_share=0.0))
    submission = answered(**SURE)
    assert waiting(client) == []
    ask_regrade(user=submission.user, submission=submission, reason="It is all there.")
    assert waiting(client) == [submission]
    assert "It is all there." in client.get(reverse("review", args=[submission.pk])).content.decode()
    mark_points(
        reviewer=reviewer,
        submission=submission,
        marks={"cause": ("partly", "Half."), "remedy": ("met", "")},
    )
    assert waiting(client) == []
    assert RegradeRequest.objects.get().answered_at is not None
    assert submission.score == 70.0


def test_the_page_shows_evidence_flags_and_why_it_waits(client: Client, answered: Answered) -> None:
    submission = answered(**DOUBTFUL, flags=(Flag.INVISIBLE_CHARACTERS,))
    page = client.get(reverse("review", args=[submission.pk])).content.decode()
    assert "invisible characters" in page
    assert "the interval is wide" in page
    assert "<q>memory is read</q>" in page
    assert '<mark data-points="1 ">memory is read' in page


def test_an_answer_is_shown_as_text_and_never_as_markup(client: Client, answered: Answered) -> None:
    submission = answered("Because <script>alert(1)</script> memory", **DOUBTFUL)
    assert "<script>alert" not in client.get(reverse("review", args=[submission.pk])).content.decode()


def test_agreement_is_told_by_question_and_by_month(
    client: Client, answered: Answered, reviewer: User
) -> None:
    assert "No graded answer" in client.get(reverse("review-agreement")).content.decode()
    for level in ("met", "partly", "not_met"):
        submission = answered(cause=NOT_MET, remedy=UNSURE, half_width=0.4)
        reason = "" if level == "not_met" else "Look again."
        marks = {"cause": (level, reason), "remedy": ("met", "")}
        mark_points(reviewer=reviewer, submission=submission, marks=marks)
    page = client.get(reverse("review-agreement"))
    (line,) = page.context["questions"]
    # Of the points that the grader was unsure of nothing can be said.
    assert (line.answers, line.marks, line.changed) == (3, 3, 67)
    assert len(page.context["months"]) == 1


def test_agreement_is_of_answers_that_one_may_mark(answered: Answered, reviewer: User) -> None:
    submission = answered(**DOUBTFUL)
    marks = {"cause": ("met", ""), "remedy": ("met", "")}
    mark_points(reviewer=reviewer, submission=submission, marks=marks)
    assert client_of(bank.candidate("another")).get(reverse("review-agreement")).status_code == 403


def test_kappa_is_one_in_full_agreement_and_nothing_where_chance_explains_all() -> None:
    assert weighted_kappa([(level, level) for level in LEVELS]) == 1.0
    assert weighted_kappa([("met", "met")] * 9) is None
    assert weighted_kappa([]) is None
    by_chance = [(first, second) for first in LEVELS for second in LEVELS]
    assert weighted_kappa(by_chance) == pytest.approx(0.0)
    assert weighted_kappa([("met", "not_met"), ("not_met", "met")]) == -1.0


def test_kappa_weighs_a_step_of_two_four_times_as_much() -> None:
    """By hand: 4 pairs, one of them apart by one step or by two; expected disagreement from the margins."""
    near = [("met", "met"), ("met", "met"), ("not_met", "not_met"), ("met", "partly")]
    far = [*near[:3], ("met", "not_met")]
    # Firsts 3 met, 1 not met; seconds 2 met, 1 partly, 1 not met: (3·1 + 3·4 + 2·4 + 1·1) / 16 = 1.5.
    assert weighted_kappa(near) == pytest.approx(1 - (1 / 4) / 1.5)
    # Seconds 2 met, 2 not met: (3·2·4 + 1·2·4) / 16 = 2.
    assert weighted_kappa(far) == pytest.approx(1 - (4 / 4) / 2)
