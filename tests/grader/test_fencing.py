"""Of several workers at one submission a single one's results count, whatever is delivered twice or late."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from grader import services
from grader.errors import Fenced
from grader.judge.model import CaseResult, Judgement
from grader.models import CaseRecord, Submission
from grader.queue import JUDGE_TASK
from grader.verdict import Stage, Verdict
from tests import bank
from tests.grader.conftest import finished, reaches
from tests.stack import Stack

CASE = CaseResult("1", "secret", Verdict.AC)
ACCEPTED = Judgement(verdict=Verdict.AC, score=100.0)
SLOW = "import time\ndef solve(x):\n    time.sleep(0.6)\n    return 2 * x"


@pytest.fixture
def queued(send: Callable[..., Submission]) -> Submission:
    return send(bank.RIGHT[bank.FUNCTION])


def claimed(submission: Submission) -> int:
    attempt = services.claim(str(submission.pk))
    assert attempt is not None
    return attempt


def fall_silent(submission: Submission) -> None:
    """As if the worker had last been heard of before the lease began."""
    Submission.objects.filter(pk=submission.pk).update(
        claimed_at=timezone.now() - services.lease() - timedelta(seconds=1)
    )


def test_one_of_many_workers_gets_the_claim(queued: Submission) -> None:
    together = Barrier(8)

    def take(_: int) -> int | None:
        together.wait()
        try:
            return services.claim(str(queued.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        attempts = list(threads.map(take, range(8)))
    assert sorted(attempts, key=str) == [1, *[None] * 7]


def test_a_living_workers_claim_is_respected(queued: Submission) -> None:
    attempt = claimed(queued)
    assert services.claim(str(queued.pk)) is None
    services.record_case(str(queued.pk), attempt, 0, CASE)


def test_a_silent_workers_claim_is_taken_over_with_a_clean_sheet(queued: Submission) -> None:
    first = claimed(queued)
    services.record_case(str(queued.pk), first, 0, CASE)
    fall_silent(queued)
    assert claimed(queued) == first + 1
    assert queued.cases.count() == 0


@pytest.mark.parametrize(
    "write",
    [
        lambda pk: services.renew_claim(pk, 1),
        lambda pk: services.set_stage(pk, 1, Stage.RUNNING),
        lambda pk: services.record_case(pk, 1, 0, CASE),
        lambda pk: services.finish(pk, 1, ACCEPTED),
        lambda pk: services.fail_attempt(pk, 1),
    ],
    ids=["renew", "stage", "case", "finish", "fail"],
)
def test_a_worker_that_comes_back_from_the_dead_cannot_write(
    queued: Submission, write: Callable[[str], object]
) -> None:
    claimed(queued)
    fall_silent(queued)
    claimed(queued)
    before = Submission.objects.values().get(pk=queued.pk)
    with pytest.raises(Fenced):
        write(str(queued.pk))
    assert Submission.objects.values().get(pk=queued.pk) == before
    assert CaseRecord.objects.count() == 0


def test_nobody_writes_over_the_end(queued: Submission) -> None:
    attempt = claimed(queued)
    services.finish(str(queued.pk), attempt, ACCEPTED)
    assert services.claim(str(queued.pk)) is None
    with pytest.raises(Fenced):
        services.finish(str(queued.pk), attempt, Judgement(verdict=Verdict.WA, score=0.0))
    with pytest.raises(Fenced):
        services.record_case(str(queued.pk), attempt, 0, CASE)
    queued.refresh_from_db()
    assert queued.verdict == Verdict.AC


def test_an_answer_that_takes_every_worker_down_ends_as_an_internal_error(queued: Submission) -> None:
    for _ in range(services.MAX_INFRASTRUCTURE_FAILURES):
        assert services.claim(str(queued.pk)) is not None
        fall_silent(queued)
    assert services.claim(str(queued.pk)) is None
    queued.refresh_from_db()
    assert (queued.stage, queued.verdict) == (Stage.DONE, Verdict.IE)


def test_failures_of_ours_are_tried_again_ever_later_and_then_end(queued: Submission) -> None:
    waits = [services.fail_attempt(str(queued.pk), claimed(queued)) for _ in range(3)]
    assert waits == [pytest.approx(0.3), pytest.approx(0.9), None]
    queued.refresh_from_db()
    assert (queued.stage, queued.verdict, queued.score) == (Stage.DONE, Verdict.IE, 0)


def test_a_task_delivered_twice_judges_once(stack: Stack, send: Callable[..., Submission]) -> None:
    submission = send(SLOW)
    reaches(submission, Stage.RUNNING)
    for _ in range(3):
        current_app.send_task(JUDGE_TASK, args=[str(submission.pk)], queue="code")
    finished(submission)
    assert (submission.verdict, submission.attempt) == (Verdict.AC, 1)
    assert [case.position for case in submission.cases.all()] == [0, 1, 2, 3]


def test_a_task_delivered_after_the_end_changes_nothing(
    judged: Callable[..., Submission], send: Callable[..., Submission]
) -> None:
    first = judged(bank.RIGHT[bank.FUNCTION])
    before = Submission.objects.values().get(pk=first.pk)
    current_app.send_task(JUDGE_TASK, args=[str(first.pk)], queue="code")
    finished(send(bank.RIGHT[bank.FUNCTION]))
    assert Submission.objects.values().get(pk=first.pk) == before
