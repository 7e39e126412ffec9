"""Authors' texts are read in time that grows as their length does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from questionbank.packages.latex import to_markdown
from questionbank.packages.statements import pictures_of
from tests.growth import LINEAR, growth

READERS: dict[str, tuple[Callable[[str], object], str]] = {
    "pictures that only begin": (pictures_of, "!["),
    "LaTeX of empty lines": (lambda text: to_markdown(text, "en", {}), "\n"),
}


@pytest.mark.parametrize(("reader", "unit"), READERS.values(), ids=READERS)
def test_a_long_text_is_read_in_linear_time(reader: Callable[[str], object], unit: str) -> None:
    assert growth(reader, lambda size: "x" + unit * (size // len(unit)) + "x", 32 * 1024) < LINEAR


def test_pictures_are_found_behind_what_only_begins_as_one() -> None:
    assert pictures_of("![a ![b](c.png) ![d] ![e]( <f.png>) ![]() ![g](h.svg") == ["c.png", "f.png", "h.svg"]
