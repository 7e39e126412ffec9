"""How the time of a piece of work grows with what it is given."""

from __future__ import annotations

import time
from collections.abc import Callable

LINEAR = 3.0
"""Above the growth of what takes twice the time for twice the text, below the four times of the square."""


def growth(work: Callable[[str], object], make: Callable[[int], str], size: int) -> float:
    """How many times as long `work` takes for `make(2 * size)` as for `make(size)`, at best of three."""
    half, whole = make(size), make(2 * size)
    return _quickest(work, whole) / _quickest(work, half)


def _quickest(work: Callable[[str], object], text: str) -> float:
    taken = []
    for _ in range(3):
        start = time.thread_time()
        work(text)
        taken.append(time.thread_time() - start)
    return min(taken)
