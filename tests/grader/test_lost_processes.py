"""Whatever process is lost while answers are judged: none is lost, none is judged twice, none is charged."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import transaction

from grader import events, services
from grader.models import CaseRecord, Submission
from grader.verdict import Stage, Verdict
from sandbox.client import connect
from sandbox.errors import SandboxError
from sandbox.job import Job, Runtime, Script, Status
from tests import bank
from tests.grader.conftest import finished, reaches
from tests.stack import Part, Stack, wait_until, worker

RIGHT = bank.RIGHT[bank.FUNCTION]
SLOW = "import time\ndef solve(x):\n    time.sleep(0.8)\n    return 2 * x"
VERY_SLOW = "import time\ndef solve(x):\n    time.sleep(2.5)\n    return 2 * x"


@pytest.fixture
def victim(stack: Stack) -> Iterator[Part]:
    """A worker of its own, alone with the queue until another is started."""
    stack.worker.stop()
    lonely = worker("victim").start()
    yield lonely
    lonely.kill()


def assert_judged_once(submission: Submission) -> None:
    assert submission.verdict == Verdict.AC
    assert [case.position for case in submission.cases.all()] == [0, 1, 2, 3]


def test_a_killed_workers_submission_is_judged_by_another(
    stack: Stack, victim: Part, send: Callable[..., Submission]
) -> None:
    submission = send(SLOW)
    wait_until(lambda: submission.cases.exists(), 30, "the first test's result")
    victim.kill()
    stack.worker.start()
    assert_judged_once(finished(submission))
    assert submission.attempt == 2


def test_a_killed_workers_queue_is_worked_off_by_another(
    stack: Stack, victim: Part, send: Callable[..., Submission]
) -> None:
    """The victim holds two answers and has taken more from the broker than it works on."""
    submissions = [send(SLOW) for _ in range(6)]
    reaches(submissions[0], Stage.RUNNING)
    victim.kill()
    stack.worker.start()
    for submission in submissions:
        assert_judged_once(finished(submission))
    assert CaseRecord.objects.count() == 4 * len(submissions)


def test_a_worker_that_comes_back_finds_its_claim_void(
    stack: Stack, victim: Part, send: Callable[..., Submission]
) -> None:
    submission = send(VERY_SLOW)
    wait_until(lambda: submission.cases.exists(), 30, "the first test's result")
    victim.signal(signal.SIGSTOP)
    stack.worker.start()
    assert_judged_once(finished(submission))
    before = Submission.objects.values().get(pk=submission.pk)
    victim.signal(signal.SIGCONT)
    # It goes on where it stood, and is at once free for something else.
    stack.worker.stop()
    assert_judged_once(finished(send(RIGHT)))
    assert_judged_once(submission)
    assert Submission.objects.values().get(pk=submission.pk) == before
    assert "lost its claim" in victim.log.read_text() or "was overtaken" in victim.log.read_text()


def test_an_answer_is_taken_in_while_the_broker_is_away(
    stack: Stack, send: Callable[..., Submission]
) -> None:
    stack.broker.kill()
    submission = send(RIGHT)
    assert submission.stage == Stage.QUEUED
    stack.broker.start()
    assert_judged_once(finished(submission))


def test_an_answer_that_the_broker_forgets_is_judged_all_the_same(
    stack: Stack, send: Callable[..., Submission]
) -> None:
    stack.worker.stop()
    submission = send(RIGHT)
    events.connection().flushall()
    stack.worker.start()
    assert_judged_once(finished(submission))


def test_a_broker_killed_while_an_answer_is_judged_disturbs_nothing(
    stack: Stack, send: Callable[..., Submission]
) -> None:
    submission = send(SLOW)
    wait_until(lambda: submission.cases.exists(), 30, "the first test's result")
    stack.broker.kill()
    assert_judged_once(finished(submission))
    assert submission.attempt == 1
    stack.broker.start()
    assert_judged_once(finished(send(RIGHT)))


def test_a_sandbox_killed_under_a_run_is_tried_again(stack: Stack, send: Callable[..., Submission]) -> None:
    submission = send(SLOW)
    wait_until(lambda: submission.cases.exists(), 30, "the first test's result")
    stack.sandbox.kill()
    stack.sandbox.start()
    assert_judged_once(finished(submission))
    assert 1 <= submission.infrastructure_failures < 3


def test_a_sandbox_that_stays_away_is_never_the_candidates_fault(
    stack: Stack, send: Callable[..., Submission]
) -> None:
    stack.sandbox.kill()
    submission = finished(send(RIGHT))
    assert (submission.verdict, submission.score) == (Verdict.IE, 0)
    stack.sandbox.start()
    assert_judged_once(finished(send(RIGHT)))


def test_old_connections_to_a_restarted_sandbox_fail_one_run_and_no_more(stack: Stack) -> None:
    sandbox = connect(settings.SANDBOX_SOCKET)
    job = Job(Runtime.PYTHON, Script("a.py"), files={"a.py": b"import time; time.sleep(0.3)"})
    with ThreadPoolExecutor(4) as threads:
        assert {outcome.status for outcome in threads.map(sandbox.run, [job] * 4)} == {Status.OK}
    stack.sandbox.kill()
    stack.sandbox.start()
    with pytest.raises(SandboxError):
        sandbox.run(job)
    assert sandbox.run(job).status is Status.OK
    sandbox.close()


def test_a_worker_told_to_stop_loses_nothing(
    stack: Stack, victim: Part, send: Callable[..., Submission]
) -> None:
    submissions = [send(SLOW) for _ in range(3)]
    reaches(submissions[0], Stage.RUNNING)
    victim.stop()
    stack.worker.start()
    for submission in submissions:
        assert_judged_once(finished(submission))


def test_a_database_that_is_away_for_a_moment_fences_nobody(
    stack: Stack, send: Callable[..., Submission]
) -> None:
    submission = send(SLOW)
    reaches(submission, Stage.RUNNING)
    with transaction.atomic():
        # Nobody else writes this row, or, on SQLite, anything.
        Submission.objects.filter(pk=submission.pk).update(device="held")
        time.sleep(services.lease().total_seconds() / 2)
    assert_judged_once(finished(submission))
    assert submission.attempt == 1
