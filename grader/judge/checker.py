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
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)


def difference(got: bytes, answer: bytes, checker: Checker) -> str | None:
    """Where the two differ, for samples and authors; None where they do not."""
    # As the format has it, both are single bytes: letters beyond ASCII are compared as they are.
    return _compare(got.decode("latin-1"), answer.decode("latin-1"), checker)


def _compare(got: str, answer: str, checker: Checker) -> str | None:
    # One token at a time: the output may be megabytes of them, and the first may be wrong.
    for number, (one, other) in enumerate(zip_longest(_tokens(got, checker), _tokens(answer, checker)), 1):
        if one is None:
            return f"the output has {number - 1} tokens, not {sum(1 for _ in _tokens(answer, checker))}"
        if other is None:
            return f"the output has {sum(1 for _ in _tokens(got, checker))} tokens, not {number - 1}"
        if not _same(one, other, checker):
            return f"token {number} is {_shown(one)}, not {_shown(other)}"
    return None


def _tokens(text: str, checker: Checker) -> Iterator[str]:
    pattern = _WORDS_AND_BLANKS if checker.space_change_sensitive else _WORDS
    return (match.group() for match in pattern.finditer(text))


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
