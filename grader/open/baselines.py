"""What grading must beat: TF-IDF, BM25 and plain cosine between answer and references."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from grader.open.datasets import Row
from grader.open.encoding import Encoder
from grader.open.texts import words

Scores = NDArray[np.float64]

_Weight = Callable[[str], float]

_K1, _B = 1.5, 0.75


def similarities(rows: Sequence[Row], encoder: Encoder) -> Mapping[str, Scores]:
    """The similarity of each answer to its nearest reference by each method, uncalibrated.

    Word counts come from references and questions: answers are not known before they are given.
    """
    documents = [set(words(text)) for text in dict.fromkeys(text for row in rows for text in _texts(row))]
    found = Counter(word for document in documents for word in document)
    idf = {word: math.log(1 + len(documents) / count) for word, count in found.items()}
    rarest = math.log(1 + len(documents))
    length = float(np.mean([len(words(text)) for row in rows for text in row.references or (row.question,)]))

    def weight(word: str) -> float:
        return idf.get(word, rarest)

    def best(row: Row, method: str) -> float:
        wanted = row.references or (row.question,)
        if method == "cosine":
            vectors = encoder.embed([row.answer, *wanted])
            return float((vectors[1:] @ vectors[0]).max())
        compare = _tfidf if method == "tf-idf" else _bm25
        return max(compare(words(row.answer), words(text), weight, length) for text in wanted)

    return {method: np.array([best(row, method) for row in rows]) for method in ("tf-idf", "bm25", "cosine")}


def calibrated(
    similarity: Scores, scores: Scores, train: NDArray[np.int64], test: NDArray[np.int64]
) -> Scores:
    """The scores of `test` by an isotonic curve through those of `train`."""
    curve = IsotonicRegression(out_of_bounds="clip").fit(similarity[train], scores[train])
    predicted: Scores = curve.predict(similarity[test])
    return predicted


def _texts(row: Row) -> tuple[str, ...]:
    return (row.question, *row.references)


def _tfidf(told: Sequence[str], wanted: Sequence[str], weight: _Weight, _length: float) -> float:
    a, b = Counter(told), Counter(wanted)
    dot = sum(a[word] * b[word] * weight(word) ** 2 for word in a.keys() & b.keys())
    norms = math.prod(
        math.sqrt(sum((count * weight(word)) ** 2 for word, count in each.items())) for each in (a, b)
    )
    return dot / norms if norms else 0.0


def _bm25(told: Sequence[str], wanted: Sequence[str], weight: _Weight, length: float) -> float:
    """The reference asks, the answer is the document; as a share of what the reference scores itself."""

    def score(document: Sequence[str]) -> float:
        counts = Counter(document)
        damping = _K1 * (1 - _B + _B * len(document) / length)
        return sum(weight(word) * counts[word] * (_K1 + 1) / (counts[word] + damping) for word in set(wanted))

    whole = score(wanted)
    return score(told) / whole if whole else 0.0
