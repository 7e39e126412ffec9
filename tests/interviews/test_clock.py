"""The server's clock alone says when an attempt is over, to the second and whoever sends at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from grader.models import Submission
from interviews.errors import AttemptClosed
from interviews.models import Attempt
from interviews.services import ItemDraft, finish_attempt, is_open, start_attempt
from tests import bank
from tests.api.conftest import Api, refused
from tests.interviews.conftest import MINUTES, Clock, answer, make_set

A_MOMENT = timedelta(milliseconds=1)
WHOLE = timedelta(minutes=MINUTES)


def test_the_deadline_is_set_at_the_start(attempt: Attempt) -> None:
    assert attempt.deadline - attempt.started_at == WHOLE


def test_an_answer_counts_until_the_deadline(attempt: Attempt, clock: Clock) -> None:
    clock(attempt.deadline - timezone.now() - A_MOMENT)
    assert is_open(attempt)
    assert answer(attempt, bank.FUNCTION).attempt_link.attempt == attempt


def test_an_answer_at_the_deadline_is_late(attempt: Attempt, clock: Clock) -> None:
    clock(attempt.deadline - timezone.now())
    assert not is_open(attempt)
    with pytest.raises(AttemptClosed, match="too late"):
        answer(attempt, bank.FUNCTION)
    assert Submission.objects.count() == 0


def test_a_late_answer_is_refused_by_page_and_api(attempt: Attempt, clock: Clock) -> None:
    item = attempt.question_set.items.first()
    assert item is not None
    clock(attempt.deadline - timezone.now())
    body = {"item": item.pk, "language": "python", "source": "x"}
    late = refused(Api(attempt.candidate).post(f"attempts/{attempt.pk}/submissions/", body), 409)
    assert "too late" in late["detail"]
    browser = Client()
    browser.force_login(attempt.candidate)
    page = browser.post(
        reverse("attempt-submit", args=[attempt.pk, 1]), {"language": "python", "source": "x"}
    )
    assert (page.status_code, b"too late" in page.content) == (400, True)
    assert Submission.objects.count() == 0


def test_starting_again_does_not_move_the_deadline(attempt: Attempt, clock: Clock) -> None:
    clock(timedelta(minutes=10))
    again = start_attempt(question_set=attempt.question_set, candidate=attempt.candidate)
    assert (again.pk, again.deadline) == (attempt.pk, attempt.deadline)


def test_finishing_early_ends_it_for_good(attempt: Attempt) -> None:
    finish_attempt(attempt)
    ended = attempt.finished_at
    assert ended is not None
    assert ended < attempt.deadline
    with pytest.raises(AttemptClosed):
        answer(attempt, bank.FUNCTION)
    finish_attempt(attempt)
    assert attempt.finished_at == ended


def test_finishing_after_the_deadline_ends_it_at_the_deadline(attempt: Attempt, clock: Clock) -> None:
    clock(WHOLE * 2)
    finish_attempt(attempt)
    assert attempt.finished_at == attempt.deadline


def test_an_answer_that_finds_the_attempt_busy_is_measured_when_its_turn_comes(
    transactional_db: None, tmp_path: Path
) -> None:
    """It came in time and waited for another's transaction beyond the deadline: late is late."""
    bank.published(tmp_path, bank.FUNCTION)
    question_set = make_set(bank.interviewer(), ItemDraft(bank.FUNCTION))
    attempt = start_attempt(question_set=question_set, candidate=bank.candidate())
    held, sent = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Attempt.objects.select_for_update().get(pk=attempt.pk)
                held.set()
                sent.wait(10)
                deadline = timezone.now() + timedelta(seconds=0.2)
                Attempt.objects.filter(pk=attempt.pk).update(deadline=deadline)
                threading.Event().wait(0.5)
        finally:
            connection.close()

    def send() -> str:
        held.wait(10)
        sent.set()
        try:
            answer(attempt, bank.FUNCTION)
        except AttemptClosed:
            return "late"
        finally:
            connection.close()
        return "in time"

    with ThreadPoolExecutor(2) as threads:
        holding, sending = threads.submit(hold), threads.submit(send)
        assert sending.result(30) == "late"
        holding.result(30)
    assert Submission.objects.count() == 0


def test_of_an_answer_and_an_end_at_once_either_comes_first(transactional_db: None, tmp_path: Path) -> None:
    bank.published(tmp_path, bank.FUNCTION)
    question_set = make_set(bank.interviewer(), ItemDraft(bank.FUNCTION))
    for number in range(5):
        attempt = start_attempt(question_set=question_set, candidate=bank.candidate(f"c{number}"))
        together = threading.Barrier(2)

        def send(attempt: Attempt = attempt, together: threading.Barrier = together) -> None:
            together.wait()
            try:
                answer(attempt, bank.FUNCTION)
            except AttemptClosed:
                return
            finally:
                connection.close()

        def end(attempt: Attempt = attempt, together: threading.Barrier = together) -> None:
            together.wait()
            try:
                finish_attempt(attempt)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(send), threads.submit(end)]:
                done.result(30)
        attempt.refresh_from_db()
        assert attempt.finished_at is not None
        for submission in Submission.objects.filter(attempt_link__attempt=attempt):
            assert submission.created_at <= attempt.finished_at
