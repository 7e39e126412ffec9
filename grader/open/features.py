"""An answer beside the texts that say what is wanted, as numbers for a tree model."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from grader.open.encoding import Encoder, Floats
from grader.open.texts import clauses, content_words, folded, negations, rarity

Row = NDArray[np.float64]
Matrix = NDArray[np.float64]

_MAX_CLAUSES = 40
_NEAR, _VERY_NEAR = 0.5, 0.7
_PAIR = (
    *("recall", "recall_new", "recall_new_rare", "precision_new", "pairs_recall", "triples_recall"),
    *("pairs_precision", "cosine", "cosine_new", "cover_mean", "cover_least", "cover_median", "cover_near"),
    *("cover_very_near", "told_mean", "clause_recall_mean", "clause_recall_least", "clause_recall_half"),
    *("cover_words", "numbers_recall"),
)
_WHOLE = (
    *("answer_words", "reference_words", "length_ratio", "cosine_question", "question_recall"),
    *("references", "answer_clauses", "reference_clauses", "negations", "distinct_share", "mean_precision"),
)
NAMES: tuple[str, ...] = (*(f"best_{name}" for name in _PAIR), *(f"mean_{name}" for name in _PAIR), *_WHOLE)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text taken apart once: its words that mean something, its clauses, their vectors."""

    text: str
    words: tuple[str, ...]
    clauses: tuple[str, ...]
    vector: Floats
    clause_vectors: Floats


class Comparer:
    """Compares answers with references; keeps what it has read."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.read = lru_cache(maxsize=5000)(self._read)

    def _read(self, text: str) -> Reading:
        parts = tuple(span.text for span in clauses(text)[:_MAX_CLAUSES]) or (text,)
        vectors = self._encoder.embed([text, *parts])
        return Reading(text, content_words(text), parts, vectors[0], vectors[1:])

    def features(self, question: str, references: Sequence[str], answer: str) -> Row:
        """The numbers called `NAMES`. Without a reference the question stands in for it."""
        asked, told = self.read(question), self.read(answer)
        wanted = [self.read(text) for text in references] or [asked]
        known = frozenset(asked.words) if references else frozenset()
        pairs = np.array([_pair(reading, told, asked, known) for reading in wanted])
        nearest = wanted[int(pairs[:, [2, 4, 7, 9]].mean(axis=1).argmax())]
        told_length = len(told.words) + 1
        wanted_length = float(np.mean([len(reading.words) for reading in wanted])) + 1
        whole = (
            math.log(told_length),
            math.log(wanted_length),
            math.log(told_length / wanted_length),
            float(told.vector @ asked.vector),
            recall(told.words, set(asked.words)),
            len(wanted),
            len(told.clauses),
            len(nearest.clauses),
            negations(answer) - negations(nearest.text),
            len(set(told.words)) / told_length,
            recall([word for reading in wanted for word in reading.words], set(told.words) - known),
        )
        return np.array([*pairs.max(axis=0), *pairs.mean(axis=0), *whole])


def _pair(wanted: Reading, told: Reading, asked: Reading, known: frozenset[str]) -> list[float]:
    new_wanted = [word for word in wanted.words if word not in known]
    new_told = [word for word in told.words if word not in known]
    near = wanted.clause_vectors @ told.clause_vectors.T
    cover = near.max(axis=1)
    clause_words = [set(content_words(text)) - known for text in wanted.clauses]
    by_clause = np.array([recall(new_told, words) for words in clause_words if words] or [0.0])
    told_sets = [set(content_words(text)) for text in told.clauses]
    one_clause = [max(recall(words, wanted_words) for words in told_sets) for wanted_words in clause_words]
    return [
        recall(told.words, set(wanted.words)),
        recall(new_told, set(new_wanted)),
        _rare_recall(new_told, set(new_wanted)),
        recall(new_wanted, set(new_told)),
        recall(grams(told.text, 2), set(grams(wanted.text, 2))),
        recall(grams(told.text, 3), set(grams(wanted.text, 3))),
        recall(grams(wanted.text, 2), set(grams(told.text, 2))),
        float(wanted.vector @ told.vector),
        _cosine(_without(wanted.vector, asked.vector), _without(told.vector, asked.vector)),
        float(cover.mean()),
        float(cover.min()),
        float(np.median(cover)),
        float((cover > _NEAR).mean()),
        float((cover > _VERY_NEAR).mean()),
        float(near.max(axis=0).mean()),
        float(by_clause.mean()),
        float(by_clause.min()),
        float((by_clause > 0.5).mean()),
        float(np.mean(one_clause)),
        recall(_numbers(told.text), set(_numbers(wanted.text))),
    ]


def recall(found: Collection[str], wanted: AbstractSet[str]) -> float:
    """The share of `wanted` that is among `found`; 0 where nothing is wanted."""
    return sum(word in wanted for word in set(found)) / len(wanted) if wanted else 0.0


def _rare_recall(found: Collection[str], wanted: set[str]) -> float:
    whole = sum(map(rarity, wanted))
    return sum(map(rarity, wanted.intersection(found))) / whole if whole else 0.0


@lru_cache(maxsize=20_000)
def grams(text: str, size: int) -> tuple[str, ...]:
    letters = re.sub(r"\W+", "", folded(text))
    return tuple(letters[place : place + size] for place in range(len(letters) - size + 1))


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?", text)


def _without(vector: Floats, direction: Floats) -> Floats:
    """What is left of a vector once its part along `direction`, a unit vector, is taken away."""
    return vector - (vector @ direction) * direction


def _cosine(a: Floats, b: Floats) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-9))
