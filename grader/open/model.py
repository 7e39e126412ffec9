"""What the grading of open answers takes and gives: frozen values, light enough for the web process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from questionbank.packages.model import (
    LEVEL_SHARES,
    GradedAnswer,
    Localised,
    Package,
    PointLevel,
    RubricPoint,
)

__all__ = [
    "LEVEL_SHARES",
    "Flag",
    "GradedAnswer",
    "OpenGrade",
    "OpenQuestion",
    "PointGrade",
    "PointLevel",
    "RubricPoint",
    "question_of",
]


class Flag(StrEnum):
    """Why a person should look. A flag never lowers a score; EMPTY and COPY_OF_QUESTION describe answers
    that are worth nothing by themselves."""

    EMPTY = "empty"
    COPY_OF_QUESTION = "copy_of_question"
    COPY_OF_OTHER_ANSWER = "copy_of_other_answer"
    KEYWORD_STUFFING = "keyword_stuffing"
    OFF_TOPIC = "off_topic"
    CONTRADICTION = "contradiction"
    NEGATION = "negation"
    TOO_LONG = "too_long"
    INVISIBLE_CHARACTERS = "invisible_characters"
    INJECTION = "injection"


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question as the grader sees it. Texts by language; `others` are model answers of other questions,
    for finding copies."""

    id: str
    prompt: Localised
    points: tuple[RubricPoint, ...]
    model_answer: Localised
    graded: tuple[GradedAnswer, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PointGrade:
    """One point of the rubric. `probability` is that of the point being met, a half counted for partly;
    `text[start:end]` of the answer is the evidence, `None` where there is none."""

    id: str
    level: PointLevel
    probability: float
    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class OpenGrade:
    """A provisional grade: `score` from 0 to 1 inside the interval `low` to `high`.

    `calibrated` says whether the interval was measured for the answer's language ("en" or "zh");
    `graded_answers` how many graded answers of the question in that language stood behind it.
    """

    points: tuple[PointGrade, ...]
    score: float
    low: float
    high: float
    flags: tuple[Flag, ...]
    language: str
    calibrated: bool
    graded_answers: int
    grader: str
    """Name and version of what graded."""

    @property
    def half_width(self) -> float:
        """The larger distance from the score to an end of its interval."""
        return max(self.high - self.score, self.score - self.low)


def question_of(package: Package, others: Sequence[Package] = ()) -> OpenQuestion:
    """The question in a package; `others` are the bank's other packages, for finding copies.

    Raises `ValueError` where the package asks for no prose.
    """
    if package.open is None:
        raise ValueError(f"{package.slug} is no open question")
    answers = (
        text
        for other in others
        if other.open is not None and other.slug != package.slug
        for text in other.open.model_answer.values()
    )
    return OpenQuestion(
        id=package.slug,
        prompt={
            language: f"{package.names[language]}\n{text}" for language, text in package.statements.items()
        },
        points=package.open.points,
        model_answer=package.open.model_answer,
        graded=package.open.graded,
        others=tuple(answers),
    )
