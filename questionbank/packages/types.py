"""The words that name a parameter's or a result's type in `touchstone.yaml`.

Grammar: `word ("|" "None")?` where word is `int`, `float`, `bool`, `str`, `None`, `object`, `list[T]`,
`dict[str, T]`, `tuple[T, …]`, or `ndarray`, `ndarray[DTYPE]`, `ndarray[DTYPE, AXES]`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

SCALARS = frozenset({"int", "float", "bool", "str", "None", "object"})
ARRAY_TYPES = frozenset({"float64", "float32", "int64", "int32", "bool"})
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[\[\],|])")
_MAX_AXES = 8


@dataclass(frozen=True, slots=True)
class TypeWord:
    """`name` is a scalar, "list", "dict", "tuple" or "ndarray"; `dtype` and `rank` belong to arrays alone.

    `rank` is an array's number of axes, None where any number will do.
    """

    name: str
    items: tuple[TypeWord, ...] = ()
    optional: bool = False
    dtype: str = ""
    rank: int | None = None

    def as_lists(self) -> TypeWord:
        """The same type where a language has no arrays: lists of lists."""
        if self.name != "ndarray":
            return replace(self, items=tuple(item.as_lists() for item in self.items))
        assert self.rank is not None
        name = {"f": "float", "i": "int", "b": "bool"}[self.dtype[0]]
        word = TypeWord(name)
        for _ in range(self.rank):
            word = TypeWord("list", (word,))
        return replace(word, optional=self.optional)


def described(word: TypeWord) -> str:
    """The type as authors write it."""
    if word.name == "ndarray":
        text = f"ndarray[{word.dtype}]" if word.rank is None else f"ndarray[{word.dtype}, {word.rank}]"
    elif word.name == "dict":
        text = f"dict[str, {described(word.items[0])}]"
    elif word.items:
        text = f"{word.name}[{', '.join(described(item) for item in word.items)}]"
    else:
        text = word.name
    return f"{text} | None" if word.optional else text


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
            return replace(word, optional=True)
        return word

    def _word(self) -> TypeWord:
        name = self._take()
        if name in SCALARS:
            return TypeWord(name)
        if name == "ndarray":
            dtype, rank = self._array()
            return TypeWord(name, dtype=dtype, rank=rank)
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

    def _array(self) -> tuple[str, int | None]:
        if self._tokens[:1] != ["["]:
            return "float64", None
        self._take("[")
        dtype = self._take()
        if dtype not in ARRAY_TYPES:
            raise UnknownType(f"{self._text!r}: an array holds one of {', '.join(sorted(ARRAY_TYPES))}")
        rank = None
        if self._tokens[:1] == [","]:
            self._take(",")
            axes = self._take()
            if not axes.isdigit() or not 1 <= int(axes) <= _MAX_AXES:
                raise UnknownType(f"{self._text!r}: an array has 1 to {_MAX_AXES} axes")
            rank = int(axes)
        self._take("]")
        return dtype, rank

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
