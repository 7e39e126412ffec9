"""Expected and received output side by side, line by line, with the differing parts of a line marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from itertools import accumulate

MAX_LINES = 400
MAX_MARKED_LINE = 2000
"""Longer lines are shown unmarked."""
MAX_STEPS = 4_000_000
"""Equal pairs looked at in one difference. Texts can be made that need the cube of their length: what is left
then counts as different."""


@dataclass(frozen=True, slots=True)
class Segment:
    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Line:
    """`change` is "", "removed" (expected only) or "added" (received only)."""

    change: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    expected: tuple[Line, ...]
    got: tuple[Line, ...]
    shortened: bool


class _Bounded(SequenceMatcher[str]):
    """A matcher that finds nothing more once its steps, which it shares with others, are used up."""

    def __init__(self, old: Sequence[str], new: Sequence[str], left: list[int]) -> None:
        super().__init__(None, old, new, autojunk=False)
        self._left = left
        counts = Counter(new)
        pairs = (counts[item] + 1 for item in old)
        self._steps = list(accumulate(pairs, initial=0))

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        steps = self._steps[len(self._steps) - 1 if ahi is None else ahi] - self._steps[alo]
        if steps > self._left[0]:
            return Match(alo, blo, 0)
        self._left[0] -= steps
        return super().find_longest_match(alo, ahi, blo, bhi)


def difference(expected: str, got: str) -> Difference:
    left, right = expected.splitlines(), got.splitlines()
    shortened = max(len(left), len(right)) > MAX_LINES
    left, right = left[:MAX_LINES], right[:MAX_LINES]
    left_lines: list[Line] = []
    right_lines: list[Line] = []
    steps = [MAX_STEPS]
    for tag, a, b, c, d in _Bounded(left, right, steps).get_opcodes():
        if tag == "equal":
            left_lines += [_plain("", text) for text in left[a:b]]
            right_lines += [_plain("", text) for text in right[c:d]]
            continue
        paired = min(b - a, d - c)
        for old, new in zip(left[a : a + paired], right[c : c + paired], strict=True):
            was, now = _marked(old, new, steps)
            left_lines.append(was)
            right_lines.append(now)
        left_lines += [_plain("removed", text) for text in left[a + paired : b]]
        right_lines += [_plain("added", text) for text in right[c + paired : d]]
    return Difference(tuple(left_lines), tuple(right_lines), shortened)


def _plain(change: str, text: str) -> Line:
    return Line(change, (Segment(text, False),))


def _marked(old: str, new: str, steps: list[int]) -> tuple[Line, Line]:
    if max(len(old), len(new)) > MAX_MARKED_LINE:
        return _plain("removed", old), _plain("added", new)
    was: list[Segment] = []
    now: list[Segment] = []
    for tag, a, b, c, d in _Bounded(old, new, steps).get_opcodes():
        if b > a:
            was.append(Segment(old[a:b], tag != "equal"))
        if d > c:
            now.append(Segment(new[c:d], tag != "equal"))
    return Line("removed", tuple(was)), Line("added", tuple(now))
