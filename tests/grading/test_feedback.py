"""A candidate sees what was met in their own words, hints for the rest, and how sure the grade is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from grader.feedback import Standing, feedback_on
from grader.marking import mark_points
from grader.models import Submission
from grader.pages.highlighting import pieces_of
from interviews.models import Attempt
from interviews.services import finish_attempt, submit_in_attempt
from questionbank.models import User
from tests.api.conftest import Api, refused
from tests.grading.conftest import DOUBTFUL, MET, NOT_MET, PARTLY, SENTENCE, SURE, Answered, graded
from tests.pages.conftest import client_of


def page_of(submission: Submission) -> str:
    address = reverse("submission", args=[submission.pk])
    return client_of(submission.user).get(address).content.decode()


def test_points_met_are_shown_with_the_candidates_own_words(answered: Answered) -> None:
    submission = answered(cause=MET, remedy=NOT_MET, half_width=0.0)
    feedback = feedback_on(submission)
    assert feedback is not None
    cause, remedy = feedback.points
    assert submission.source[cause.start : cause.end] == "memory is read"
    assert (remedy.start, remedy.end) == (None, None)
    page = page_of(submission)
    assert '<mark data-points="1 ">memory is read<span class="ref">1</span></mark>' in page


def test_a_missed_point_gives_its_hint_and_not_itself(answered: Answered) -> None:
    page = page_of(answered(cause=NOT_MET, remedy=MET, half_width=0.3))
    assert "think of causes" in page
    assert "says cause" not in page
    assert "says remedy" in page
    assert "The model answer." not in page


def test_the_follow_up_asks_about_what_was_missed(answered: Answered) -> None:
    missed, made = answered(cause=PARTLY, remedy=MET), answered(**SURE)
    assert feedback_on(missed).follow_up["en"] == "What causes it?"  # type: ignore[union-attr, index]
    assert feedback_on(made).follow_up["en"] == "What else?"  # type: ignore[union-attr, index]


def test_a_provisional_grade_looks_provisional_and_gives_no_single_score(answered: Answered) -> None:
    page = page_of(answered(**DOUBTFUL))
    assert 'data-standing="provisional"' in page
    assert "between 50 and 100 of 100" in page
    assert "80 of 100 points" not in page


def test_a_published_grade_says_that_a_machine_gave_it(answered: Answered) -> None:
    page = page_of(answered(**SURE))
    assert 'data-standing="published"' in page
    assert "Graded by the machine" in page


def test_a_persons_marks_replace_the_machines(answered: Answered, reviewer: User) -> None:
    submission = answered(**DOUBTFUL)
    marks = {"cause": ("partly", "Which memory?"), "remedy": ("not_met", "")}
    mark_points(reviewer=reviewer, submission=submission, marks=marks)
    feedback = feedback_on(submission)
    assert feedback is not None
    assert (feedback.standing, feedback.score) == (Standing.MARKED, 0.3)
    page = page_of(submission)
    assert "Which memory?" in page
    assert 'data-standing="marked"' in page


def test_flags_are_not_told_to_the_candidate(answered: Answered) -> None:
    submission = answered(**DOUBTFUL, flags=("keyword_stuffing",))
    assert "keyword" not in page_of(submission).lower()
    assert Api(submission.user).get(f"submissions/{submission.pk}/").json()["grade"] is None


def test_a_running_attempt_gives_no_feedback(attempt: Attempt, answered: Answered) -> None:
    item = attempt.question_set.items.get()
    submission = submit_in_attempt(attempt=attempt, item=item, language="text", source=SENTENCE)
    graded(submission, **SURE)
    assert feedback_on(submission) is None
    assert "<mark" not in page_of(submission)
    finish_attempt(attempt)
    assert feedback_on(submission) is not None


def test_feedback_opens_when_the_time_is_over(attempt: Attempt) -> None:
    item = attempt.question_set.items.get()
    submission = submit_in_attempt(attempt=attempt, item=item, language="text", source=SENTENCE)
    graded(submission, **SURE)
    Attempt.objects.update(deadline=attempt.started_at - timedelta(minutes=1))
    assert feedback_on(submission) is not None


def test_the_api_tells_candidates_the_feedback_and_reviewers_the_grade(
    answered: Answered, reviewer: User
) -> None:
    submission = answered(cause=NOT_MET, remedy=MET, half_width=0.3)
    told = Api(submission.user).get(f"submissions/{submission.pk}/").json()
    assert told["grade"] is None
    assert told["feedback"]["standing"] == "provisional"
    cause, remedy = told["feedback"]["points"]
    assert (cause["level"], cause["statement"], cause["hint"]["en"]) == ("not_met", None, "think of causes")
    assert (remedy["level"], remedy["start"], remedy["end"]) == ("met", 8, 22)
    grade = Api(reviewer).get(f"submissions/{submission.pk}/").json()["grade"]
    assert grade["doubts"] == ["wide", "straddles"]
    assert grade["points"][1]["probability"] == 1.0


def test_a_second_look_can_be_asked_for_once(answered: Answered, reviewer: User) -> None:
    submission = answered(**SURE)
    api = Api(submission.user)
    address = f"submissions/{submission.pk}/regrade/"
    refused(api.post(address, {"reason": " "}), 400)
    assert api.post(address, {"reason": "My remedy is there."}).status_code == 201
    refused(api.post(address, {"reason": "Again."}), 409)
    refused(Api(reviewer).post(address, {"reason": "Not mine."}), 404)
    assert "a person looks at this answer" in page_of(submission)


def test_no_second_look_before_a_first_one(answered: Answered) -> None:
    submission = answered(**DOUBTFUL)
    refused(Api(submission.user).post(f"submissions/{submission.pk}/regrade/", {"reason": "Soon?"}), 409)


@pytest.mark.parametrize(
    ("places", "cut"),
    [
        ({}, [("0123456789", (), ())]),
        ({1: (2, 4)}, [("01", (), ()), ("23", (1,), (1,)), ("456789", (), ())]),
        (
            {1: (0, 4), 2: (2, 10)},
            [("01", (1,), ()), ("23", (1, 2), (1,)), ("456789", (2,), (2,))],
        ),
        ({1: (8, 99), 2: (None, None), 3: (5, 5)}, [("01234567", (), ()), ("89", (1,), (1,))]),
    ],
)
def test_an_answer_is_cut_where_evidence_begins_and_ends(
    places: dict[int, tuple[int | None, int | None]], cut: list[tuple[str, tuple[int, ...], tuple[int, ...]]]
) -> None:
    pieces = pieces_of("0123456789", places)
    assert [(piece.text, piece.numbers, piece.last) for piece in pieces] == cut
    assert "".join(piece.text for piece in pieces) == "0123456789"
