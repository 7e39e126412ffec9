"""What people send wrongly is answered by a sentence beside the form, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from grader.models import Draft, Submission
from interviews.models import Attempt, QuestionSet
from interviews.services import start_attempt
from questionbank.models import ProblemVersion, User
from tests.pages.conftest import CODE, OPEN, client_of


def test_a_draft_is_kept_with_its_revision(versions: dict[str, ProblemVersion], candidate: User) -> None:
    client = client_of(candidate)
    address = reverse("problem-draft", args=[CODE])
    first = client.post(address, {"language": "python", "source": "a", "revision": "0"})
    assert first.json() == {"revision": 1}
    stale = client.post(address, {"language": "python", "source": "b", "revision": "0"})
    assert stale.status_code == 409
    assert Draft.objects.get().source == "a"


@pytest.mark.parametrize(
    "body", [{"language": "cobol", "source": "", "revision": "0"}, {"language": "python"}]
)
def test_a_draft_that_makes_no_sense_is_refused(
    versions: dict[str, ProblemVersion], candidate: User, body: dict[str, str]
) -> None:
    answer = client_of(candidate).post(reverse("problem-draft", args=[CODE]), body)
    assert answer.status_code == 400
    assert Draft.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"problem": [], "weight": []}, "A set has between 1 and"),
        ({"problem": [CODE, CODE], "weight": ["1", "1"]}, "A problem is in the set twice."),
        ({"weight": ["0"]}, "A weight is between 1 and"),
        ({"weight": ["many"]}, "A weight is between 1 and"),
        ({"problem": ["no-such-problem"]}, "There is no problem no-such-problem."),
        ({"title": ""}, "This field is required."),
        ({"time_limit_minutes": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_set_that_makes_no_sense_is_refused(
    versions: dict[str, ProblemVersion], interviewer: User, change: dict[str, object], sentence: str
) -> None:
    form: dict[str, object] = {"title": "T", "time_limit_minutes": "30", "problem": [CODE], "weight": ["1"]}
    answer = client_of(interviewer).post(reverse("set-create"), form | change)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert QuestionSet.objects.count() == 0


def test_a_set_keeps_its_order_and_weights(versions: dict[str, ProblemVersion], interviewer: User) -> None:
    form = {"title": "T", "time_limit_minutes": "30", "problem": [OPEN, CODE], "weight": ["2", "1"]}
    answer = client_of(interviewer).post(reverse("set-create"), form)
    made = QuestionSet.objects.get()
    assert answer["Location"] == reverse("set", args=[made.pk])
    kept = [(item.version.problem.slug, item.weight) for item in made.items.all()]
    assert kept == [(OPEN, 2), (CODE, 1)]


def test_the_clock_starts_once(question_set: QuestionSet, candidate: User) -> None:
    client = client_of(candidate)
    address = reverse("shared-set-start", args=[question_set.share_token])
    client.post(address)
    deadline = Attempt.objects.get().deadline
    client.post(address)
    assert Attempt.objects.get().deadline == deadline


def test_an_answer_after_the_deadline_is_refused(question_set: QuestionSet, candidate: User) -> None:
    attempt = start_attempt(question_set=question_set, candidate=candidate)
    Attempt.objects.update(deadline=timezone.now() - timedelta(seconds=1))
    client = client_of(candidate)
    assert client.get(reverse("attempt-item", args=[attempt.pk, 1])).status_code == 302
    assert Submission.objects.count() == 0
    page = client.get(reverse("attempt", args=[attempt.pk]))
    assert not page.context["open"]


def test_a_reviewer_may_leave_points_for_later(
    answered: Callable[..., Submission], interviewer: User
) -> None:
    submission = answered(OPEN, "prose", stage="awaiting_review", verdict="", score=None)
    page = client_of(interviewer).get(reverse("review", args=[submission.pk]))
    assert [point.level for point in page.context["points"]] == [""] * len(page.context["points"])


def test_code_is_not_marked_by_people(answered: Callable[..., Submission], interviewer: User) -> None:
    assert client_of(interviewer).get(reverse("review", args=[answered().pk])).status_code == 404
