"""Go stubs: slices, maps, pointers to what may be nil, the structs `Tuple1` to `Tuple8` of the driver."""

from __future__ import annotations

from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.names import free_name, parameter_names, reserved
from questionbank.packages.types import TypeWord, parse_type

RESERVED = reserved(
    "break case chan const continue default defer else fallthrough for func go goto if import interface init "
    "main map package range return select struct switch type var bool int float64 string nil true false len "
    "append make new"
)
PROGRAM = """\
package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	var n int
	fmt.Fscan(in, &n)
}
"""
_TUPLES = "// Tuple2 is a struct with the fields Item0 and Item1, and so on.\n"
_SCALARS = {"int": "int", "float": "float64", "bool": "bool", "str": "string"}


def type_text(word: TypeWord) -> str:
    """The type."""
    match word.name:
        case "list":
            text = f"[]{type_text(word.items[0])}"
        case "dict":
            text = f"map[string]{type_text(word.items[0])}"
        case "tuple":
            text = f"Tuple{len(word.items)}[{', '.join(map(type_text, word.items))}]"
        case "ndarray":
            return type_text(word.as_lists())
        case scalar:
            text = _SCALARS[scalar]
    return f"*{text}" if word.optional else text


def signature(spec: FunctionSpec) -> str:
    """The function's head."""
    types = [type_text(parse_type(parameter.type)) for parameter in spec.parameters]
    names = parameter_names(spec, RESERVED)
    given = ", ".join(f"{name} {text}" for name, text in zip(names, types, strict=True))
    head = f"func {free_name(spec.name, RESERVED)}({given})"
    return head if spec.returns == "None" else f"{head} {type_text(parse_type(spec.returns))}"


def function(spec: FunctionSpec) -> str:
    """The function, returning its type's zero."""
    body = ""
    if spec.returns != "None":
        body = f"\tvar result {type_text(parse_type(spec.returns))}\n\treturn result\n"
    head = signature(spec)
    note = _TUPLES if "Tuple" in head else ""
    return f"package main\n\n{note}{head} {{\n{body}}}\n"
