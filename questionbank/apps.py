from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class QuestionBankConfig(AppConfig):
    name = "questionbank"
    verbose_name = _("question bank")
    default_auto_field = "django.db.models.BigAutoField"
