"""The words that name a parameter's or a result's type in `touchstone.yaml`.

Grammar: `word ("|" "None")?` where word is `int`, `float`, `bool`, `str`, `None`, `list[T]`, `dict[str, T]`,
`tuple[T, …]`, or `ndarray`, `ndarray[DTYPE]`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SCALARS = frozenset({"int", "float", "bool", "str", "None"})
ARRAY_TYPES = frozenset({"float64", "float32", "int64", "int32", "bool"})
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|[\[\],|])")


@dataclass(frozen=True, slots=True)
class TypeWord:
    """`name` is a scalar, "list", "dict", "tuple" or "ndarray"; `dtype` belongs to arrays alone."""

    name: str
    items: tuple[TypeWord, ...] = ()
    optional: bool = False
    dtype: str = ""


class UnknownType(ValueError):
    """The text names no type."""


def parse_type(text: str) -> TypeWord:
    """The type that `text` names; `UnknownType` where it names none."""
    tokens: list[str] = []
    position = 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            raise UnknownType(f"{text!r} is no type: unexpected {text[position:].strip()[:1]!r}")
        tokens.append(match.group(1))
        position = match.end()
    parser = _Parser(text, tokens)
    word = parser.alternative()
    if parser.rest():
        raise UnknownType(f"{text!r} is no type: {parser.rest()[0]!r} is left over")
    return word


class _Parser:
    def __init__(self, text: str, tokens: list[str]) -> None:
        self._text = text
        self._tokens = tokens

    def rest(self) -> list[str]:
        return self._tokens

    def alternative(self) -> TypeWord:
        word = self._word()
        if self._tokens[:1] == ["|"]:
            self._take("|")
            self._take("None")
            return TypeWord(word.name, word.items, True, word.dtype)
        return word

    def _word(self) -> TypeWord:
        name = self._take()
        if name in SCALARS:
            return TypeWord(name)
        if name == "ndarray":
            return TypeWord(name, dtype=self._dtype())
        if name not in ("list", "dict", "tuple"):
            raise UnknownType(f"{self._text!r} is no type: {name!r} is unknown")
        items = self._items()
        if name == "list" and len(items) != 1:
            raise UnknownType(f"{self._text!r}: a list has one item type")
        if name == "dict":
            if len(items) != 2 or items[0] != TypeWord("str"):
                raise UnknownType(f"{self._text!r}: a dict is dict[str, T]")
            items = items[1:]
        return TypeWord(name, items)

    def _dtype(self) -> str:
        if self._tokens[:1] != ["["]:
            return "float64"
        self._take("[")
        dtype = self._take()
        if dtype not in ARRAY_TYPES:
            raise UnknownType(f"{self._text!r}: an array holds one of {', '.join(sorted(ARRAY_TYPES))}")
        self._take("]")
        return dtype

    def _items(self) -> tuple[TypeWord, ...]:
        self._take("[")
        items = [self.alternative()]
        while self._tokens[:1] == [","]:
            self._take(",")
            items.append(self.alternative())
        self._take("]")
        return tuple(items)

    def _take(self, wanted: str | None = None) -> str:
        if not self._tokens:
            raise UnknownType(f"{self._text!r} is no type: it ends too early")
        token = self._tokens.pop(0)
        if wanted is not None and token != wanted:
            raise UnknownType(f"{self._text!r} is no type: {wanted!r} was expected, not {token!r}")
        return token
