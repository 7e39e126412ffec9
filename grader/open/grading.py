"""The local grader: a question and an answer become a grade, without any network."""

from __future__ import annotations

from pathlib import Path

from grader.open.model import LEVEL_SHARES, OpenGrade, OpenQuestion, PointGrade, PointLevel, RubricPoint
from grader.open.texts import Span, clauses, content_words, language_of

GRADER = "lexical/0"
_MET, _PARTLY = 0.6, 0.35


def grade(question: OpenQuestion, text: str, language: str = "", *, store: Path) -> OpenGrade:
    """The grade of one answer in `language`, "en" or "zh", found out where it is empty.

    `store` is the installed data's public folder, in which the sentence encoder lies.
    """
    language = language or language_of(text)
    known = frozenset(content_words(question.prompt.get(language, "")))
    points = tuple(_point(point, text, language, known) for point in question.points)
    score = sum(
        point.weight * LEVEL_SHARES[graded.level]
        for point, graded in zip(question.points, points, strict=True)
    )
    # Nothing is calibrated yet, so nothing is known but that scores lie between 0 and 1.
    return OpenGrade(
        points=points,
        score=score,
        low=0.0,
        high=1.0,
        flags=(),
        language=language,
        calibrated=False,
        graded_answers=sum(answer.language == language for answer in question.graded),
        grader=GRADER,
    )


def _point(point: RubricPoint, text: str, language: str, known: frozenset[str]) -> PointGrade:
    wordings = (point.statement[language], *point.paraphrases.get(language, ()))
    wanted = [frozenset(content_words(wording)) - known for wording in wordings]
    found = frozenset(content_words(text))
    share = max(len(words & found) / (len(words) or 1) for words in wanted)
    level = PointLevel.MET if share >= _MET else PointLevel.PARTLY if share >= _PARTLY else PointLevel.NOT_MET
    span = _evidence(clauses(text), frozenset().union(*wanted)) if level is not PointLevel.NOT_MET else None
    return PointGrade(point.id, level, share, span.start if span else None, span.end if span else None)


def _evidence(spans: list[Span], wanted: frozenset[str]) -> Span | None:
    return max(spans, key=lambda span: len(wanted & set(content_words(span.text))), default=None)
