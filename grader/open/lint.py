"""What is wrong with a rubric: points that the grader cannot tell apart, or too little to grade by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from grader.open.encoding import Encoder, Floats
from grader.open.model import OpenQuestion, RubricPoint

LANGUAGES = ("en", "zh")
LEAST_PARAPHRASES = 3
LEAST_GRADED, MOST_GRADED, LEAST_WRONG = 5, 10, 2
_CHANCE = 0.1
"""Averages of a handful of cosines differ by less than that for points that people hold well apart."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`point` is empty where the fault is the question's."""

    point: str
    language: str
    message: str


def faults_of(question: OpenQuestion, encoder: Encoder) -> tuple[Fault, ...]:
    """Every fault of the rubric and its graded answers."""
    return tuple(
        fault
        for language in LANGUAGES
        for find in (_too_little, _too_near, _too_few_answers)
        for fault in find(question, language, encoder)
    )


def _too_little(question: OpenQuestion, language: str, _encoder: Encoder) -> Iterator[Fault]:
    for point in question.points:
        found = len(point.paraphrases.get(language, ()))
        if found < LEAST_PARAPHRASES:
            yield Fault(point.id, language, f"has {found} paraphrases; {LEAST_PARAPHRASES} are the least")
        if not point.anchors.get(language):
            yield Fault(point.id, language, "has no anchors")
        if not point.contradictions.get(language):
            yield Fault(point.id, language, "has no contradictions")


def _too_near(question: OpenQuestion, language: str, encoder: Encoder) -> Iterator[Fault]:
    """Points whose wordings lie nearer to another point's than to each other, on average."""
    vectors = {point.id: _vectors(point, language, encoder) for point in question.points}
    for point in question.points:
        own = vectors[point.id]
        pairs = [float(own[a] @ own[b]) for a, b in combinations(range(len(own)), 2)]
        if not pairs:
            continue
        inside = sum(pairs) / len(pairs)
        for other in question.points:
            across = float((own @ vectors[other.id].T).mean())
            if other is not point and across > inside + _CHANCE:
                yield Fault(
                    point.id,
                    language,
                    f"lies nearer to the point {other.id} ({across:.2f}) than its wordings to each other "
                    f"({inside:.2f}): reword one, or join the two",
                )


def _vectors(point: RubricPoint, language: str, encoder: Encoder) -> Floats:
    return encoder.embed([point.statement[language], *point.paraphrases.get(language, ())])


def _too_few_answers(question: OpenQuestion, language: str, _encoder: Encoder) -> Iterator[Fault]:
    scores = [answer.score for answer in question.graded if answer.language == language]
    if not LEAST_GRADED <= len(scores) <= MOST_GRADED:
        yield Fault("", language, f"has {len(scores)} graded answers, not {LEAST_GRADED} to {MOST_GRADED}")
    if scores.count(0.0) < LEAST_WRONG:
        yield Fault("", language, f"has {scores.count(0.0)} graded answers that are wrong, not {LEAST_WRONG}")
