"""The bank's rows: users, topics, problems and their immutable versions."""

from __future__ import annotations

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
