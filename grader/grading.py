"""Machine grades of open answers: what the grader is given, what is kept of it, what stands by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from grader.errors import InvalidRule
from grader.judge.model import Judgement
from grader.marking import origin_of, score_of
from grader.models import CalibrationExample, Grade, PublishingRule
from grader.open.model import GradedAnswer, OpenGrade, OpenQuestion, PointLevel, question_of
from grader.publishing import Doubt, Estimate, Rule, doubts_of, is_audited
from grader.services import finish, renew_claim
from questionbank.models import ProblemVersion, User
from questionbank.packages.model import Kind
from questionbank.services import package_of

LanguageOf = Callable[[str], str]
"""Which language a text is in, "en" or "zh": the grader's own way to tell, which the web does not load."""


def current_rule() -> Rule:
    """The operator's thresholds, else those the product comes with."""
    row = PublishingRule.objects.first()
    if row is None:
        return Rule()
    return Rule(row.half_width, row.pass_mark, row.graded_answers, row.audit_share)


def set_rule(*, user: User, rule: Rule) -> None:
    """From now on `rule` holds; what was published before stays. Raises `InvalidRule`."""
    for field in ("half_width", "pass_mark", "audit_share"):
        if not 0 <= getattr(rule, field) <= 1:
            raise InvalidRule(_("Give a share from 0 to 1."), field=field)
    if not 0 <= rule.graded_answers <= 1000:
        raise InvalidRule(_("Give a number from 0 to 1000."), field="graded_answers")
    PublishingRule.objects.create(
        half_width=rule.half_width,
        pass_mark=rule.pass_mark,
        graded_answers=rule.graded_answers,
        audit_share=rule.audit_share,
        set_by=user,
    )


def question_for(version: ProblemVersion, language_of: LanguageOf, leave_out: str = "") -> OpenQuestion:
    """The question as the grader sees it: with the answers that people have marked here, except that of the
    submission `leave_out`, and the model answers of the bank's other questions."""
    package = package_of(version)
    current = ProblemVersion.objects.filter(problem__current=F("pk"), kind=Kind.OPEN)
    others = current.exclude(problem=version.problem_id).select_related("problem")
    question = question_of(package, [package_of(other) for other in others])
    points = question.points
    examples = tuple(
        GradedAnswer(
            language_of(example.text),
            example.text,
            {point.id: PointLevel(example.levels[point.id]) for point in points},
            round(score_of(points, example.levels), 4),
        )
        for example in CalibrationExample.objects.filter(problem=version.problem_id).order_by("pk")
        # An earlier version may have had other points.
        if example.origin != origin_of(leave_out) and all(point.id in example.levels for point in points)
    )
    return replace(question, graded=(*question.graded, *examples))


def finish_graded(submission_id: str, attempt: int, grade: OpenGrade) -> None:
    """Keeps the grade and publishes it, or leaves it provisional for a person; `Fenced` where the attempt is
    void."""
    doubts = _doubts(grade)
    with transaction.atomic():
        renew_claim(submission_id, attempt)
        fields = _fields(submission_id, grade, doubts)
        Grade.objects.update_or_create(submission_id=submission_id, defaults=fields)
    score = round(100 * grade.score, 2)
    finish(submission_id, attempt, Judgement(verdict=None, score=score, needs_review=bool(doubts)))


def _doubts(grade: OpenGrade) -> tuple[Doubt, ...]:
    estimate = Estimate(
        score=grade.score,
        low=grade.low,
        high=grade.high,
        flags=grade.flags,
        graded_answers=grade.graded_answers,
        calibrated=grade.calibrated,
    )
    return doubts_of(estimate, current_rule())


def _fields(submission_id: str, grade: OpenGrade, doubts: tuple[Doubt, ...]) -> dict[str, Any]:
    return {
        "score": grade.score,
        "low": grade.low,
        "high": grade.high,
        "language": grade.language,
        "points": [
            {
                "point_id": point.id,
                "level": point.level,
                "probability": round(point.probability, 4),
                "start": point.start,
                "end": point.end,
            }
            for point in grade.points
        ],
        "flags": list(grade.flags),
        "doubts": list(doubts),
        "grader": grade.grader[:100],
        "audited": not doubts and is_audited(submission_id, current_rule(), settings.SECRET_KEY),
    }
