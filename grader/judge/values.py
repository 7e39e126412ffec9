"""A function's result as it left the jail: plain data, checked against the declared type.

The driver in the jail (`driver.py`) writes JSON in which a list is a list, numbers, texts, booleans and
null are themselves, and everything else is an object with one key that begins with "$". Nothing of the
submission's own classes or methods takes part in what happens here.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from questionbank.packages import anything
from questionbank.packages.model import JsonValue
from questionbank.packages.types import TypeWord, described

MAX_DEPTH = 64
MAX_SHOWN_CHARACTERS = 64 * 1024
_INTEGER_KINDS, _FLOAT_KINDS = ("int", "uint"), ("float",)
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class WrongType(Exception):
    """The result is of another type than the problem declares."""


class Unreadable(Exception):
    """What the driver left is no result; only a submission that wrote it itself comes here."""


@dataclass(frozen=True, slots=True)
class Array:
    """An array's content as nested lists, beside its kind ("float", "int", "uint", "bool") and shape."""

    kind: str
    shape: tuple[int, ...]
    items: Any


def parse_result(data: bytes) -> dict[str, Any]:
    """The driver's report; `Unreadable` where it is none."""
    try:
        report = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unreadable("the result is no JSON") from error
    if not isinstance(report, dict) or "value" not in report:
        raise Unreadable("the result is no report")
    return report


def decode_result(value: Any, word: TypeWord, depth: int = 0) -> Any:
    """Python data of exactly the declared type: tuples, dicts and `Array` for what JSON has no word for.

    Raises `WrongType` where the value is of another type, `Unreadable` where it is no value at all.
    """
    if depth > MAX_DEPTH:
        raise WrongType("it is nested too deeply")
    if word.optional and value is None:
        return None
    if word.name == "object":
        return _anything(value)
    if word.name == "ndarray":
        return _array(value, word)
    if isinstance(value, dict):
        if word.name == "float" and isinstance(value.get("$float"), str):
            return _NON_FINITE.get(value["$float"], math.nan)
        return _tagged(value, word, depth)
    if word.name == "list" and isinstance(value, list):
        return [decode_result(item, word.items[0], depth + 1) for item in value]
    if _is_scalar(value, word.name):
        return float(value) if word.name == "float" and abs(value) < 2**1023 else value
    raise WrongType(f"{_name_of(value)} where {described(word)} is declared")


def _anything(value: Any) -> Any:
    try:
        return anything.decode(value)
    except anything.NoValue as error:
        raise WrongType(f"a value that no problem declares: {error}") from error


def lists_as_arrays(value: Any, word: TypeWord) -> Any:
    """What a language without arrays returned, with `Array` where `word` says ndarray."""
    if value is None:
        return None
    match word.name:
        case "ndarray":
            try:
                return Array(_kind_of(word.dtype), _shape(value), value)
            except Unreadable as error:
                raise WrongType(f"ragged lists where {described(word)} is declared") from error
        case "list":
            return [lists_as_arrays(item, word.items[0]) for item in value]
        case "tuple":
            pairs = zip(value, word.items, strict=True)
            return tuple(lists_as_arrays(item, inner) for item, inner in pairs)
        case "dict":
            return {key: lists_as_arrays(item, word.items[0]) for key, item in value.items()}
    return value


def decode_expected(value: JsonValue, word: TypeWord) -> Any:
    """The package's expected value in the same form."""
    if word.optional and value is None:
        return None
    match word.name:
        case "float" if isinstance(value, dict):
            return _NON_FINITE[str(value["$float"])]
        case "float":
            return float(value)  # type: ignore[arg-type]
        case "list":
            return [decode_expected(item, word.items[0]) for item in value]  # type: ignore[union-attr]
        case "tuple":
            pairs = zip(value, word.items, strict=True)  # type: ignore[arg-type]
            return tuple(decode_expected(item, inner) for item, inner in pairs)
        case "dict":
            assert isinstance(value, dict)
            return {key: decode_expected(item, word.items[0]) for key, item in value.items()}
        case "object":
            return anything.decode(value)
        case "ndarray":
            items = _plain_numbers(value)
            return Array(_kind_of(word.dtype), _shape(items), items)
    return value


def shown(value: Any) -> str:
    """A decoded value as JSON text for people, cut where nobody reads on; arrays as nested lists."""
    text = json.dumps(_showable(value), ensure_ascii=False)
    rest = len(text) - MAX_SHOWN_CHARACTERS
    return text if rest <= 0 else f"{text[:MAX_SHOWN_CHARACTERS]}… {rest:,} characters more"


def _showable(value: Any) -> Any:
    if isinstance(value, Array):
        return value.items
    if isinstance(value, list | tuple):
        return [_showable(item) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: _showable(item) for key, item in value.items()}
        return [[_showable(key), _showable(item)] for key, item in value.items()]
    if isinstance(value, frozenset):
        return sorted(map(_showable, value), key=repr)
    return str(value) if isinstance(value, complex) else value


def _tagged(value: dict[str, Any], word: TypeWord, depth: int) -> Any:
    if "$tuple" in value and word.name == "tuple" and isinstance(value["$tuple"], list):
        items = value["$tuple"]
        if len(items) != len(word.items):
            raise WrongType(f"a tuple of {len(items)} where {described(word)} is declared")
        return tuple(
            decode_result(item, inner, depth + 1) for item, inner in zip(items, word.items, strict=True)
        )
    if "$dict" in value and word.name == "dict" and isinstance(value["$dict"], list):
        return _mapping(value["$dict"], word, depth)
    raise WrongType(f"{_name_of(value)} where {described(word)} is declared")


def _mapping(pairs: list[Any], word: TypeWord, depth: int) -> dict[str, Any]:
    result = {}
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise Unreadable("a pair is no pair")
        if not _is_text(pair[0]):
            raise WrongType(f"a key that is {_name_of(pair[0])} where {described(word)} is declared")
        result[pair[0]] = decode_result(pair[1], word.items[0], depth + 1)
    return result


def _array(value: Any, word: TypeWord) -> Array:
    if not isinstance(value, dict) or "$ndarray" not in value:
        raise WrongType(f"{_name_of(value)} where {described(word)} is declared")
    content = value["$ndarray"]
    if not isinstance(content, dict) or not isinstance(content.get("kind"), str):
        raise Unreadable("an array without a kind")
    wanted = _kind_of(word.dtype)
    same = content["kind"] == wanted or (wanted == "int" and content["kind"] in _INTEGER_KINDS)
    if not same:
        raise WrongType(f"an array of {content['kind'][:20]} where {described(word)} is declared")
    items = content.get("items")
    shape = content.get("shape")
    if not isinstance(shape, list) or not all(isinstance(size, int) for size in shape):
        raise Unreadable("an array without a shape")
    found = _shape(items)
    # Nested lists end at the first dimension that is empty.
    if found != tuple(shape) and not (0 in found and 0 in shape):
        raise Unreadable("an array whose items have another shape than it says")
    return Array(wanted, tuple(shape), items)


def _kind_of(dtype: str) -> str:
    return dtype.rstrip("0123456789")


def _shape(items: Any) -> tuple[int, ...]:
    """The shape of nested lists; `Unreadable` where they are ragged or hold no numbers."""
    if not isinstance(items, list):
        if not isinstance(items, bool | int | float):
            raise Unreadable("an array holds something that is no number")
        return ()
    inner = [_shape(item) for item in items]
    if any(shape != inner[0] for shape in inner):
        raise Unreadable("an array is ragged")
    return (len(items), *(inner[0] if inner else ()))


def _plain_numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain_numbers(item) for item in value]
    return _NON_FINITE[str(value["$float"])] if isinstance(value, dict) else value


def _is_scalar(value: Any, name: str) -> bool:
    match name:
        case "int":
            return type(value) is int
        case "float":
            return type(value) is float or type(value) is int
        case "bool":
            return type(value) is bool
        case "str":
            return _is_text(value)
        case "None":
            return value is None
    return False


def _is_text(value: Any) -> bool:
    """Whether it can be written down: half of a surrogate pair is no character."""
    return type(value) is str and not _HALF_PAIR.search(value)


def _name_of(value: Any) -> str:
    """The type's name; of a foreign type only that it is one, for its name is the submission's text."""
    if isinstance(value, dict):
        tag = next(iter(value), "")
        known = {
            "$tuple": "tuple",
            "$dict": "dict",
            "$ndarray": "ndarray",
            "$set": "set",
            "$complex": "complex",
        }
        if tag == "$foreign" and value[tag] in ("numpy number", "bytes"):
            return str(value[tag])
        return known.get(tag, "a value of another type")
    if type(value) is str and not _is_text(value):
        return "a text with half of a surrogate pair"
    return "None" if value is None else type(value).__name__
