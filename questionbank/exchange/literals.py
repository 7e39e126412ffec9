"""Values of test cases as Python source: what a test of another bank writes."""

from __future__ import annotations

import json
from typing import Any

from questionbank.packages.types import TypeWord

_ARRAY = "ndarray"
_EXACT_ARRAYS = frozenset({"float64", "int64", "bool"})


class Unwritable(ValueError):
    """A value that no test of the format can hold; the text says why."""


def literal(value: Any, word: TypeWord) -> str:
    """An expression whose value a function is given, or returns, for `value` of the type `word`."""
    if value is None:
        return "None"
    match word.name:
        case "float":
            return _float(value)
        case "list":
            return f"[{', '.join(literal(item, word.items[0]) for item in value)}]"
        case "tuple":
            pairs = zip(value, word.items, strict=True)
            return _tuple([literal(item, inner) for item, inner in pairs])
        case "dict":
            pairs_of = (f"{key!r}: {literal(item, word.items[0])}" for key, item in value.items())
            return f"{{{', '.join(pairs_of)}}}"
        case "object":
            return _tagged(value)
        case "ndarray":
            if word.dtype not in _EXACT_ARRAYS:
                raise Unwritable(f"arrays of {word.dtype} come back as others")
            return f"numpy.array({_numbers(value, word)}, dtype=numpy.{_dtype(word)})"
    return repr(value)


def _dtype(word: TypeWord) -> str:
    return "bool_" if word.dtype == "bool" else word.dtype


def _numbers(value: Any, word: TypeWord) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_numbers(item, word) for item in value)}]"
    return _float(value) if word.dtype.startswith("float") else repr(value)


def _float(value: Any) -> str:
    return f"float({value['$float']!r})" if isinstance(value, dict) else repr(float(value))


def _tuple(items: list[str]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def _tagged(value: Any) -> str:
    """A value of any type, as `packages.anything` writes them."""
    if isinstance(value, list):
        return f"[{', '.join(map(_tagged, value))}]"
    if not isinstance(value, dict):
        return repr(value)
    ((tag, content),) = value.items()
    match tag:
        case "$float":
            return _float(value)
        case "$complex":
            return f"complex({', '.join(map(_tagged, content))})"
        case "$tuple":
            return _tuple([_tagged(item) for item in content])
        case "$dict":
            return f"{{{', '.join(f'{_tagged(key)}: {_tagged(item)}' for key, item in content)}}}"
    # In one order, whichever the set was written in.
    return f"{{{', '.join(map(_tagged, sorted(content, key=json.dumps)))}}}" if content else "set()"


def holds_array(word: TypeWord) -> bool:
    """Whether a value of the type has an array somewhere."""
    return word.name == _ARRAY or any(map(holds_array, word.items))


def holds_float(word: TypeWord) -> bool:
    """Whether a value of the type may have a float somewhere."""
    return (
        word.name in ("float", "object")
        or (word.name == _ARRAY and word.dtype.startswith("float"))
        or any(map(holds_float, word.items))
    )
