"""Rust stubs: owned values of the standard library."""

from __future__ import annotations

from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.names import free_name, parameter_names, reserved
from questionbank.packages.types import TypeWord, parse_type

RESERVED = reserved(
    "as async await break const continue crate dyn else enum extern false fn for if impl in let loop main "
    "match mod move mut pub ref return self Self static struct super touchstone trait true type union "
    "unsafe use where while abstract become box do final macro override priv try typeof unsized virtual yield"
)
PROGRAM = """\
use std::io::{self, Read};

fn main() {
    let mut input = String::new();
    io::stdin().read_to_string(&mut input).unwrap();
}
"""
_SCALARS = {"int": "i64", "float": "f64", "bool": "bool", "str": "String"}


def type_text(word: TypeWord) -> str:
    """The type."""
    match word.name:
        case "list":
            text = f"Vec<{type_text(word.items[0])}>"
        case "dict":
            text = f"HashMap<String, {type_text(word.items[0])}>"
        case "tuple":
            comma = "," if len(word.items) == 1 else ""
            text = f"({', '.join(map(type_text, word.items))}{comma})"
        case "ndarray":
            return type_text(word.as_lists())
        case scalar:
            text = _SCALARS[scalar]
    return f"Option<{text}>" if word.optional else text


def signature(spec: FunctionSpec) -> str:
    """The function's head."""
    types = [type_text(parse_type(parameter.type)) for parameter in spec.parameters]
    names = parameter_names(spec, RESERVED)
    given = ", ".join(f"{name}: {text}" for name, text in zip(names, types, strict=True))
    head = f"fn {free_name(spec.name, RESERVED)}({given})"
    return head if spec.returns == "None" else f"{head} -> {type_text(parse_type(spec.returns))}"


def function(spec: FunctionSpec) -> str:
    """The function, not written yet."""
    head = signature(spec)
    uses = "use std::collections::HashMap;\n\n" if "HashMap" in head else ""
    return f"{uses}{head} {{\n    todo!()\n}}\n"
