"""Whether JSON values are of their declared types, and how large their whole numbers are."""

from __future__ import annotations

from typing import Any

from questionbank.packages import anything
from questionbank.packages.types import TypeWord, described

NON_FINITE = frozenset({"nan", "inf", "-inf"})


class Mismatch(ValueError):
    """A value is of another type than is declared; the text says where and what."""


def largest_int(value: Any, word: TypeWord, place: str = "value") -> int:
    """The largest absolute whole number where `word` says int; raises `Mismatch`."""
    if value is None and (word.optional or word.name == "None"):
        return 0
    match word.name:
        case "int" if type(value) is int:
            return abs(value)
        case "float" if type(value) in (int, float) or _is_non_finite(value):
            return 0
        case "bool" if type(value) is bool:
            return 0
        case "str" if type(value) is str:
            if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
                raise Mismatch(f"{place} holds half of a surrogate pair, which is no character")
            return 0
        case "list" if type(value) is list:
            return _largest((item, word.items[0], f"{place}[{index}]") for index, item in enumerate(value))
        case "tuple" if type(value) is list and len(value) == len(word.items):
            pairs = zip(value, word.items, strict=True)
            return _largest((item, inner, f"{place}[{index}]") for index, (item, inner) in enumerate(pairs))
        case "dict" if type(value) is dict and not _is_non_finite(value):
            largest_int(list(value), TypeWord("list", (TypeWord("str"),)), f"keys of {place}")
            return _largest((item, word.items[0], f"{place}[{key!r}]") for key, item in value.items())
        case "object":
            try:
                anything.decode(value)
            except anything.NoValue as error:
                raise Mismatch(f"{place}: {error}") from error
            return 0
        case "ndarray":
            return _largest_of_array(value, word, place)
    raise Mismatch(f"{place} is no {described(word)}")


def _largest(parts: Any) -> int:
    return max((largest_int(value, word, place) for value, word, place in parts), default=0)


def _is_non_finite(value: Any) -> bool:
    return type(value) is dict and set(value) == {"$float"} and value["$float"] in tuple(NON_FINITE)


def _largest_of_array(value: Any, word: TypeWord, place: str) -> int:
    shape, largest = _shape(value, word, place)
    if word.rank is not None and len(shape) != word.rank and 0 not in shape:
        raise Mismatch(f"{place} has {len(shape)} axes, {described(word)} has {word.rank}")
    return largest


def _shape(value: Any, word: TypeWord, place: str) -> tuple[tuple[int, ...], int]:
    if type(value) is not list:
        scalar = {"f": "float", "i": "int", "b": "bool"}[word.dtype[0]]
        return (), largest_int(value, TypeWord(scalar), place)
    found = [_shape(item, word, place) for item in value]
    if len({shape for shape, _ in found}) > 1:
        raise Mismatch(f"{place} is ragged")
    inner = found[0][0] if found else ()
    return (len(value), *inner), max((largest for _, largest in found), default=0)
