"""How sure a figure is: a percentile bootstrap over its rows (Efron and Tibshirani 1993, ch. 13)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]
Statistic = Callable[[Rows], float]


@dataclass(frozen=True, slots=True)
class Interval:
    """The true figure lies between `low` and `high` with the declared confidence."""

    low: float
    high: float

    def spans(self, threshold: float) -> bool:
        """Whether the threshold lies strictly inside: the figure could fall on either side of it."""
        return self.low < threshold < self.high


def generator(*names: str) -> np.random.Generator:
    """Random numbers that depend on the names alone: the same answer gets the same interval every time."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def bootstrap(
    statistic: Statistic,
    rows: Rows,
    *,
    threshold: float,
    confidence: float,
    resamples: int,
    most_resamples: int,
    random: np.random.Generator,
) -> Interval:
    """The interval of `statistic` over draws with replacement from `rows`.

    Draws `resamples` times, and as often again up to `most_resamples` while the threshold lies inside.
    """
    values: list[float] = []
    while True:
        wanted = min(max(resamples, len(values)), most_resamples - len(values))
        values += [statistic(random.choice(rows, size=len(rows))) for _ in range(wanted)]
        tail = (1 - confidence) / 2
        low, high = np.quantile(np.array(values), [tail, 1 - tail])
        interval = Interval(float(low), float(high))
        if not interval.spans(threshold) or len(values) >= most_resamples:
            return interval


def split(count: int, final_share: float, random: np.random.Generator) -> tuple[Rows, Rows]:
    """Rows whose figures are shown, and rows that decide: the same ones where nothing is held back."""
    order: NDArray[Any] = random.permutation(count)
    held = round(count * final_share)
    if not held:
        everything = np.arange(count, dtype=np.intp)
        return everything, everything
    return np.sort(order[held:]), np.sort(order[:held])
