"""Expected and received output side by side, line by line, with the differing parts of a line marked."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

MAX_LINES = 400
MAX_MARKED_LINE = 2000
"""Marking within a line takes quadratic time: longer lines are shown unmarked."""


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


def difference(expected: str, got: str) -> Difference:
    left, right = expected.splitlines(), got.splitlines()
    shortened = max(len(left), len(right)) > MAX_LINES
    left, right = left[:MAX_LINES], right[:MAX_LINES]
    left_lines: list[Line] = []
    right_lines: list[Line] = []
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            left_lines += [_plain("", text) for text in left[a:b]]
            right_lines += [_plain("", text) for text in right[c:d]]
            continue
        paired = min(b - a, d - c)
        for old, new in zip(left[a : a + paired], right[c : c + paired], strict=True):
            was, now = _marked(old, new)
            left_lines.append(was)
            right_lines.append(now)
        left_lines += [_plain("removed", text) for text in left[a + paired : b]]
        right_lines += [_plain("added", text) for text in right[c + paired : d]]
    return Difference(tuple(left_lines), tuple(right_lines), shortened)


def _plain(change: str, text: str) -> Line:
    return Line(change, (Segment(text, False),))


def _marked(old: str, new: str) -> tuple[Line, Line]:
    if max(len(old), len(new)) > MAX_MARKED_LINE:
        return _plain("removed", old), _plain("added", new)
    was: list[Segment] = []
    now: list[Segment] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if b > a:
            was.append(Segment(old[a:b], tag != "equal"))
        if d > c:
            now.append(Segment(new[c:d], tag != "equal"))
    return Line("removed", tuple(was)), Line("added", tuple(now))
