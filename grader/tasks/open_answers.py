"""Open answers: graded for whoever wrote them, for an author who tries a rubric, and to try the grader."""

from __future__ import annotations

import logging
import threading
from dataclasses import asdict
from functools import partial

from celery import shared_task
from django.conf import settings

from grader import grading, previews, queue, services, trials
from grader.errors import RunUnknown
from grader.ledger import installed_judge
from grader.llm.errors import JudgeUnavailable
from grader.llm.judging import opinion_on
from grader.llm.model import Opinion
from grader.models import Submission
from grader.open.encoding import EncoderMissing
from grader.open.grading import grade
from grader.open.model import Flag, OpenGrade, OpenQuestion
from grader.open.texts import language_of
from grader.tasks.claims import renewing

_log = logging.getLogger(__name__)
_one_grade = threading.Lock()


def grade_submission(submission: Submission, attempt: int) -> None:
    """Grades prose by its rubric, point by point."""
    pk = str(submission.pk)
    with renewing(pk, partial(services.renew_claim, pk, attempt)):
        question = grading.question_for(submission.version, language_of, leave_out=pk)
        try:
            found = _graded(question, submission.source)
        except EncoderMissing as error:
            _log.warning("%s is for a person alone: %s", pk, error)
            services.hand_to_person(pk, attempt)
            return
        opinion = _second_opinion(question, submission.source, found)
    grading.finish_graded(pk, attempt, found, opinion)


def _graded(question: OpenQuestion, text: str, language: str = "") -> OpenGrade:
    """The local grade. One at a time: the grader keeps what it has taken apart, for one thread."""
    with _one_grade:
        return grade(question, text, language, store=settings.DATA_ROOT / "public")


def _second_opinion(question: OpenQuestion, text: str, found: OpenGrade) -> Opinion | None:
    """The language model's, where there is one and it answers; else the local grade stands alone."""
    judge = installed_judge()
    if judge is None or {Flag.EMPTY, Flag.COPY_OF_QUESTION} & set(found.flags):
        return None
    try:
        return opinion_on(judge, question, text, found.language, local_score=found.score)
    except JudgeUnavailable as error:
        _log.warning("no opinion of the language model: %s", error)
        return None


@shared_task(name=queue.PREVIEW_TASK)
def preview_grade(preview_id: str) -> None:
    """Grades an author's answer by the rubric at hand; the result lives for an hour."""
    try:
        request = previews.preview_request(preview_id)
    except RunUnknown:
        return
    found = None
    try:
        question = previews.preview_question(request, language_of)
        found = asdict(_graded(question, request["answer"]))
    except Exception:
        _log.exception("preview %s failed", preview_id)
    previews.finish_preview(preview_id, found)


@shared_task(name=queue.TRIAL_TASK)
def try_grader() -> None:
    """Tries the grader on the bank's graded answers."""
    _log.info("the grader was tried on %s answers", trials.try_samples(_graded, language_of))
