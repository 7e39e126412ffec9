"""An answer beside each point of a rubric: numbers for the tree model, and the words it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.open.encoding import Floats
from grader.open.features import Comparer, Matrix, Reading, recall
from grader.open.model import LEVEL_SHARES, GradedAnswer, OpenQuestion, RubricPoint
from grader.open.texts import Span, clauses, content_words, folded, negations, rarity

NAMES = (
    *("recall_best", "recall_mean", "rare_recall", "clause_recall", "cosine_best", "cosine_mean"),
    *("cosine_whole", "denied_cosine", "denied_margin", "denied_recall", "denied_recall_margin"),
    *("anchor_share", "anchors", "own_margin", "negations", "answer_words", "clauses"),
    *("neighbours_level", "nearest_neighbour", "points", "usual_level"),
)
_SHARPNESS = 8.0
"""How much nearer graded answers count more than farther ones."""
_PRIOR = 2.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """One point, taken apart in the language of the answer."""

    point: RubricPoint
    wordings: tuple[Reading, ...]
    denials: tuple[Reading, ...]
    words: tuple[frozenset[str], ...]
    anchors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question, taken apart in the language of the answer."""

    question: OpenQuestion
    wanted: tuple[Wanted, ...]
    known: frozenset[str]
    graded: tuple[GradedAnswer, ...]
    graded_vectors: Floats


@dataclass(frozen=True, slots=True)
class PointReading:
    """The numbers called `NAMES` for each point, and the best evidence; None where the answer is empty."""

    features: Matrix
    evidence: tuple[Span | None, ...]
    denied: tuple[float, ...]
    """By point, how much nearer to a contradiction than to the point some clause is; below 0 for none."""


def prepare(question: OpenQuestion, language: str, comparer: Comparer) -> Prepared:
    """The question as `read_points` needs it."""
    known = frozenset(content_words(question.prompt.get(language, "")))
    graded = tuple(answer for answer in question.graded if answer.language == language)
    return Prepared(
        question=question,
        wanted=tuple(_wanted(point, language, known, comparer) for point in question.points),
        known=known,
        graded=graded,
        graded_vectors=np.array([comparer.read(answer.text).vector for answer in graded]),
    )


def _wanted(point: RubricPoint, language: str, known: frozenset[str], comparer: Comparer) -> Wanted:
    texts = (point.statement[language], *point.paraphrases.get(language, ()))
    wordings = tuple(comparer.read(text) for text in texts)
    # Terms are often the same in both languages, and answers mix them.
    anchors = {folded(anchor) for terms in point.anchors.values() for anchor in terms}
    return Wanted(
        point=point,
        wordings=wordings,
        denials=tuple(comparer.read(text) for text in point.contradictions.get(language, ())),
        words=tuple(frozenset(reading.words) - known or frozenset(reading.words) for reading in wordings),
        anchors=tuple(sorted(anchors)),
    )


def read_points(prepared: Prepared, text: str, comparer: Comparer) -> PointReading:
    """An answer beside every point. A graded answer of the very same text is left out of its neighbours."""
    told = comparer.read(text)
    plain = folded(text)
    spans = clauses(text)[: len(told.clauses)]
    clause_words = [frozenset(content_words(clause)) for clause in told.clauses]
    near = [_near(wanted.wordings, told) for wanted in prepared.wanted]
    levels, usual, nearest = _neighbours(prepared, told)
    rows, evidence, denied = [], [], []
    for number, wanted in enumerate(prepared.wanted):
        by_clause = near[number].max(axis=0)
        lexical = np.array([max(recall(words, own) for own in wanted.words) for words in clause_words])
        best = int((by_clause + lexical).argmax())
        others = [matrix[:, best].max() for place, matrix in enumerate(near) if place != number]
        against = _near(wanted.denials, told).max(axis=0) if wanted.denials else np.zeros(len(by_clause))
        against_words = np.array(
            [
                max((recall(words, set(d.words)) for d in wanted.denials), default=0.0)
                for words in clause_words
            ]
        )
        recalls = [recall(told.words, own) for own in wanted.words]
        hits = sum(anchor in plain for anchor in wanted.anchors)
        rows.append(
            [
                max(recalls),
                float(np.mean(recalls)),
                max(_rare(told.words, own) for own in wanted.words),
                float(lexical.max()),
                float(by_clause.max()),
                float(near[number].max(axis=1).mean()),
                max(float(reading.vector @ told.vector) for reading in wanted.wordings),
                float(against.max()),
                float(by_clause.max() - against.max()),
                float(against_words.max()),
                float(lexical.max() - against_words.max()),
                hits / (len(wanted.anchors) or 1),
                min(hits, 4),
                float(by_clause[best] - max(others, default=0.0)),
                negations(told.clauses[best]),
                math.log(len(told.words) + 1),
                len(told.clauses),
                levels[number],
                nearest,
                len(prepared.wanted),
                usual[number],
            ]
        )
        evidence.append(spans[best] if best < len(spans) else None)
        closer = (against + against_words) - (by_clause + lexical)
        strong = (against > 0.6) & (against_words > 0.5)
        denied.append(float(np.where(strong, closer, -1.0).max()))
    return PointReading(np.array(rows), tuple(evidence), tuple(denied))


def _near(wanted: Sequence[Reading], told: Reading) -> Matrix:
    """Cosines (wordings, clauses)."""
    near: Matrix = np.array([reading.vector for reading in wanted]) @ told.clause_vectors.T
    return near


def _rare(found: Sequence[str], wanted: frozenset[str]) -> float:
    whole = sum(map(rarity, wanted))
    return sum(map(rarity, wanted.intersection(found))) / whole if whole else 0.0


def _neighbours(prepared: Prepared, told: Reading) -> tuple[list[float], list[float], float]:
    """By point the level of similar graded answers and of all of them, and the largest similarity."""
    kept = [number for number, answer in enumerate(prepared.graded) if answer.text != told.text]
    ids = [wanted.point.id for wanted in prepared.wanted]
    if not kept:
        return [0.5] * len(ids), [0.5] * len(ids), 0.0
    near = prepared.graded_vectors[kept] @ told.vector
    shares = np.array(
        [[LEVEL_SHARES[prepared.graded[number].points[name]] for name in ids] for number in kept]
    )
    weights = np.exp(_SHARPNESS * near)
    usual = (shares.sum(axis=0) + _PRIOR * 0.4) / (len(kept) + _PRIOR)
    return list(weights @ shares / weights.sum()), list(usual), float(near.max())
