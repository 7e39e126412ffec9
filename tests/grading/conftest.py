"""Open answers with the grade that a test wants. Nobody grades: tests write what the grader would say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache

from grader.grading import finish_graded
from grader.models import Submission
from grader.open.model import Flag, OpenGrade, PointGrade, PointLevel
from grader.services import claim, submit
from interviews.models import Attempt, QuestionSet
from interviews.services import ItemDraft, create_set, start_attempt
from questionbank.models import ProblemVersion, User
from tests import bank

SENTENCE = "Because memory is read once a token."
MET, PARTLY, NOT_MET, UNSURE = PointLevel.MET, PointLevel.PARTLY, PointLevel.NOT_MET, PointLevel.UNSURE
Answered = Callable[..., Submission]


@pytest.fixture(autouse=True)
def counts_of_throttles(broker: object) -> None:
    cache.clear()


@pytest.fixture
def version(db: None, tmp_path: Path) -> ProblemVersion:
    """The open question: a cause of weight 0.6 and a remedy of weight 0.4."""
    return bank.published(tmp_path, bank.OPEN)[bank.OPEN]


@pytest.fixture
def candidate(db: None) -> User:
    return bank.candidate()


@pytest.fixture
def reviewer(db: None) -> User:
    return bank.interviewer()


@pytest.fixture
def question_set(version: ProblemVersion, reviewer: User) -> QuestionSet:
    return create_set(
        owner=reviewer,
        title="Talk",
        introduction="",
        time_limit_minutes=30,
        items=[ItemDraft(bank.OPEN, 1)],
    )


@pytest.fixture
def attempt(question_set: QuestionSet, candidate: User) -> Attempt:
    return start_attempt(question_set=question_set, candidate=candidate)


@pytest.fixture
def answered(version: ProblemVersion, candidate: User) -> Answered:
    """Hands an answer in and finishes it with a grade."""

    def write(text: str = SENTENCE, *, user: User | None = None, **grade: object) -> Submission:
        submission = submit(user=user or candidate, version=version, language="text", source=text)
        return graded(submission, **grade)

    return write


def graded(submission: Submission, **said: object) -> Submission:
    """The submission, graded as `grade_of` says."""
    pk = str(submission.pk)
    number = claim(pk)
    assert number is not None
    finish_graded(pk, number, grade_of(**said))  # type: ignore[arg-type]
    submission.refresh_from_db()
    return submission


def grade_of(
    cause: PointLevel = MET,
    remedy: PointLevel = NOT_MET,
    *,
    half_width: float = 0.1,
    flags: tuple[Flag, ...] = (),
    graded_answers: int = 5,
    calibrated: bool = True,
) -> OpenGrade:
    """A grade of the bank's open question; found points rest on the words "memory is read"."""
    shares = {MET: 1.0, PARTLY: 0.5, NOT_MET: 0.0, UNSURE: 0.5}
    score = 0.6 * shares[cause] + 0.4 * shares[remedy]
    points = tuple(
        PointGrade(name, level, shares[level], *((8, 22) if level in (MET, PARTLY) else (None, None)))
        for name, level in (("cause", cause), ("remedy", remedy))
    )
    return OpenGrade(
        points=points,
        score=score,
        low=max(0.0, score - half_width),
        high=min(1.0, score + half_width),
        flags=flags,
        language="en",
        calibrated=calibrated,
        graded_answers=graded_answers,
        grader="test/1",
    )


SURE = {"cause": MET, "remedy": MET}
"""A grade that is published: 0.9 to 1, well above the pass mark."""
DOUBTFUL = {"cause": MET, "remedy": UNSURE, "half_width": 0.3}
