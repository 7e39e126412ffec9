"""Question sets and the attempts of candidates at them."""

from __future__ import annotations

import secrets
import uuid

from django.conf import settings
from django.db import models


def new_share_token() -> str:
    """128 bits, so that a link can be shared but never guessed."""
    return secrets.token_urlsafe(16)


class QuestionSet(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="question_sets"
    )
    title = models.CharField(max_length=200)
    introduction = models.TextField(blank=True)
    time_limit_minutes = models.PositiveSmallIntegerField()
    share_token = models.CharField(max_length=40, unique=True, default=new_share_token)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]


class SetItem(models.Model):
    """A problem's place in a set; the version is pinned when the set is saved."""

    question_set = models.ForeignKey(QuestionSet, on_delete=models.CASCADE, related_name="items")
    version = models.ForeignKey("questionbank.ProblemVersion", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    weight = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["question_set", "position"], name="set_position_once")]


class Attempt(models.Model):
    """One candidate at one set, once. The server's clock alone decides: `deadline` is set at the start."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question_set = models.ForeignKey(QuestionSet, on_delete=models.PROTECT, related_name="attempts")
    candidate = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="attempts")
    started_at = models.DateTimeField()
    deadline = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(fields=["question_set", "candidate"], name="one_attempt_a_set")
        ]


class AttemptSubmission(models.Model):
    """Which submissions were handed in within an attempt, and for which item."""

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="submissions")
    item = models.ForeignKey(SetItem, on_delete=models.PROTECT, related_name="+")
    submission = models.OneToOneField(
        "grader.Submission", on_delete=models.CASCADE, related_name="attempt_link"
    )
