"""Scores and intervals by what is known of other answers.

First a rising curve turns the forests' raw score into what people gave answers of that raw score. Then an
interval by conformal prediction says how far people's scores lay from it. Answers are compared with answers
of their own group (Vovk et al. 2003, Mondrian conformal predictors): short ones in which no point was
found, and the others by their score; in the same language.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

CONFIDENCE = 0.9
"""How often intervals hold what a person gives."""
EDGES = (0.2, 0.35, 0.55)
"""Where the groups of scores end."""
_GROUPS = len(EDGES) + 2
_LEAST = 0.1
"""People who grade the same answer twice are no closer than that: half a point of five."""
_LEAST_OF_FOUND = 0.25
"""Where something was found, or the answer is long. Right answers in words that nobody thought of are in no
set of graded ones, so that what is measured there is too narrow: by the rule we come with they wait."""


@dataclass(frozen=True, slots=True)
class Known:
    """The grader's raw score, whether it found nothing in a short answer, and what people gave the same
    answer. A `made` answer was written by a program: it widens intervals, and does not bend the curve."""

    language: str
    raw: float
    nothing_found: bool
    truth: float
    made: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """The curve's corners, and by language and group the distances below and above; None where too few
    answers are known."""

    curve: tuple[tuple[float, float], ...]
    sides: Mapping[str, Sequence[tuple[float | None, float | None]]]

    def score(self, raw: float) -> float:
        """What people give, on average, answers of this raw score."""
        raws, truths = zip(*self.curve, strict=True)
        return float(np.interp(raw, raws, truths))

    def interval(self, language: str, score: float, nothing_found: bool) -> tuple[float, float] | None:
        """The interval around `score`, inside 0 to 1; None in a language without calibration."""
        groups = self.sides.get(language)
        if groups is None:
            return None
        below, above = groups[_group(score, nothing_found)]
        low = 0.0 if below is None else max(0.0, score - below)
        high = 1.0 if above is None else min(1.0, score + above)
        return low, high

    def document(self) -> dict[str, Any]:
        sides = {language: [list(pair) for pair in groups] for language, groups in self.sides.items()}
        return {"curve": [list(corner) for corner in self.curve], "sides": sides}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Calibration:
        return cls(
            tuple((raw, truth) for raw, truth in document["curve"]),
            {name: [(low, high) for low, high in groups] for name, groups in document["sides"].items()},
        )


UNCALIBRATED = Calibration(((0.0, 0.0), (1.0, 1.0)), {})


def calibrate(known: Iterable[Known], curve: tuple[tuple[float, float], ...]) -> Calibration:
    """The distances of each language that `known` holds, around the scores of `curve`."""
    drawn = Calibration(curve, {})
    by_language: dict[str, list[list[float]]] = {}
    for item in known:
        groups = by_language.setdefault(item.language, [[] for _ in range(_GROUPS)])
        score = drawn.score(item.raw)
        groups[_group(score, item.nothing_found)].append(score - item.truth)
    return Calibration(
        curve,
        {
            name: [_sides(group, one_sided=number == 0) for number, group in enumerate(groups)]
            for name, groups in by_language.items()
        },
    )


def _sides(distances: list[float], *, one_sided: bool) -> tuple[float | None, float | None]:
    """Where no point was found the interval begins at 0, below which nothing lies: it can fail on one side
    only."""
    negated = [-distance for distance in distances]
    if one_sided:
        return None, _quantile(negated, CONFIDENCE, _LEAST)
    each = 1 - (1 - CONFIDENCE) / 2
    return _quantile(distances, each, _LEAST_OF_FOUND), _quantile(negated, each, _LEAST_OF_FOUND)


def _quantile(distances: Sequence[float], confidence: float, least: float) -> float | None:
    """The distance that a new one exceeds with a probability of at most 1 - `confidence`."""
    rank = math.ceil((len(distances) + 1) * confidence)
    return max(least, sorted(distances)[rank - 1]) if rank <= len(distances) else None


def _group(score: float, nothing_found: bool) -> int:
    return 0 if nothing_found else 1 + sum(score >= edge for edge in EDGES)
