"""TypeScript stubs."""

from __future__ import annotations

from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.javascript import RESERVED, type_text
from questionbank.packages.starters.names import free_name, parameter_names
from questionbank.packages.types import parse_type

PROGRAM = """\
import * as fs from "fs";

const lines: string[] = fs.readFileSync(0, "utf8").split("\\n");
"""


def returns_text(spec: FunctionSpec) -> str:
    """The result's type."""
    return "void" if spec.returns == "None" else type_text(parse_type(spec.returns))


def parameters_text(spec: FunctionSpec) -> str:
    """The parameters with their types."""
    types = [type_text(parse_type(parameter.type)) for parameter in spec.parameters]
    names = parameter_names(spec, RESERVED)
    return ", ".join(f"{name}: {text}" for name, text in zip(names, types, strict=True))


def signature(spec: FunctionSpec) -> str:
    """The function's head."""
    return f"function {free_name(spec.name, RESERVED)}({parameters_text(spec)}): {returns_text(spec)}"


def function(spec: FunctionSpec) -> str:
    """The function, not written yet."""
    return f'{signature(spec)} {{\n    throw new Error("not written yet");\n}}\n'
