"""What the judge by language model keeps, in the database; and the judge of this installation, if any."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from grader.llm.endpoint import Endpoint
from grader.llm.judging import Judge
from grader.models import JudgeDay, JudgeReply, JudgeVersion


def installed_judge() -> Judge | None:
    """The judge that the settings name; None where they name none."""
    if not settings.JUDGE_URL:
        return None
    endpoint = Endpoint(
        settings.JUDGE_URL, settings.JUDGE_KEY, settings.JUDGE_MODEL, timeout_s=settings.JUDGE_TIMEOUT_S
    )
    return Judge(endpoint, DatabaseLedger(settings.JUDGE_BUDGET))


class DatabaseLedger:
    """`grader.llm.ledger.Ledger` over the tables of this room; `budget` is of calls a day."""

    def __init__(self, budget: int) -> None:
        self._budget = budget

    def reply(self, key: str) -> str | None:
        return JudgeReply.objects.filter(key=key).values_list("reply", flat=True).first()

    def keep(self, key: str, reply: str) -> None:
        JudgeReply.objects.update_or_create(key=key, defaults={"reply": reply.replace("\0", "")})

    def spend(self, calls: int) -> bool:
        today = timezone.now().date()
        with transaction.atomic():
            JudgeDay.objects.get_or_create(day=today)
            room = JudgeDay.objects.filter(day=today, calls__lte=self._budget - calls)
            return bool(room.update(calls=F("calls") + calls))

    def standing(self, version: str) -> bool | None:
        return JudgeVersion.objects.filter(version=version).values_list("passed", flat=True).first()

    def judge_version(self, version: str, passed: bool, detail: str) -> None:
        JudgeVersion.objects.update_or_create(
            version=version, defaults={"passed": passed, "detail": detail.replace("\0", "")}
        )


def forget_version(version: str) -> None:
    """Has the version tried on the canaries again when it is next asked."""
    JudgeVersion.objects.filter(version=version).delete()


def calls_today() -> int:
    """How often the model was asked today."""
    return JudgeDay.objects.filter(day=timezone.now().date()).values_list("calls", flat=True).first() or 0
