"""Values of the type `object`: whatever a Python function takes or returns, written as JSON.

Lists, texts, numbers, booleans and null are themselves. The rest is an object with one key:
`{"$tuple": […]}`, `{"$set": […]}`, `{"$dict": [[key, value], …]}`, `{"$complex": [re, im]}`,
`{"$float": "nan" | "inf" | "-inf"}`.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

MAX_DEPTH = 64
MAX_ALIKE = 64
"""Items of one set, or keys of one dict, with the same hash: numbers can be chosen so that all have it, and
each then meets all others."""
NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class NoValue(ValueError):
    """The JSON stands for no value; the text says why and repeats none of it."""


def decode(value: Any, depth: int = 0) -> Any:
    """The Python value; a set becomes a frozenset. Raises `NoValue`."""
    if depth > MAX_DEPTH:
        raise NoValue("it is nested too deeply")
    if isinstance(value, list):
        return [decode(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return _tagged(value, depth)
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise NoValue("it holds half of a surrogate pair, which is no character")
    return value


def _tagged(value: dict[str, Any], depth: int) -> Any:
    if len(value) != 1:
        raise NoValue("an object has one key that begins with $")
    ((tag, content),) = value.items()
    if tag == "$float" and isinstance(content, str) and content in NON_FINITE:
        return NON_FINITE[content]
    if not isinstance(content, list):
        raise NoValue("an object holds a list under a key that begins with $")
    if tag == "$complex" and len(content) == 2:
        return _complex(decode(content, depth + 1))
    if tag in ("$tuple", "$set"):
        items = [decode(item, depth + 1) for item in content]
        return tuple(items) if tag == "$tuple" else frozenset(_hashable(items))
    if tag == "$dict":
        pairs = [_pair(pair, depth + 1) for pair in content]
        return dict(zip(_hashable([key for key, _ in pairs]), (value for _, value in pairs), strict=True))
    raise NoValue("an object stands for a $tuple, $set, $dict, $complex or $float")


def _complex(parts: list[Any]) -> complex:
    if not all(type(part) in (int, float) for part in parts):
        raise NoValue("a complex number has two numbers")
    try:
        return complex(*parts)
    except OverflowError as error:
        raise NoValue("a complex number is too large") from error


def _pair(pair: Any, depth: int) -> tuple[Any, Any]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise NoValue("a $dict holds pairs of a key and a value")
    return decode(pair[0], depth), decode(pair[1], depth)


def _hashable(values: list[Any]) -> list[Any]:
    """The values, which a set or a dict may be made of in time that grows as their number does."""
    try:
        alike = Counter(map(hash, values))
    except TypeError as error:
        raise NoValue("an item of a set or a key of a dict is a list or a dict itself") from error
    if max(alike.values(), default=0) > MAX_ALIKE:
        raise NoValue(f"more than {MAX_ALIKE} items of a set or keys of a dict have the same hash")
    return values
