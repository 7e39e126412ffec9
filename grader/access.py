"""Who may see and mark which answers."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from grader.models import Submission
from grader.verdict import Stage
from questionbank.models import Problem, User
from questionbank.packages.model import Kind


def may_review(user: User) -> bool:
    """Interviewers and staff mark open answers."""
    return user.is_active and (user.is_interviewer or user.is_staff)


def visible_submissions(user: User) -> QuerySet[Submission]:
    """One's own; for an interviewer also what was handed in for the interviewer's sets, and open answers
    that were handed in for nobody's."""
    rows = Submission.objects.select_related("version__problem", "user")
    if user.is_staff:
        return rows
    allowed = Q(user=user)
    if may_review(user):
        allowed |= _reviewable_by(user) | Q(attempt_link__attempt__question_set__owner=user)
    return rows.filter(allowed)


def reviewable_submissions(user: User) -> QuerySet[Submission]:
    """Open answers, for those who may mark them: of a set its owner, of practice every reviewer."""
    rows = Submission.objects.select_related("version__problem", "user").filter(version__kind=Kind.OPEN)
    if user.is_staff:
        return rows
    return rows.filter(_reviewable_by(user)) if may_review(user) else rows.none()


def is_being_asked(user: User, problem: Problem) -> bool:
    """Whether an attempt of the user's at a set with this problem runs now: nothing may help then."""
    asked = Q(question_set__items__version__problem=problem)
    running = Q(finished_at=None, deadline__gt=timezone.now())
    return bool(user.attempts.filter(asked & running).exists())


def waiting_for_review(rows: QuerySet[Submission]) -> QuerySet[Submission]:
    """Those of `rows` that a person should look at: provisional ones, those asked about, audited ones."""
    provisional = Q(stage=Stage.AWAITING_REVIEW)
    asked = Q(regrade__isnull=False, regrade__answered_at=None)
    audited = Q(grade__audited=True, marks=None)
    return rows.filter(provisional | asked | audited).distinct()


def feedback_is_open(submission: Submission) -> bool:
    """Whether the candidate may learn which points were met: not while an attempt asks the problem."""
    return not is_being_asked(submission.user, submission.version.problem)


def _reviewable_by(user: User) -> Q:
    mine = Q(attempt_link=None) | Q(attempt_link__attempt__question_set__owner=user)
    return Q(version__kind=Kind.OPEN) & mine
