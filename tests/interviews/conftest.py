"""A set of two problems, its owner and a candidate. Nobody judges: tests write what a judge would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import timezone

from grader.models import Submission
from grader.verdict import Stage
from interviews.models import Attempt, QuestionSet
from interviews.services import ItemDraft, create_set, start_attempt, submit_in_attempt
from questionbank.models import ProblemVersion, User
from tests import bank

MINUTES = 30
Clock = Callable[[timedelta], None]


@pytest.fixture(autouse=True)
def counts_of_throttles(broker: object) -> None:
    cache.clear()


@pytest.fixture
def versions(db: None, tmp_path: Path) -> dict[str, ProblemVersion]:
    return bank.published(tmp_path)


@pytest.fixture
def owner(db: None) -> User:
    return bank.interviewer()


@pytest.fixture
def candidate(db: None) -> User:
    return bank.candidate()


@pytest.fixture
def question_set(versions: dict[str, ProblemVersion], owner: User) -> QuestionSet:
    """A function (weight 1) and an open question (weight 2)."""
    return make_set(owner, ItemDraft(bank.FUNCTION, 1), ItemDraft(bank.OPEN, 2))


@pytest.fixture
def attempt(question_set: QuestionSet, candidate: User) -> Attempt:
    return start_attempt(question_set=question_set, candidate=candidate)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets the server's clock: to the given distance from now."""

    def put(distance: timedelta) -> None:
        moment: datetime = timezone.now() + distance
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return put


def make_set(owner: User, *items: ItemDraft, title: str = "First talk") -> QuestionSet:
    return create_set(
        owner=owner, title=title, introduction="Hello.", time_limit_minutes=MINUTES, items=items
    )


def answer(attempt: Attempt, slug: str, source: str = "", **result: object) -> Submission:
    """Hands in an answer; `result` is what judging made of it."""
    item = attempt.question_set.items.get(version__problem__slug=slug)
    submission = submit_in_attempt(
        attempt=attempt, item=item, language=item.version.languages[0], source=source or bank.RIGHT[slug]
    )
    if result:
        fields = {"stage": Stage.DONE, "finished_at": timezone.now()} | result
        Submission.objects.filter(pk=submission.pk).update(**fields)
        submission.refresh_from_db()
    return submission
