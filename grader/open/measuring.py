"""How well a set of graded answers is graded: cross-validation, no question both in training and test."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.metrics import cohen_kappa_score, f1_score
from sklearn.model_selection import GroupKFold

from grader.open.baselines import Scores, calibrated, similarities
from grader.open.datasets import Dataset
from grader.open.encoding import Encoder
from grader.open.features import Comparer

Matrix = NDArray[np.float64]
Indices = NDArray[np.int64]

FOLDS, INNER_FOLDS = 15, 5
_FEW_QUESTIONS = 20
"""Up to here each question in training is held out by itself: every fifth of them would be too many."""
COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
_TREES, _INNER_TREES, _LEAF, _SHARE = 200, 60, 10, 0.5
_RESIDUAL_LEAF, _LEAVES = 100, 5
_SPREAD_ANSWERS = 300
_SEED = 0


class TooFewQuestions(ValueError):
    """Cross-validation by question needs at least three questions."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of predictions with people's scores. `rmse` is on the file's scale; `qwk` after rounding to its steps;
    `macro_f1` of the two classes below and from half of the scale on. None where all scores are one."""

    pearson: float | None
    rmse: float
    qwk: float | None
    macro_f1: float


@dataclass(frozen=True, slots=True)
class Covered:
    """The error of the `coverage` share of answers that the grader is surest of."""

    coverage: float
    rmse: float


@dataclass(frozen=True, slots=True)
class Measurement:
    agreement: Agreement
    coverage: tuple[Covered, ...]
    baselines: dict[str, Agreement]
    n: int
    questions: int
    scale: float
    step: float
    left_out: int
    predictions: tuple[float, ...]
    expected_errors: tuple[float, ...]


def measure(dataset: Dataset, encoder: Encoder) -> Measurement:
    """Grades every answer by models that have not seen its question. Raises `TooFewQuestions`."""
    rows = dataset.rows
    groups = np.unique([row.question_id for row in rows], return_inverse=True)[1]
    if groups.max() < 2:
        raise TooFewQuestions(f"{groups.max() + 1} question is too few: by question, three are the least")
    comparer = Comparer(encoder)
    features = np.array([comparer.features(row.question, row.references, row.answer) for row in rows])
    scores = np.array([row.score / dataset.scale for row in rows])
    predictions, errors = np.zeros(len(rows)), np.zeros(len(rows))
    by_method = similarities(rows, encoder)
    baselines = {method: np.zeros(len(rows)) for method in by_method}
    for train, test in _folds(groups, FOLDS):
        predictions[test], errors[test] = _fit_and_predict(features, scores, groups, train, test)
        for method, similarity in by_method.items():
            baselines[method][test] = calibrated(similarity, scores, train, test)
    return Measurement(
        agreement=agreement(scores, predictions, dataset),
        coverage=covered(scores, predictions, errors, dataset.scale),
        baselines={method: agreement(scores, found, dataset) for method, found in baselines.items()},
        n=len(rows),
        questions=int(groups.max()) + 1,
        scale=dataset.scale,
        step=dataset.step,
        left_out=dataset.left_out,
        predictions=tuple(map(float, predictions * dataset.scale)),
        expected_errors=tuple(map(float, errors * dataset.scale)),
    )


def _folds(groups: Indices, most: int) -> Iterator[tuple[Indices, Indices]]:
    number = min(len(set(groups.tolist())), most)
    yield from GroupKFold(number).split(groups, groups=groups)


def _fit_and_predict(
    features: Matrix, scores: Scores, groups: Indices, train: Indices, test: Indices
) -> tuple[Scores, Scores]:
    """Scores and expected errors of `test`; the model of errors learns from errors on questions that were
    not in training either."""
    inner, spread = np.zeros(len(train)), np.zeros(len(train))
    few = len(set(groups[train].tolist())) <= _FEW_QUESTIONS
    for part, held in _folds(groups[train], FOLDS if few else INNER_FOLDS):
        forest = _forest(_INNER_TREES, _LEAF, len(part)).fit(features[train[part]], scores[train[part]])
        inner[held], spread[held] = _mean_and_spread(forest, features[train[held]])
    residuals = _forest(_TREES, _RESIDUAL_LEAF, len(train)).fit(
        _with(features[train], inner, spread), np.abs(inner - scores[train])
    )
    forest = _forest(_TREES, _LEAF, len(train)).fit(features[train], scores[train])
    predicted, spreads = _mean_and_spread(forest, features[test])
    expected = residuals.predict(_with(features[test], predicted, spreads))
    # Trees that disagree are a sign of their own, above all where there are few answers to learn errors from.
    errors: Scores = np.maximum(expected, 0.01) * np.maximum(spreads, 0.01) ** min(
        1.0, _SPREAD_ANSWERS / len(train)
    )
    return predicted, errors


def _forest(trees: int, leaf: int, rows: int) -> ExtraTreesRegressor:
    # Of a handful of answers, all in one leaf, nothing would be learnt.
    least = max(1, min(leaf, rows // _LEAVES))
    return ExtraTreesRegressor(
        trees, min_samples_leaf=least, max_features=_SHARE, n_jobs=2, random_state=_SEED
    )


def _mean_and_spread(forest: ExtraTreesRegressor, features: Matrix) -> tuple[Scores, Scores]:
    by_tree = np.array([tree.predict(features.astype(np.float32)) for tree in forest.estimators_])
    return by_tree.mean(axis=0), by_tree.std(axis=0)


def _with(features: Matrix, predicted: Scores, spread: Scores) -> Matrix:
    return np.column_stack([features, predicted, spread])


def agreement(scores: Scores, predicted: Scores, dataset: Dataset) -> Agreement:
    """`scores` and `predicted` run from 0 to 1."""
    constant = np.ptp(scores) == 0 or np.ptp(predicted) == 0
    steps = round(dataset.scale / dataset.step)
    given, rounded = (
        np.clip(np.rint(values * steps), 0, steps).astype(int) for values in (scores, predicted)
    )
    with warnings.catch_warnings():
        # Undefined where everything falls into one class; None says so.
        warnings.simplefilter("ignore")
        kappa = float(cohen_kappa_score(given, rounded, weights="quadratic"))
        macro = float(f1_score(scores >= 0.5, predicted >= 0.5, average="macro", zero_division=0))
    return Agreement(
        pearson=None if constant else float(np.corrcoef(scores, predicted)[0, 1]),
        rmse=float(np.sqrt(np.mean((scores - predicted) ** 2)) * dataset.scale),
        qwk=None if np.isnan(kappa) else kappa,
        macro_f1=macro,
    )


def covered(
    scores: Scores, predicted: Scores, errors: Scores, scale: float, shares: Sequence[float] = COVERAGES
) -> tuple[Covered, ...]:
    """The error of the surest answers, for each share of them."""
    order = np.argsort(errors, kind="stable")
    squared = (scores - predicted)[order] ** 2
    return tuple(
        Covered(share, float(np.sqrt(squared[: max(1, round(share * len(squared)))].mean()) * scale))
        for share in shares
    )
