"""Machine grades of open answers: what the grader is given, what is kept of it, what stands by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from grader.answers import clean
from grader.errors import InvalidRule
from grader.judge.model import Judgement
from grader.llm.model import Opinion, PointJudgement
from grader.marking import origin_of, score_of
from grader.models import CalibrationExample, Grade, PublishingRule
from grader.open.model import (
    LEVEL_SHARES,
    GradedAnswer,
    OpenGrade,
    OpenQuestion,
    PointGrade,
    PointLevel,
    question_of,
)
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
    checked(rule)
    PublishingRule.objects.create(
        half_width=rule.half_width,
        pass_mark=rule.pass_mark,
        graded_answers=rule.graded_answers,
        audit_share=rule.audit_share,
        set_by=user,
    )


def checked(rule: Rule) -> Rule:
    """The rule, where its figures make sense; raises `InvalidRule`."""
    for field in ("half_width", "pass_mark", "audit_share"):
        # Not a number is in no range either.
        if not 0 <= getattr(rule, field) <= 1:
            raise InvalidRule(_("Give a share from 0 to 1."), field=field)
    if not 0 <= rule.graded_answers <= 1000:
        raise InvalidRule(_("Give a number from 0 to 1000."), field="graded_answers")
    return rule


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


def finish_graded(submission_id: str, attempt: int, grade: OpenGrade, opinion: Opinion | None = None) -> None:
    """Keeps the grade and publishes it, or leaves it provisional for a person; `Fenced` where the attempt is
    void. `opinion` is a language model's, where one was asked and answered."""
    confirmed = opinion is not None and opinion.confirms
    if opinion is not None and confirmed:
        grade = _confirmed(grade, opinion)
    doubts = _doubts(grade, confirmed=confirmed)
    if opinion is not None and not confirmed:
        doubts = (*doubts, Doubt.JUDGES_DISAGREE)
    with transaction.atomic():
        renew_claim(submission_id, attempt)
        fields = _fields(submission_id, grade, doubts) | _told(opinion)
        Grade.objects.update_or_create(submission_id=submission_id, defaults=fields)
    score = round(100 * grade.score, 2)
    finish(submission_id, attempt, Judgement(verdict=None, score=score, needs_review=bool(doubts)))


def _confirmed(grade: OpenGrade, opinion: Opinion) -> OpenGrade:
    """The model's points and evidence; the interval spans what both graders found."""
    found = {judgement.point_id: judgement for judgement in opinion.points}
    points = tuple(_of_both(point, found[point.id]) for point in grade.points)
    ends = (grade.score, *opinion.scores)
    return replace(grade, points=points, score=opinion.scores[0], low=min(ends), high=max(ends))


def _of_both(point: PointGrade, judgement: PointJudgement) -> PointGrade:
    """A point as the model judged it, its probability halfway between the two."""
    level = judgement.level
    start, end = point.start, point.end
    if judgement.quotes:
        start, end = judgement.quotes[0].start, judgement.quotes[0].end
    elif level is PointLevel.NOT_MET:
        start, end = None, None
    probability = (point.probability + LEVEL_SHARES[level]) / 2
    return PointGrade(point.id, level, probability, start, end)


def _doubts(grade: OpenGrade, *, confirmed: bool) -> tuple[Doubt, ...]:
    estimate = Estimate(
        score=grade.score,
        low=grade.low,
        high=grade.high,
        flags=grade.flags,
        graded_answers=grade.graded_answers,
        calibrated=grade.calibrated,
        confirmed=confirmed,
    )
    return doubts_of(estimate, current_rule())


def _told(opinion: Opinion | None) -> dict[str, Any]:
    """A model's text is from outside: kept as text, and shown as text."""
    if opinion is None:
        return {"judge": "", "opinion": {}}
    points = [
        {
            "point_id": judgement.point_id,
            "verdict": judgement.verdict,
            "reason": clean(judgement.reason),
            "quotes": [[quote.start, quote.end] for quote in judgement.quotes],
        }
        for judgement in opinion.points
    ]
    told = {"scores": list(opinion.scores), "objections": list(opinion.objections), "points": points}
    return {"judge": clean(opinion.model)[:200], "opinion": told}


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
