"""The bank's rows: users, topics, problems and their immutable versions."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """Everyone who logs in. Interviewers make sets and review; authors write and rejudge problems."""

    is_interviewer = models.BooleanField(_("interviewer"), default=False)
    is_author = models.BooleanField(_("author"), default=False)
    language = models.CharField(_("language"), max_length=10, blank=True)
    """Preferred interface language; empty follows the browser."""


class Topic(models.Model):
    """One of the bank's topics, e.g. `training`, with its order in the catalogue."""

    slug = models.SlugField(unique=True)
    name_en = models.CharField(max_length=100)
    name_zh = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]


class Problem(models.Model):
    """A problem's lasting identity; what it says and tests lives in its versions."""

    slug = models.SlugField(unique=True, max_length=100)
    current = models.ForeignKey("ProblemVersion", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)


class ProblemVersion(models.Model):
    """What was published once and never changes. The package's files lie in the version store, a folder
    named by `content_hash` (settings.VERSION_STORE); the columns here are what pages list and filter by.
    """

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    kind = models.CharField(max_length=20)
    difficulty = models.CharField(max_length=10)
    expected_minutes = models.PositiveSmallIntegerField()
    name_en = models.CharField(max_length=200)
    name_zh = models.CharField(max_length=200)
    search_text = models.TextField()
    """Names, tags and statements in both languages, for the catalogue's search."""
    tags = models.JSONField(default=list)
    languages = models.JSONField(default=list)
    topics = models.ManyToManyField(Topic, related_name="versions")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["problem", "number"], name="version_number_once"),
            models.UniqueConstraint(fields=["problem", "content_hash"], name="version_content_once"),
        ]


class ProblemDraft(models.Model):
    """A problem that is being written. Its package is a folder, `questionbank.drafting.folder_of`.

    `revision` refuses a stale tab's overwrite. `proof` is the gate's report (`grader.gate.proof.document`) of
    the content whose hash is `proof_hash`; `work` says what a worker does for the draft now, and `trouble`
    why it could not.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        IN_REVIEW = "in_review"
        PUBLISHED = "published"

    class Work(models.TextChoices):
        NONE = ""
        PROVING = "proving"
        FILLING = "filling"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=63)
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="drafts_made")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    comment = models.TextField(blank=True)
    """What the reviewer said when the draft was sent back."""
    based_on = models.ForeignKey(ProblemVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.ForeignKey(ProblemVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    revision = models.PositiveIntegerField(default=0)
    content_hash = models.CharField(max_length=64, blank=True)
    proof = models.JSONField(null=True)
    proof_hash = models.CharField(max_length=64, blank=True)
    work = models.CharField(max_length=10, choices=Work.choices, blank=True)
    work_since = models.DateTimeField(null=True)
    trouble = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-updated_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["slug"], condition=~models.Q(state="published"), name="one_open_draft_a_slug"
            )
        ]


class DraftRevision(models.Model):
    """One saved change of a draft: `changes` are the file differences of
    `questionbank.packages.comparing`. `before` names the content that each changed file had, by its sha256 in
    the draft's folder of earlier content, None where there was no such file; null where nothing was kept."""

    draft = models.ForeignKey(ProblemDraft, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changes = models.JSONField()
    before = models.JSONField(null=True)
    saved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["draft", "number"], name="draft_revision_once")]


class ProblemImport(models.Model):
    """A file of problems that an author brought, and what became of it. The file lies below
    `settings.IMPORTS_ROOT` until its problems are drafts.

    `report` is `questionbank.intake.document`. `attempt`, `failures`, `claimed_at` and `resend_at` as in
    `grader.models.Submission`; `trouble` says why it ended through a fault of ours.
    """

    class State(models.TextChoices):
        """READY: a dry run, and nothing is in the way. REFUSED: a problem is at fault. FAILED: we are."""

        QUEUED = "queued"
        RUNNING = "running"
        READY = "ready"
        IMPORTED = "imported"
        REFUSED = "refused"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="imports")
    name = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    """Bytes."""
    format = models.CharField(max_length=20)
    license = models.CharField(max_length=200, blank=True)
    attribution = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=500, blank=True)
    dry_run = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    report = models.JSONField(null=True)
    trouble = models.TextField(blank=True)
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    resend_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
