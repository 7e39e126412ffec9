"""Types of parameters and results, derived from the values that tests use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def type_of(values: Sequence[Any]) -> str:
    """The narrowest type word that holds all values, which are written as `packages.anything` reads them.

    `object` where no other word does, as for sets, keys that are no texts, or items of several kinds. An
    empty list is a list of whatever the others hold.
    """
    return _type(values) or "object"


def plain(value: Any, word: str) -> Any:
    """The value as test cases write it for its type."""
    return value if word == "object" else _untagged(value)


def _type(values: Sequence[Any]) -> str:
    """Empty where nothing is known: no values."""
    here = [value for value in values if value is not None]
    if not here:
        return "None" if values else ""
    words = {_kind(value) for value in here}
    if len(words) > 1:
        return "object"
    (kind,) = words
    if kind in ("$set", "$complex"):
        return "object"
    word = _COLLECTIONS[kind](here) if kind in _COLLECTIONS else kind
    if word == "object" or len(here) == len(values):
        return word
    return f"{word} | None"


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        tag = next(iter(value))
        return "float" if tag == "$float" else tag
    return type(value).__name__


def _list(values: list[Any]) -> str:
    items = [item for value in values for item in value]
    word = _type(items)
    # Items that are None alone, or none at all, say nothing of what others may hand in.
    return "object" if word in ("", "object", "None") else f"list[{word}]"


def _tuple(values: list[Any]) -> str:
    contents = [value["$tuple"] for value in values]
    sizes = {len(items) for items in contents}
    if len(sizes) > 1 or sizes == {0}:
        return "object"
    words = [_type([items[place] for items in contents]) for place in range(len(contents[0]))]
    return "object" if any(word in ("object", "None") for word in words) else f"tuple[{', '.join(words)}]"


def _dict(values: list[Any]) -> str:
    pairs = [pair for value in values for pair in value["$dict"]]
    if not all(isinstance(key, str) and not key.startswith("$") for key, _ in pairs):
        return "object"
    word = _type([item for _, item in pairs])
    return "object" if word in ("", "object", "None") else f"dict[str, {word}]"


def _array(values: list[Any]) -> str:
    kinds = {(name, rank) for name, rank, _ in (value["$ndarray"] for value in values)}
    if len({name for name, _ in kinds}) > 1 or any(rank == 0 for _, rank in kinds):
        return "object"
    name = next(name for name, _ in kinds)
    return f"ndarray[{name}, {next(iter(kinds))[1]}]" if len(kinds) == 1 else f"ndarray[{name}]"


_COLLECTIONS = {"list": _list, "$tuple": _tuple, "$dict": _dict, "$ndarray": _array}


def _untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [_untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((tag, content),) = value.items()
    if tag == "$tuple":
        return [_untagged(item) for item in content]
    if tag == "$dict":
        return {key: _untagged(item) for key, item in content}
    if tag == "$ndarray":
        return _untagged(content[2])
    return value
