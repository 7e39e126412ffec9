"""What artifact exercises measure: named functions of an evaluator's findings and of what the judge knows.

A measure runs outside every jail. Its inputs are arrays, numbers or texts by name; the arrays of `sampled`
have one row for each unit of chance (an example, a seed, a text, a repetition), and an interval comes from
drawing those rows anew (`grader.judge.intervals`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Value = Array | float | str
_LARGEST_EXPONENT = 700.0


class MalformedMeasurement(Exception):
    """The evaluator's jail returned something that cannot be measured: the evaluator's fault, not the
    candidate's, because evaluators refuse bad artifacts themselves."""


@dataclass(frozen=True, slots=True)
class Measure:
    """`sampled` inputs share their number of rows, `fixed` ones are whole; `parameters` are the package's."""

    function: Callable[..., float]
    sampled: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()


def accuracy(*, predictions: Array, labels: Array) -> float:
    """The share of rows where the prediction is the label."""
    return float(np.mean(predictions == labels))


def f1(*, predictions: Array, labels: Array, positive: float = 1) -> float:
    """F1 of one class: 2·TP / (2·TP + FP + FN); 0 when there is neither a positive nor a claim of one."""
    claimed, true = predictions == positive, labels == positive
    hits = int(np.sum(claimed & true))
    return _ratio(2 * hits, int(np.sum(claimed)) + int(np.sum(true)))


def macro_f1(*, predictions: Array, labels: Array) -> float:
    """The mean of the F1 of every class that occurs in the labels."""
    return float(
        np.mean([f1(predictions=predictions, labels=labels, positive=one) for one in np.unique(labels)])
    )


def recall(*, predictions: Array, labels: Array, positive: float = 1) -> float:
    """TP / (TP + FN); 0 without a positive."""
    true = labels == positive
    return _ratio(int(np.sum(true & (predictions == positive))), int(np.sum(true)))


def precision(*, predictions: Array, labels: Array, positive: float = 1) -> float:
    """TP / (TP + FP); 0 without a claim."""
    claimed = predictions == positive
    return _ratio(int(np.sum(claimed & (labels == positive))), int(np.sum(claimed)))


def group_accuracy(*, predictions: Array, labels: Array, groups: Array, group: float) -> float:
    """The accuracy on the rows of one group; 0 without such a row."""
    rows = groups == group
    return _ratio(int(np.sum(rows & (predictions == labels))), int(np.sum(rows)))


def accuracy_report_error(*, predictions: Array, labels: Array, reported: float) -> float:
    """How far the reported accuracy lies from the measured one."""
    return abs(reported - accuracy(predictions=predictions, labels=labels))


def f1_report_error(*, predictions: Array, labels: Array, reported: float, positive: float = 1) -> float:
    """How far the reported F1 lies from the measured one."""
    return abs(reported - f1(predictions=predictions, labels=labels, positive=positive))


def mean(*, values: Array) -> float:
    """The mean of one figure a row: hits as 0 and 1, ranks, losses, one figure a seed."""
    return float(np.mean(values))


def median(*, values: Array) -> float:
    """The median of one figure a row."""
    return float(np.median(values))


def quantile(*, values: Array, share: float) -> float:
    """The value below which `share` of the rows lie, interpolated linearly."""
    return float(np.quantile(values, share))


def perplexity(*, losses: Array) -> float:
    """exp of the mean negative log-likelihood a token (natural logarithm); capped where it would overflow."""
    return math.exp(min(float(np.mean(losses)), _LARGEST_EXPONENT))


def perplexity_ratio(*, losses: Array, baseline_losses: Array) -> float:
    """The perplexity as a multiple of the baseline's on the same tokens."""
    return math.exp(min(float(np.mean(losses - baseline_losses)), _LARGEST_EXPONENT))


def reciprocal_rank(*, ranks: Array) -> float:
    """Mean of 1/rank, the best rank being 1; a rank of 0 stands for "not found"."""
    found = ranks > 0
    return float(np.mean(np.where(found, 1 / np.where(found, ranks, 1), 0.0)))


def hits_at(*, ranks: Array, k: float) -> float:
    """The share of rows whose rank is between 1 and k."""
    return float(np.mean((ranks > 0) & (ranks <= k)))


def calibration_error(*, probabilities: Array, labels: Array, bins: float = 15) -> float:
    """Expected calibration error of the class with the highest probability, equal-width bins.

    `probabilities` (n, classes), rows summing to 1. Guo et al. 2017, eq. 3.
    """
    confidence, chosen = probabilities.max(axis=1), probabilities.argmax(axis=1)
    place = np.minimum((confidence * bins).astype(int), int(bins) - 1)
    gap = np.bincount(place, weights=(chosen == labels) - confidence, minlength=int(bins))
    return float(np.sum(np.abs(gap)) / len(labels))


def parity_difference(*, predictions: Array, groups: Array) -> float:
    """Demographic parity difference: the largest gap between the groups' rates of positive predictions."""
    return _spread([float(np.mean(predictions[groups == one] == 1)) for one in np.unique(groups)])


def odds_difference(*, predictions: Array, labels: Array, groups: Array) -> float:
    """Equalised odds difference: the larger gap between groups of true or of false positive rates."""
    gaps = []
    for label in (0, 1):
        rates = []
        for one in np.unique(groups):
            rows = (groups == one) & (labels == label)
            if np.any(rows):
                rates.append(float(np.mean(predictions[rows] == 1)))
        gaps.append(_spread(rates))
    return max(gaps)


def parity_report_error(*, predictions: Array, groups: Array, reported: float) -> float:
    """How far the reported demographic parity difference lies from that of these very rows."""
    return abs(reported - parity_difference(predictions=predictions, groups=groups))


def largest_error(*, values: Array, expected: Array) -> float:
    """The largest absolute difference, entry by entry, of two arrays of one shape."""
    if values.shape != expected.shape:
        raise MalformedMeasurement(f"values have the shape {values.shape}, expected {expected.shape}")
    return float(np.max(np.abs(values - expected)))


def relative_error(*, value: Value, expected: Value) -> float:
    """|value − expected| / |expected|; the largest of them, entry by entry, for two arrays of one shape."""
    found, wanted = np.asarray(value), np.asarray(expected)
    if found.shape != wanted.shape:
        raise MalformedMeasurement(f"the value has the shape {found.shape}, expected {wanted.shape}")
    if not np.all(wanted):
        raise MalformedMeasurement("a relative error of nothing")
    return float(np.max(np.abs(found - wanted) / np.abs(wanted)))


def shared_groups(*, sides: Array, groups: Array) -> float:
    """What leaks through a split: of the rows on side 1, the share whose group has a row on side 0 as well.

    Rows on other sides count for neither; 0 where side 1 is empty.
    """
    tested = groups[sides == 1]
    return float(np.mean(np.isin(tested, groups[sides == 0]))) if len(tested) else 0.0


def number(*, value: float) -> float:
    """A figure as the evaluator reports it."""
    return value


def ratio(*, value: float, baseline: float) -> float:
    """value / baseline: sizes in bytes, times in seconds."""
    if baseline == 0:
        raise MalformedMeasurement("the baseline is 0")
    return value / baseline


def speed_ratio(*, seconds: Array, baseline_seconds: Array) -> float:
    """How many times as fast as the baseline: the median over interleaved repetitions of the same run."""
    if np.any(seconds <= 0) or np.any(baseline_seconds <= 0):
        raise MalformedMeasurement("a repetition took no time")
    return float(np.median(baseline_seconds / seconds))


def same_text(*, value: str, expected: str) -> float:
    """1 where the evaluator reports exactly this text, 0 elsewhere."""
    return float(value == expected)


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "accuracy": Measure(accuracy, ("predictions", "labels")),
        "group-accuracy": Measure(group_accuracy, ("predictions", "labels", "groups"), parameters=("group",)),
        "accuracy-report-error": Measure(accuracy_report_error, ("predictions", "labels"), ("reported",)),
        "f1": Measure(f1, ("predictions", "labels"), parameters=("positive",)),
        "macro-f1": Measure(macro_f1, ("predictions", "labels")),
        "recall": Measure(recall, ("predictions", "labels"), parameters=("positive",)),
        "precision": Measure(precision, ("predictions", "labels"), parameters=("positive",)),
        "f1-report-error": Measure(
            f1_report_error, ("predictions", "labels"), ("reported",), parameters=("positive",)
        ),
        "mean": Measure(mean, ("values",)),
        "median": Measure(median, ("values",)),
        "quantile": Measure(quantile, ("values",), parameters=("share",)),
        "perplexity": Measure(perplexity, ("losses",)),
        "perplexity-ratio": Measure(perplexity_ratio, ("losses", "baseline_losses")),
        "reciprocal-rank": Measure(reciprocal_rank, ("ranks",)),
        "hits-at": Measure(hits_at, ("ranks",), parameters=("k",)),
        "calibration-error": Measure(calibration_error, ("probabilities", "labels"), parameters=("bins",)),
        "parity-difference": Measure(parity_difference, ("predictions", "groups")),
        "parity-report-error": Measure(parity_report_error, fixed=("predictions", "groups", "reported")),
        "odds-difference": Measure(odds_difference, ("predictions", "labels", "groups")),
        "largest-error": Measure(largest_error, fixed=("values", "expected")),
        "relative-error": Measure(relative_error, fixed=("value", "expected")),
        "shared-groups": Measure(shared_groups, fixed=("sides", "groups")),
        "number": Measure(number, fixed=("value",)),
        "ratio": Measure(ratio, fixed=("value", "baseline")),
        "speed-ratio": Measure(speed_ratio, ("seconds", "baseline_seconds")),
        "same-text": Measure(same_text, fixed=("value",), parameters=("expected",)),
    }
)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _spread(rates: list[float]) -> float:
    return max(rates) - min(rates) if rates else 0.0
