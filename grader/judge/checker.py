"""Compares a program's output with the answer: the default output validator of the package format.

Source: Kattis problem package format 2025-09, "default output validator": tokens separated by white space,
letters' case ignored unless `case_sensitive`, white space exact with `space_change_sensitive`, and numbers
close by the absolute or the relative tolerance where one is given.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterator
from itertools import zip_longest

from questionbank.packages.model import Checker

_WORDS = re.compile(r"[^ \f\n\r\t\v]+")
_WORDS_AND_BLANKS = re.compile(r"[ \f\n\r\t\v]|[^ \f\n\r\t\v]+")
_SMALL = {ord(letter): letter.lower() for letter in string.ascii_uppercase}
_NUMBER = re.compile(r"[+-]?(\d++(\.\d*+)?|\.\d++)([eE][+-]?\d++)?\Z", re.ASCII)
_BLANKS = b" \f\n\r\t\v"
_KINDS = bytes(_BLANKS[0] if byte in _BLANKS else ord("x") for byte in range(256))


def difference(got: bytes, answer: bytes, checker: Checker) -> str | None:
    """Where the two differ, for samples and authors; None where they do not."""
    # One token at a time: the output may be megabytes of them, and the first may be wrong.
    for number, (one, other) in enumerate(zip_longest(_tokens(got, checker), _tokens(answer, checker)), 1):
        if one is None:
            return f"the output has {number - 1} tokens, not {_count(answer, checker)}"
        if other is None:
            return f"the output has {_count(got, checker)} tokens, not {number - 1}"
        if not _same(one, other, checker):
            return f"token {number} is {_shown(one)}, not {_shown(other)}"
    return None


def _tokens(text: bytes, checker: Checker) -> Iterator[str]:
    pattern = _WORDS_AND_BLANKS if checker.space_change_sensitive else _WORDS
    # As the format has it, texts are single bytes: letters beyond ASCII are compared as they are.
    return (match.group() for match in pattern.finditer(text.decode("latin-1")))


def _count(text: bytes, checker: Checker) -> int:
    """How many tokens there are, without making millions of them."""
    kinds = text.translate(_KINDS)
    words = kinds.count(b" x") + kinds.startswith(b"x")
    return words + kinds.count(b" ") if checker.space_change_sensitive else words


def _shown(token: str) -> str:
    return f"{token.encode('latin-1').decode('utf-8', errors='replace')!r:.80}"


def _lower(token: str) -> str:
    """Capital letters of ASCII made small, and no others."""
    return token.translate(_SMALL)


def _same(got: str, answer: str, checker: Checker) -> bool:
    if got == answer or (not checker.case_sensitive and _lower(got) == _lower(answer)):
        return True
    absolute, relative = checker.float_absolute_tolerance, checker.float_relative_tolerance
    if absolute is None and relative is None:
        return False
    if not (_NUMBER.match(got) and _NUMBER.match(answer)):
        return False
    one, other = float(got), float(answer)
    if not math.isfinite(one):
        return False
    error = abs(one - other)
    return (absolute is not None and error <= absolute) or (
        relative is not None and error <= relative * abs(other)
    )
