"""Compares a program's output with the answer: the default output validator of the package format.

Source: Kattis problem package format 2025-09, "default output validator": tokens separated by white space,
letters' case ignored unless `case_sensitive`, white space exact with `space_change_sensitive`, and numbers
close by the absolute or the relative tolerance where one is given.
"""

from __future__ import annotations

import math
import re

from questionbank.packages.model import Checker

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)


def difference(got: bytes, answer: bytes, checker: Checker) -> str | None:
    """Where the two differ, for samples and authors; None where they do not."""
    try:
        text = got.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"the output is no UTF-8 at byte {error.start}"
    return _compare(text, answer.decode("utf-8"), checker)


def _compare(got: str, answer: str, checker: Checker) -> str | None:
    mine, theirs = _tokens(got, checker), _tokens(answer, checker)
    for number, (one, other) in enumerate(zip(mine, theirs, strict=False), start=1):
        if not _same(one, other, checker):
            return f"token {number} is {one!r:.80}, not {other!r:.80}"
    if len(mine) != len(theirs):
        return f"the output has {len(mine)} tokens, not {len(theirs)}"
    return None


def _tokens(text: str, checker: Checker) -> list[str]:
    if checker.space_change_sensitive:
        return re.findall(r"\s|[^\s]+", text)
    return text.split()


def _same(got: str, answer: str, checker: Checker) -> bool:
    if got == answer or (not checker.case_sensitive and got.casefold() == answer.casefold()):
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
