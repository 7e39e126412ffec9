"""Submissions that real workers judge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.models import Submission
from grader.services import submit
from grader.verdict import FINAL_STAGES, Stage
from questionbank.models import ProblemVersion, User
from tests import bank
from tests.stack import Stack, wait_until

JUDGED_WITHIN_S = 60.0


@pytest.fixture
def versions(transactional_db: None, tmp_path: Path) -> dict[str, ProblemVersion]:
    """A problem of each kind."""
    return bank.published(tmp_path)


@pytest.fixture
def candidate(transactional_db: None) -> User:
    return bank.candidate()


@pytest.fixture
def reviewer(transactional_db: None) -> User:
    return bank.interviewer()


@pytest.fixture
def send(versions: dict[str, ProblemVersion], candidate: User, broker: object) -> Callable[..., Submission]:
    """Hands an answer in, whether or not anybody judges it."""

    def hand_in(source: str, slug: str = bank.FUNCTION) -> Submission:
        version = versions[slug]
        return submit(user=candidate, version=version, language=version.languages[0], source=source)

    return hand_in


@pytest.fixture
def judged(stack: Stack, send: Callable[..., Submission]) -> Callable[..., Submission]:
    """Hands an answer in and waits for the end."""

    def run(source: str, slug: str = bank.FUNCTION) -> Submission:
        return finished(send(source, slug))

    return run


def finished(submission: Submission, within_s: float = JUDGED_WITHIN_S) -> Submission:
    """The submission once it is over."""
    wait_until(lambda: stage_of(submission) in FINAL_STAGES, within_s, f"the end of {submission.pk}")
    submission.refresh_from_db()
    return submission


def reaches(submission: Submission, stage: Stage, within_s: float = JUDGED_WITHIN_S) -> None:
    """Returns once the submission is at `stage`."""
    wait_until(lambda: stage_of(submission) == stage, within_s, f"{submission.pk} to be {stage}")


def stage_of(submission: Submission) -> Stage:
    return Stage(Submission.objects.values_list("stage", flat=True).get(pk=submission.pk))
