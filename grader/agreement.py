"""How far two graders of the same points agree, beyond what chance would bring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

LEVELS = ("not_met", "partly", "met")


def weighted_kappa(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Cohen's kappa with quadratic weights over pairs of `LEVELS` (Cohen 1968).

    1 is full agreement, 0 what chance brings. None where there is no pair, or where both only ever said
    one and the same level: chance explains that as well.
    """
    counts = Counter((LEVELS.index(first), LEVELS.index(second)) for first, second in pairs)
    total = sum(counts.values())
    if not total:
        return None
    firsts, seconds = Counter[int](), Counter[int]()
    for (first, second), count in counts.items():
        firsts[first] += count
        seconds[second] += count
    observed = sum(count * (first - second) ** 2 for (first, second), count in counts.items()) / total
    expected = (
        sum(firsts[first] * seconds[second] * (first - second) ** 2 for first in firsts for second in seconds)
        / total**2
    )
    return None if expected == 0 else 1 - observed / expected
