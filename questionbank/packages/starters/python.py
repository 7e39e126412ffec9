"""Python stubs: the types are written as packages write them."""

from __future__ import annotations

import keyword

from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.names import free_name, parameter_names
from questionbank.packages.types import TypeWord, parse_type

PROGRAM = """\
import sys


def main() -> None:
    lines = sys.stdin.read().splitlines()


main()
"""


def type_text(word: TypeWord) -> str:
    """The type as an annotation."""
    match word.name:
        case "ndarray":
            text = "np.ndarray"
        case "dict":
            text = f"dict[str, {type_text(word.items[0])}]"
        case "list" | "tuple":
            text = f"{word.name}[{', '.join(map(type_text, word.items))}]"
        case _:
            text = word.name
    return f"{text} | None" if word.optional else text


def function(spec: FunctionSpec) -> str:
    """The function with its annotations, not written yet."""
    types = [type_text(parse_type(parameter.type)) for parameter in spec.parameters]
    names = parameter_names(spec, keyword.kwlist)
    given = ", ".join(f"{name}: {text}" for name, text in zip(names, types, strict=True))
    returns = type_text(parse_type(spec.returns))
    needs_numpy = any("np." in text for text in (*types, returns))
    imports = "import numpy as np\n\n\n" if needs_numpy else ""
    name = free_name(spec.name, keyword.kwlist)
    return f"{imports}def {name}({given}) -> {returns}:\n    raise NotImplementedError\n"
