"""Whether a quote is literally in the answer, after NFKC and folding of white space, and where."""

from __future__ import annotations

import unicodedata

from grader.llm.model import Quote

SHORTEST = 8
"""Characters, folded. Shorter ones are found anywhere."""


def find_quote(quote: str, answer: str, question: str) -> Quote | None:
    """Where in `answer` the quote stands; None where it is too short, invented, or the question's words."""
    wanted, _places = _folded(quote)
    if len(wanted) < SHORTEST or wanted in _folded(question)[0]:
        return None
    text, places = _folded(answer)
    at = text.find(wanted)
    if at < 0:
        return None
    start, end = places[at], places[at + len(wanted) - 1] + 1
    return Quote(start, end, answer[start:end])


def _folded(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the place in `text` that it comes from."""
    characters: list[str] = []
    places: list[int] = []
    for start, cluster in _clusters(text):
        for character in unicodedata.normalize("NFKC", cluster):
            if character.isspace():
                if not characters or characters[-1] == " ":
                    continue
                character = " "
            characters.append(character)
            places.append(start)
    if characters and characters[-1] == " ":
        characters.pop()
        places.pop()
    return "".join(characters), places


def _clusters(text: str) -> list[tuple[int, str]]:
    """Characters with the combining marks behind them: NFKC may join these, and no others."""
    found: list[tuple[int, str]] = []
    for place, character in enumerate(text):
        if found and (unicodedata.combining(character) or "\u1160" <= character <= "\u11ff"):
            start, cluster = found[-1]
            found[-1] = (start, cluster + character)
        else:
            found.append((place, character))
    return found
