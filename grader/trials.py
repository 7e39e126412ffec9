"""What the publishing rule would let through and how wrong that is, on answers that people have graded."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import F

from grader.feedback import is_marked
from grader.grading import LanguageOf, question_for
from grader.models import Grade, GraderTrial
from grader.open.model import OpenGrade, OpenQuestion
from grader.publishing import Doubt, Estimate, Rule, doubts_of
from questionbank.models import ProblemVersion
from questionbank.packages.model import Kind

WIDTHS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
"""Half widths that the page compares."""
FAR = 0.25
_EQUAL = 1e-9
GradeAnswer = Callable[[OpenQuestion, str, str], OpenGrade]


@dataclass(frozen=True, slots=True)
class Trial:
    """A grade and what people say of the same answer, `truth`; shares from 0 to 1."""

    estimate: Estimate
    truth: float


@dataclass(frozen=True, slots=True)
class Level:
    """What a rule with this half width would publish. `rmse` is None where that is nothing; `far` and
    `wrong_side` count answers off by more than a quarter, and those on the other side of the pass mark."""

    half_width: float
    published: int
    coverage: float
    rmse: float | None
    far: int
    wrong_side: int


def try_samples(grade: GradeAnswer, language_of: LanguageOf) -> int:
    """Grades every graded answer of the bank's questions as if it were new: with itself left out. The number.

    Replaces what was tried before.
    """
    current = ProblemVersion.objects.filter(problem__current=F("pk"), kind=Kind.OPEN)
    rows = []
    for version in current.select_related("problem").order_by("problem__slug"):
        question = question_for(version, language_of)
        for index, sample in enumerate(question.graded):
            others = question.graded[:index] + question.graded[index + 1 :]
            found = grade(replace(question, graded=others), sample.text, sample.language)
            rows.append(
                GraderTrial(
                    problem=version.problem,
                    language=sample.language,
                    truth=sample.score,
                    score=found.score,
                    low=found.low,
                    high=found.high,
                    flags=list(found.flags),
                    calibrated=found.calibrated,
                    graded_answers=found.graded_answers,
                    grader=found.grader[:100],
                )
            )
    with transaction.atomic():
        GraderTrial.objects.all().delete()
        GraderTrial.objects.bulk_create(rows)
    return len(rows)


def sample_trials(language: str = "") -> list[Trial]:
    """The last trials on graded samples, of one language where one is named."""
    rows = GraderTrial.objects.filter(language=language) if language else GraderTrial.objects.all()
    return [
        Trial(
            Estimate(row.score, row.low, row.high, row.flags, row.graded_answers, row.calibrated), row.truth
        )
        for row in rows
    ]


def reviewed_trials(language: str = "") -> list[Trial]:
    """Answers of candidates that a machine has graded and a person has marked whole."""
    rows = Grade.objects.filter(submission__score__isnull=False).exclude(submission__marks=None)
    if language:
        rows = rows.filter(language=language)
    rows = rows.select_related("submission__version__problem").prefetch_related("submission__marks")
    return [
        Trial(_kept_estimate(row), (row.submission.score or 0.0) / 100)
        for row in rows.distinct()
        if is_marked(row.submission)
    ]


def _kept_estimate(row: Grade) -> Estimate:
    """What was known then; of graded answers and language only whether they were enough."""
    many, none = 1000, 0
    return Estimate(
        score=row.score,
        low=row.low,
        high=row.high,
        flags=row.flags,
        graded_answers=none if Doubt.FEW_SAMPLES in row.doubts else many,
        calibrated=Doubt.LANGUAGE not in row.doubts,
        confirmed=bool(row.judge) and Doubt.JUDGES_DISAGREE not in row.doubts,
    )


def levels_of(trials: Sequence[Trial], rule: Rule) -> list[Level]:
    """What each half width would publish, all else as in `rule`, whose own is among them."""
    widths = sorted({*WIDTHS, rule.half_width})
    return [_level(trials, replace(rule, half_width=width)) for width in widths]


def doubts_against(trials: Sequence[Trial], rule: Rule) -> list[tuple[Doubt, int]]:
    """How many trials each doubt stands against, the commonest first; one trial may have several."""
    return Counter(doubt for trial in trials for doubt in doubts_of(trial.estimate, rule)).most_common()


def _level(trials: Sequence[Trial], rule: Rule) -> Level:
    published = [trial for trial in trials if not doubts_of(trial.estimate, rule)]
    errors = [trial.estimate.score - trial.truth for trial in published]
    return Level(
        half_width=rule.half_width,
        published=len(published),
        coverage=len(published) / len(trials) if trials else 0.0,
        rmse=_root_mean_square(errors),
        far=sum(abs(error) > FAR + _EQUAL for error in errors),
        wrong_side=sum(
            (trial.estimate.score >= rule.pass_mark) != (trial.truth >= rule.pass_mark) for trial in published
        ),
    )


def _root_mean_square(errors: Iterable[float]) -> float | None:
    squares = [error * error for error in errors]
    return math.sqrt(sum(squares) / len(squares)) if squares else None
