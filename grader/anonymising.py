"""What must not go along when an answer is kept as an example: whatever names a person."""

from __future__ import annotations

import re
from collections.abc import Iterable

REMOVED = "[…]"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:https?://|www\.)[^\s，。；、）]+",
        r"(?<![A-Za-z0-9_])@[A-Za-z0-9_]{2,}",  # accounts
        r"(?<!\d)\d{17}[\dXx](?!\d)",  # identity cards of China
        # Telephones by their marks: 175 000 000 000 parameters are none.
        r"\+\d(?:[ -]?\d){7,13}(?!\d)",
        r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)",
        r"(?<!\d)0\d{2,4}[ -]\d{6,8}(?!\d)",
        r"(?<!\d)\(?\d{3}\)?[ -]\d{3}-\d{4}(?!\d)",
    )
)
# Each word is looked at once, mail or not: one tried from each of its letters takes the square of its length.
_MAIL = re.compile(r"[A-Za-z0-9_.+-]++(?P<domain>@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)?")
_SHORTEST_NAME = 2


def anonymised(text: str, names: Iterable[str]) -> str:
    """`text` without mail and web addresses, telephone and identity numbers, accounts, and `names`."""
    text = _MAIL.sub(lambda found: REMOVED if found["domain"] else found[0], text)
    for pattern in _PATTERNS:
        text = pattern.sub(REMOVED, text)
    for name in sorted({name.strip() for name in names}, key=len, reverse=True):
        if len(name) >= _SHORTEST_NAME:
            # \b means nothing between Chinese characters, which know no spaces.
            bounds = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
            text = re.sub(bounds[0] + re.escape(name) + bounds[1], REMOVED, text, flags=re.IGNORECASE)
    return text
