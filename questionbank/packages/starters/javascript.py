"""JavaScript stubs, with the types in a comment that editors read."""

from __future__ import annotations

from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.names import free_name, parameter_names, reserved
from questionbank.packages.types import TypeWord, parse_type

RESERVED = reserved(
    "arguments async await break case catch class const continue debugger default delete do else enum eval "
    "export extends false finally for function if implements import in instanceof interface let new null of "
    "package private protected public return static super switch this throw true try typeof undefined var "
    "void while with yield require module exports process console"
)
PROGRAM = """\
const lines = require("fs").readFileSync(0, "utf8").split("\\n");
"""
_SCALARS = {"int": "number", "float": "number", "bool": "boolean", "str": "string", "None": "null"}


def type_text(word: TypeWord) -> str:
    """The type as TypeScript writes it."""
    match word.name:
        case "list":
            inner = type_text(word.items[0])
            text = f"({inner})[]" if " | " in inner else f"{inner}[]"
        case "dict":
            text = f"Map<string, {type_text(word.items[0])}>"
        case "tuple":
            text = f"[{', '.join(map(type_text, word.items))}]"
        case "ndarray":
            return type_text(word.as_lists())
        case scalar:
            text = _SCALARS[scalar]
    return f"{text} | null" if word.optional else text


def function(spec: FunctionSpec) -> str:
    """The function, not written yet."""
    names = parameter_names(spec, RESERVED)
    lines = [
        f" * @param {{{type_text(parse_type(parameter.type))}}} {name}\n"
        for parameter, name in zip(spec.parameters, names, strict=True)
    ]
    comment = f"/**\n{''.join(lines)} * @return {{{type_text(parse_type(spec.returns))}}}\n */\n"
    head = f"function {free_name(spec.name, RESERVED)}({', '.join(names)})"
    return f'{comment}{head} {{\n    throw new Error("not written yet");\n}}\n'
