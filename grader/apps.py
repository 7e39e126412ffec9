from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from questionbank.config import celery  # noqa: F401 - whatever process enqueues must know the broker


class GraderConfig(AppConfig):
    name = "grader"
    verbose_name = _("grader")
    default_auto_field = "django.db.models.BigAutoField"
