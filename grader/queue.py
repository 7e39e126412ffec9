"""Which queue an answer waits in, and how it gets there."""

from __future__ import annotations

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from questionbank.packages.model import Kind, Package

JUDGE_TASK = "grader.judge_submission"
RUN_TASK = "grader.run_samples"
REJUDGE_TASK = "grader.rejudge_answer"
PROVE_TASK = "grader.prove_draft"
FILL_TASK = "grader.fill_expected"
GENERATE_TASK = "grader.generate_tests"
IMPORT_TASK = "grader.bring_problems"
REQUEUE_TASK = "grader.requeue_forgotten"
PREVIEW_TASK = "grader.preview_grade"
TRIAL_TASK = "grader.try_grader"
QUEUES = ("code", "ml", "gpu", "text", "bulk")
DEFAULT_QUEUE = "code"
BACKGROUND_QUEUE = "bulk"
_log = logging.getLogger(__name__)


def queue_of(package: Package) -> str:
    """`code` for what takes milliseconds, `ml` for TensorFlow's runtime, `text` for prose.

    `gpu` for what waits for a device: nobody who needs none stands behind it.
    """
    if package.kind is Kind.OPEN:
        return "text"
    if package.needs_gpu:
        return "gpu"
    if package.kind is Kind.ARTIFACT or (package.function and package.function.runtime == "ml"):
        return "ml"
    return DEFAULT_QUEUE


def enqueue_judging(submission_id: str, queue: str) -> None:
    """Sends the submission to a worker once the transaction that made it is committed."""
    transaction.on_commit(partial(_send_judging, submission_id, queue))


def enqueue_run(run_id: str, queue: str) -> None:
    """Sends a run outside the record to a worker; raises where the broker is away."""
    current_app.send_task(RUN_TASK, args=[run_id], queue=queue)


def enqueue_rejudging(answer_id: int) -> None:
    """Sends one answer of a rejudge to whoever has time, once the transaction is committed."""
    transaction.on_commit(partial(_send_rejudging, answer_id))


def enqueue_proof(draft_id: str) -> None:
    """Asks for the gate's proof of a draft, once the transaction is committed."""
    transaction.on_commit(partial(_send, PROVE_TASK, draft_id))


def enqueue_filling(draft_id: str, user_id: int) -> None:
    """Asks for expected results in the name of a user, once the transaction is committed."""
    transaction.on_commit(partial(_send, FILL_TASK, draft_id, user_id))


def enqueue_generating(draft_id: str, user_id: int, path: str, group: str, first: int, count: int) -> None:
    """Asks for a generator's tests in the name of a user, once the transaction is committed."""
    transaction.on_commit(partial(_send, GENERATE_TASK, draft_id, user_id, path, group, first, count))


def enqueue_import(import_id: str) -> None:
    """Has a worker bring an author's file of problems in, once the transaction is committed."""
    transaction.on_commit(partial(_send, IMPORT_TASK, import_id))


def _send(task: str, *arguments: str | int) -> None:
    try:
        current_app.send_task(task, args=list(arguments), queue=BACKGROUND_QUEUE)
    except OperationalError as error:
        # The author sees that nothing came, and asks again.
        _log.warning("%s is not sent, the broker is away: %s", task, error)


def _send_rejudging(answer_id: int) -> None:
    try:
        current_app.send_task(REJUDGE_TASK, args=[answer_id], queue=BACKGROUND_QUEUE)
    except OperationalError as error:
        _log.warning("answer %s of a rejudge is not sent yet, the broker is away: %s", answer_id, error)


def enqueue_preview(preview_id: str) -> None:
    """Sends the preview of a rubric to a worker; raises where the broker is away."""
    current_app.send_task(PREVIEW_TASK, args=[preview_id], queue="text")


def enqueue_trial() -> None:
    """Has a worker try the grader on the bank's graded answers; raises where the broker is away."""
    current_app.send_task(TRIAL_TASK, queue="bulk")


def _send_judging(submission_id: str, queue: str) -> None:
    try:
        current_app.send_task(JUDGE_TASK, args=[submission_id], queue=queue)
    except OperationalError as error:
        # The submission is safe in the database, and is sent again later.
        _log.warning("submission %s is not sent yet, the broker is away: %s", submission_id, error)
