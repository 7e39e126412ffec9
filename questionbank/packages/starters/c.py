"""C stubs. What C has no type for becomes a struct, declared in `signature.h` and shown in the stub."""

from __future__ import annotations

from collections.abc import Iterator

from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.names import free_name, parameter_names, reserved
from questionbank.packages.types import TypeWord, parse_type

HEADER = "signature.h"
RESERVED = reserved(
    "auto break case char const continue default do double else enum extern float for goto if inline int "
    "long main register restrict return short signed sizeof static struct switch typedef union unsigned void "
    "volatile while bool true false str int64_t size_t NULL"
)
PROGRAM = """\
#include <stdio.h>

int main(void) {
    return 0;
}
"""
STR = "typedef struct { char *data; size_t length; } str;  /* UTF-8 with a 0 behind it */"
_SCALARS = {"int": "int64_t", "float": "double", "bool": "bool", "str": "str", "None": "void"}


def type_text(word: TypeWord) -> str:
    """The type's name: a scalar, or that of the struct which `declarations` declares."""
    if word.name == "ndarray":
        return type_text(word.as_lists())
    return f"{_label(word)}" if word.items or word.optional else _SCALARS[word.name]


def declarations(spec: FunctionSpec) -> str:
    """The structs that the signature needs, each before it is used."""
    known: dict[str, str] = {}
    for text in (*(parameter.type for parameter in spec.parameters), spec.returns):
        for word in parts(parse_type(text)):
            line = _declaration(word)
            if line:
                known.setdefault(type_text(word), line)
    return "\n".join(known.values())


def signature(spec: FunctionSpec) -> str:
    """The function's head."""
    types = [type_text(parse_type(parameter.type)) for parameter in spec.parameters]
    names = parameter_names(spec, RESERVED)
    given = ", ".join(f"{text} {name}" for text, name in zip(types, names, strict=True)) or "void"
    return f"{type_text(parse_type(spec.returns))} {free_name(spec.name, RESERVED)}({given})"


def function(spec: FunctionSpec) -> str:
    """The function, returning zeros, below a comment that shows what `signature.h` declares."""
    lines = [f"{HEADER} declares:", *declarations(spec).splitlines()]
    comment = "".join(f"// {line}\n" for line in lines) if len(lines) > 1 else ""
    returns = parse_type(spec.returns)
    zero = f"({type_text(returns)}){{0}}" if type_text(returns) not in _SCALARS.values() else "0"
    body = {"None": "", "str": '    return (str){"", 0};\n'}.get(spec.returns, f"    return {zero};\n")
    return f'#include "{HEADER}"\n\n{comment}{signature(spec)} {{\n{body}}}\n'


def parts(word: TypeWord) -> Iterator[TypeWord]:
    """The types within a type and then itself, innermost first."""
    if word.name == "ndarray":
        yield from parts(word.as_lists())
        return
    if word.name == "dict":
        yield TypeWord("str")
    for item in word.items:
        yield from parts(item)
    if word.optional:
        yield from parts(plain(word))
    yield word


def plain(word: TypeWord) -> TypeWord:
    """The type without its `| None`."""
    return TypeWord(word.name, word.items, False, word.dtype, word.rank)


def _label(word: TypeWord) -> str:
    """A name that no other type has: each word says how many follow."""
    if word.optional:
        return f"maybe_{_label(plain(word))}"
    match word.name:
        case "tuple":
            return "_".join([f"tuple{len(word.items)}", *map(_label, word.items)])
        case "list" | "dict":
            return f"{word.name}_{_label(word.items[0])}"
    return word.name


def _declaration(word: TypeWord) -> str:
    name = type_text(word)
    if word.optional:
        return f"typedef struct {{ bool present; {type_text(plain(word))} value; }} {name};"
    match word.name:
        case "str":
            return STR
        case "list":
            return f"typedef struct {{ {type_text(word.items[0])} *items; size_t length; }} {name};"
        case "dict":
            value = type_text(word.items[0])
            entry = f"struct {{ str key; {value} value; }}"
            return f"typedef struct {{ {entry} *items; size_t length; }} {name};"
        case "tuple":
            fields = " ".join(f"{type_text(item)} item{number};" for number, item in enumerate(word.items))
            return f"typedef struct {{ {fields} }} {name};"
    return ""
