"""Who may see and mark which answers."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from grader.models import Submission
from questionbank.models import User
from questionbank.packages.model import Kind


def may_review(user: User) -> bool:
    """Interviewers and staff mark open answers."""
    return user.is_active and (user.is_interviewer or user.is_staff)


def visible_submissions(user: User) -> QuerySet[Submission]:
    """One's own; for an interviewer also open answers and what was handed in for the interviewer's sets."""
    rows = Submission.objects.select_related("version__problem", "user")
    if user.is_staff:
        return rows
    allowed = Q(user=user)
    if may_review(user):
        allowed |= Q(version__kind=Kind.OPEN) | Q(attempt_link__attempt__question_set__owner=user)
    return rows.filter(allowed)


def reviewable_submissions(user: User) -> QuerySet[Submission]:
    """Open answers, for those who may mark them."""
    rows = Submission.objects.select_related("version__problem", "user").filter(version__kind=Kind.OPEN)
    return rows if may_review(user) else rows.none()
