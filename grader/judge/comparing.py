"""Whether a result equals the expected value, floats within the tolerance the problem declares."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from grader.judge.values import Array
from questionbank.packages.model import Numeric

EXACT = Numeric(atol=0.0, rtol=0.0)


def difference(got: Any, expected: Any, numeric: Numeric | None) -> str | None:
    """Where and how the two differ, for the author and for samples; None where they do not.

    Both are decoded to one declared type (`grader.judge.values`). A float is close when
    |got − expected| ≤ atol + rtol·|expected|; NaN equals NaN, an infinity equals itself.
    """
    return _difference(got, expected, numeric or EXACT, "result")


def _difference(got: Any, expected: Any, numeric: Numeric, place: str) -> str | None:
    if isinstance(expected, Array):
        if got.shape != expected.shape:
            return f"{place} has shape {_shape_text(got.shape)}, not {_shape_text(expected.shape)}"
        return _sequence(_numbers(got), _numbers(expected), numeric, place)
    if isinstance(expected, float) and isinstance(got, float):
        return None if close(got, expected, numeric) else f"{place} is {got!r}, not {expected!r}"
    if _are_numbers(got, expected):
        return (
            None if _same_number(got, expected, numeric) else f"{place} is {got!r:.80}, not {expected!r:.80}"
        )
    if type(got) is not type(expected):
        return f"{place} is {got!r:.80}, not {expected!r:.80}"
    if isinstance(expected, list | tuple):
        if len(got) != len(expected):
            return f"{place} has {len(got)} items, not {len(expected)}"
        return _sequence(got, expected, numeric, place)
    if isinstance(expected, dict):
        return _mapping(got, expected, numeric, place)
    return None if got == expected else f"{place} is {got!r:.80}, not {expected!r:.80}"


def close(got: float, expected: float, numeric: Numeric) -> bool:
    """The tolerance rule for one pair of numbers."""
    if got == expected or (math.isnan(got) and math.isnan(expected)):
        return True
    if not (math.isfinite(got) and math.isfinite(expected)):
        return False
    return abs(got - expected) <= numeric.atol + numeric.rtol * abs(expected)


def _are_numbers(got: Any, expected: Any) -> bool:
    """Whether two numbers of whatever types meet, as the type `object` allows."""
    kinds = {type(got), type(expected)}
    return kinds <= {bool, int, float, complex} and (len(kinds) == 2 or complex in kinds)


def _same_number(got: Any, expected: Any, numeric: Numeric) -> bool:
    """Python's own equality, and closeness where one of the two is no whole number."""
    if got == expected:
        return True
    try:
        one, other = complex(got), complex(expected)
    except OverflowError:
        return False
    if {type(got), type(expected)} <= {bool, int}:
        return False
    parts = zip((one.real, one.imag), (other.real, other.imag), strict=True)
    return all(close(part, wanted, numeric) for part, wanted in parts)


def _sequence(got: Any, expected: Any, numeric: Numeric, place: str) -> str | None:
    for index, (one, other) in enumerate(zip(got, expected, strict=True)):
        found = _difference(one, other, numeric, f"{place}[{index}]")
        if found:
            return found
    return None


def _mapping(got: Any, expected: Any, numeric: Numeric, place: str) -> str | None:
    missing = sorted(expected.keys() - got.keys())
    if missing:
        return f"{place} lacks the key {missing[0]!r}"
    extra = sorted(got.keys() - expected.keys())
    if extra:
        return f"{place} has a key {extra[0]!r:.80} too many"
    for key, value in expected.items():
        found = _difference(got[key], value, numeric, f"{place}[{key!r}]")
        if found:
            return found
    return None


def _numbers(array: Array) -> list[Any]:
    """An array's numbers in a row. A float may be written as a whole number; one too large stays one."""
    leaves = list(_leaves(array.items))
    return [_as_float(number) for number in leaves] if array.kind == "float" else leaves


def _leaves(items: Any) -> Iterator[Any]:
    if not isinstance(items, list):
        yield items
        return
    for item in items:
        yield from _leaves(item)


def _as_float(number: Any) -> Any:
    try:
        return float(number) if type(number) is int else number
    except OverflowError:
        return number


def _shape_text(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "()"
