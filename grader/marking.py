"""What people do with a grade: reviewers mark points, candidates ask for a second look or give consent."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from grader.access import feedback_is_open
from grader.anonymising import anonymised
from grader.answers import check_text, clean
from grader.errors import CannotAsk, CannotMark
from grader.models import (
    CalibrationConsent,
    CalibrationExample,
    Grade,
    PointMark,
    RegradeRequest,
    Submission,
)
from grader.services import tell_finished
from grader.verdict import FINAL_STAGES, Stage
from questionbank.models import User
from questionbank.packages.model import LEVEL_SHARES, OpenSpec, PointLevel, RubricPoint
from questionbank.services import package_of

MAX_REASON = 2000


def mark_points(
    *, reviewer: User, submission: Submission, marks: Mapping[str, tuple[str, str]]
) -> Submission:
    """Records a reviewer's marks, rubric point to (level, comment); once every point has one, the score.

    Raises `CannotMark` where the submission is no open answer, a mark names no point of its rubric, or a
    mark departs from the grader's without a word of why.
    """
    rubric = package_of(submission.version).open
    if rubric is None or submission.stage not in FINAL_STAGES:
        raise CannotMark(_("Only open answers that were handed in are marked."))
    graded = graded_levels(submission)
    _check_marks(rubric, graded, marks)
    with transaction.atomic():
        # One reviewer after the other: the last to mark a point sees all the marks.
        Submission.objects.select_for_update().only("pk").get(pk=submission.pk)
        for point_id, (level, comment) in marks.items():
            PointMark.objects.update_or_create(
                submission=submission,
                point_id=point_id,
                defaults={
                    "level": level,
                    "graded_level": graded.get(point_id, ""),
                    "comment": clean(comment),
                    "reviewer": reviewer,
                },
            )
        levels = dict(submission.marks.values_list("point_id", "level"))
        complete = all(point.id in levels for point in rubric.points)
        if complete:
            _settle(submission, rubric, levels)
    if complete:
        tell_finished(submission)
    return submission


def _check_marks(rubric: OpenSpec, graded: Mapping[str, str], marks: Mapping[str, tuple[str, str]]) -> None:
    known = {point.id for point in rubric.points}
    for point_id, (level, comment) in marks.items():
        if point_id not in known or level not in PointMark.Level.values:
            raise CannotMark(_("There is no such point or level: %(name)s.") % {"name": point_id})
        said = graded.get(point_id, PointLevel.UNSURE)
        if said not in (level, PointLevel.UNSURE) and not comment.strip():
            raise CannotMark(_("Say why the mark of %(name)s is not the grader's.") % {"name": point_id})


def _settle(submission: Submission, rubric: OpenSpec, levels: Mapping[str, str]) -> None:
    """The score of a full set of marks, and what hangs on it."""
    submission.score = round(100 * score_of(rubric.points, levels), 2)
    submission.stage = Stage.DONE
    submission.finished_at = timezone.now()
    submission.save(update_fields=["score", "stage", "finished_at"])
    waiting = RegradeRequest.objects.filter(submission=submission, answered_at=None)
    waiting.update(answered_at=submission.finished_at)
    if has_consented(submission.user):
        _keep_example(submission, levels)


def score_of(points: tuple[RubricPoint, ...], levels: Mapping[str, str]) -> float:
    """The share of the weights that was earned, 0 to 1."""
    return sum(point.weight * LEVEL_SHARES[PointLevel(levels[point.id])] for point in points)


def graded_levels(submission: Submission) -> dict[str, str]:
    """What the machine said of each point; empty where none has graded."""
    grade = Grade.objects.filter(submission=submission).first()
    return {point["point_id"]: point["level"] for point in grade.points} if grade else {}


def ask_regrade(*, user: User, submission: Submission, reason: str) -> RegradeRequest:
    """Asks a person to look at a candidate's own answer again; raises `CannotAsk`, or `AnswerRefused`."""
    if submission.user_id != user.pk or package_of(submission.version).open is None:
        raise CannotAsk(_("Only one's own open answers can be looked at again."))
    if submission.stage != Stage.DONE or not feedback_is_open(submission):
        raise CannotAsk(_("This answer has no final score yet."))
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        message = _("Say what was judged wrongly, in at most %(most)s characters.")
        raise CannotAsk(message % {"most": MAX_REASON})
    check_text(reason, field="reason")
    request, new = RegradeRequest.objects.get_or_create(submission=submission, defaults={"reason": reason})
    if not new:
        raise CannotAsk(_("This answer was asked about before."))
    return request


def has_consented(user: User) -> bool:
    """Whether the user lets marked answers be kept as examples."""
    return CalibrationConsent.objects.filter(user=user).exists()


def give_consent(user: User) -> None:
    """From now on, and for what is marked already, the user's marked answers are examples."""
    with transaction.atomic():
        CalibrationConsent.objects.get_or_create(user=user)
        for submission in Submission.objects.filter(user=user, stage=Stage.DONE).exclude(marks=None):
            rubric = package_of(submission.version).open
            levels = dict(submission.marks.values_list("point_id", "level"))
            if rubric and all(point.id in levels for point in rubric.points):
                _keep_example(submission, levels)


def withdraw_consent(user: User) -> None:
    """Forgets the user's examples, and makes no more."""
    with transaction.atomic():
        CalibrationConsent.objects.filter(user=user).delete()
        rows = Submission.objects.filter(user=user).exclude(marks=None).values_list("pk", flat=True)
        CalibrationExample.objects.filter(origin__in=[origin_of(str(pk)) for pk in rows]).delete()


def _keep_example(submission: Submission, levels: Mapping[str, str]) -> None:
    user = submission.user
    names = [user.get_username(), user.first_name, user.last_name, user.get_full_name(), user.email]
    CalibrationExample.objects.update_or_create(
        origin=origin_of(str(submission.pk)),
        defaults={
            "problem": submission.version.problem,
            "text": anonymised(submission.source, names),
            "levels": dict(levels),
        },
    )


def origin_of(submission_id: str) -> str:
    """How an example is found again by who knows the submission and the installation's secret."""
    key = settings.SECRET_KEY.encode()
    return hmac.digest(key, b"example " + submission_id.encode(), hashlib.sha256).hex()
