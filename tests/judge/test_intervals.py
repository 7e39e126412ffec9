"""An interval holds the truth as often as it says."""

from __future__ import annotations

import numpy as np

from grader.judge.intervals import Interval, bootstrap, generator, split


def interval_of(data: np.ndarray, *, threshold: float = 9.0, resamples: int = 400) -> Interval:
    return bootstrap(
        lambda rows: float(np.mean(data[rows])),
        np.arange(len(data)),
        threshold=threshold,
        confidence=0.9,
        resamples=resamples,
        most_resamples=4 * resamples,
        random=generator("test"),
    )


def test_nine_of_ten_intervals_hold_the_true_mean() -> None:
    random = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        found = interval_of(random.normal(3.0, 2.0, size=60), resamples=200)
        held += found.low <= 3.0 <= found.high
    assert 165 <= held <= 195


def test_more_draws_are_made_only_while_the_threshold_lies_inside() -> None:
    calls = 0
    data = np.array([0.0, 1.0] * 50)

    def counted(rows: np.ndarray) -> float:
        nonlocal calls
        calls += 1
        return float(np.mean(data[rows]))

    for threshold, expected in ((0.9, 100), (0.5, 800)):
        calls = 0
        bootstrap(
            counted,
            np.arange(100),
            threshold=threshold,
            confidence=0.95,
            resamples=100,
            most_resamples=800,
            random=generator("test"),
        )
        assert calls == expected


def test_a_split_parts_all_rows_once() -> None:
    shown, final = split(101, 0.4, generator("test"))
    assert len(final) == 40
    assert sorted([*shown, *final]) == list(range(101))
    everything, same = split(10, 0.0, generator("test"))
    assert list(everything) == list(same) == list(range(10))
