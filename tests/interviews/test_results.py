"""A result is the weighted mean of each problem's best counted answer; table, page and API say the same."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from grader.marking import mark_points
from grader.verdict import Stage, Verdict
from interviews.models import Attempt, QuestionSet
from interviews.services import (
    ItemDraft,
    Row,
    close_set,
    finish_attempt,
    results_of,
    results_table,
    start_attempt,
)
from questionbank.models import ProblemVersion, User
from tests import bank
from tests.api.conftest import Api, refused
from tests.interviews.conftest import answer, make_set

WRONG = {"verdict": Verdict.WA, "score": 0.0}
HALF = {"verdict": Verdict.WA, "score": 50.0}
RIGHT = {"verdict": Verdict.AC, "score": 100.0}
FAILED = {"verdict": Verdict.IE, "score": 0.0}
WAITING = {"stage": Stage.AWAITING_REVIEW, "verdict": "", "score": None, "finished_at": None}


def row_of(attempt: Attempt) -> Row:
    """The attempt's line, after the check that the table holds the same."""
    row = results_of(attempt)
    (found,) = [one for one in results_table(attempt.question_set) if one.attempt == attempt]
    assert (found.total, found.provisional) == (row.total, row.provisional)
    assert [(cell.item, cell.score, cell.verdict, cell.submissions) for cell in found.cells] == [
        (cell.item, cell.score, cell.verdict, cell.submissions) for cell in row.cells
    ]
    return row


def test_who_hands_in_nothing_has_nothing(attempt: Attempt) -> None:
    row = row_of(attempt)
    assert (row.total, row.provisional) == (0.0, False)
    assert [(cell.score, cell.verdict) for cell in row.cells] == [(None, ""), (None, "")]


def test_the_best_answer_counts_not_the_last(attempt: Attempt) -> None:
    for result in (WRONG, HALF, RIGHT, WRONG):
        answer(attempt, bank.FUNCTION, **result)
    cell = row_of(attempt).cells[0]
    assert (cell.score, cell.verdict, len(cell.submissions)) == (100.0, Verdict.AC, 4)


def test_of_equal_answers_the_first_counts(attempt: Attempt) -> None:
    answer(attempt, bank.FUNCTION, verdict=Verdict.TLE, score=0.0)
    answer(attempt, bank.FUNCTION, **WRONG)
    assert row_of(attempt).cells[0].verdict == Verdict.TLE


@pytest.mark.parametrize(
    ("weights", "total"), [((1, 2), 33.33), ((2, 1), 66.67), ((1, 1), 50.0), ((1000, 1), 99.9)]
)
def test_weights_are_shares(
    versions: dict[str, ProblemVersion], owner: User, candidate: User, weights: tuple[int, int], total: float
) -> None:
    drafts = [
        ItemDraft(slug, weight) for slug, weight in zip((bank.FUNCTION, bank.OPEN), weights, strict=True)
    ]
    attempt = start_attempt(question_set=make_set(owner, *drafts), candidate=candidate)
    answer(attempt, bank.FUNCTION, **RIGHT)
    assert row_of(attempt).total == total


def test_our_own_failures_do_not_count(attempt: Attempt) -> None:
    answer(attempt, bank.FUNCTION, **FAILED)
    cell = row_of(attempt).cells[0]
    assert (cell.score, cell.verdict) == (None, "")
    answer(attempt, bank.FUNCTION, **WRONG)
    cell = row_of(attempt).cells[0]
    assert (cell.score, cell.verdict) == (0.0, Verdict.WA)


def test_a_result_is_provisional_while_an_answer_waits(attempt: Attempt, owner: User) -> None:
    answer(attempt, bank.FUNCTION, **RIGHT)
    assert not row_of(attempt).provisional
    prose = answer(attempt, bank.OPEN, **WAITING)
    row = row_of(attempt)
    assert (row.provisional, row.total, row.cells[1].score) == (True, 33.33, None)
    mark_points(reviewer=owner, submission=prose, marks={"cause": ("met", "")})
    assert row_of(attempt).provisional
    mark_points(reviewer=owner, submission=prose, marks={"remedy": ("partly", "")})
    row = row_of(attempt)
    assert (row.provisional, row.cells[1].score, row.total) == (False, 80.0, 86.67)


@pytest.mark.parametrize("stage", [Stage.QUEUED, Stage.COMPILING, Stage.RUNNING])
def test_a_result_is_provisional_while_an_answer_is_judged(attempt: Attempt, stage: Stage) -> None:
    answer(attempt, bank.FUNCTION, **RIGHT)
    answer(attempt, bank.FUNCTION, stage=stage, finished_at=None)
    row = row_of(attempt)
    assert (row.provisional, row.cells[0].score) == (True, 100.0)


def test_practice_outside_the_attempt_does_not_count(attempt: Attempt) -> None:
    pk = Api(attempt.candidate).submit().json()["id"]
    assert all(str(one.pk) != pk for cell in row_of(attempt).cells for one in cell.submissions)


def test_the_table_has_a_line_a_candidate_in_the_order_of_starting(
    question_set: QuestionSet, django_assert_max_num_queries: Any
) -> None:
    attempts = []
    for number in range(4):
        attempts.append(start_attempt(question_set=question_set, candidate=bank.candidate(f"c{number}")))
        for _ in range(number):
            answer(attempts[-1], bank.FUNCTION, **RIGHT)
    with django_assert_max_num_queries(4):
        table = results_table(question_set)
    assert [row.attempt for row in table] == attempts
    assert [row.total for row in table] == [0.0, 33.33, 33.33, 33.33]


def test_the_api_says_what_the_table_says(attempt: Attempt, owner: User) -> None:
    answer(attempt, bank.FUNCTION, **HALF)
    prose = answer(attempt, bank.OPEN, **WAITING)
    finish_attempt(attempt)
    (result,) = Api(owner).get(f"sets/{attempt.question_set_id}/results/").json()
    row = row_of(attempt)
    assert (result["candidate"], result["total"], result["provisional"]) == ("candidate", row.total, True)
    assert [
        (item["problem"], item["weight"], item["score"], item["verdict"]) for item in result["items"]
    ] == [
        (bank.FUNCTION, 1, 50.0, "WA"),
        (bank.OPEN, 2, None, None),
    ]
    assert result["items"][1]["submissions"] == [str(prose.pk)]
    own = Api(attempt.candidate).get(f"attempts/{attempt.pk}/result/").json()
    assert own == result


def test_the_page_says_what_the_table_says(attempt: Attempt, owner: User) -> None:
    answer(attempt, bank.FUNCTION, **RIGHT)
    browser = Client()
    browser.force_login(owner)
    page = browser.get(reverse("set", args=[attempt.question_set_id]))
    ((row, running),) = page.context["table"]
    assert (row.total, running) == (33.33, True)
    assert "33.3" in page.content.decode()


def test_ones_own_result_is_shown_once_the_attempt_is_over(attempt: Attempt) -> None:
    api = Api(attempt.candidate)
    refused(api.get(f"attempts/{attempt.pk}/result/"), 403)
    assert api.post(f"attempts/{attempt.pk}/finish/").json()["is_open"] is False
    assert api.get(f"attempts/{attempt.pk}/result/").status_code == 200


def test_a_closed_set_keeps_its_results(attempt: Attempt, owner: User) -> None:
    answer(attempt, bank.FUNCTION, **RIGHT)
    close_set(attempt.question_set)
    (result,) = Api(owner).get(f"sets/{attempt.question_set_id}/results/").json()
    assert result["total"] == 33.33
