"""An answer cut where evidence begins and ends, so that a page can mark which words count for which point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the answer and the numbers of the points it is evidence for; `last` of these end here."""

    text: str
    numbers: tuple[int, ...]
    last: tuple[int, ...]


def pieces_of(text: str, places: Mapping[int, tuple[int | None, int | None]]) -> list[Piece]:
    """The whole text in order; `places` are a point's number and where in `text` its evidence lies.

    A place outside the text counts as far as it lies inside.
    """
    spans = {
        number: (max(0, start), min(len(text), end))
        for number, (start, end) in places.items()
        if start is not None and end is not None and max(0, start) < min(len(text), end)
    }
    cuts = sorted({0, len(text), *(place for span in spans.values() for place in span)})
    found = []
    for start, end in pairwise(cuts):
        numbers = tuple(number for number, span in sorted(spans.items()) if span[0] <= start < span[1])
        last = tuple(number for number in numbers if spans[number][1] == end)
        found.append(Piece(text[start:end], numbers, last))
    return found
