"""Java stubs: arrays of scalars, `List`, `Map`, and the records `Tuple1` to `Tuple8` of the driver."""

from __future__ import annotations

from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.names import free_name, parameter_names, reserved
from questionbank.packages.types import TypeWord, parse_type

CLASS = "Solution"
RESERVED = reserved(
    "abstract assert boolean break byte case catch char class const continue default do double else enum "
    "extends false final finally float for goto if implements import instanceof int interface long native "
    "new null package private protected public return short static strictfp super switch synchronized this "
    "throw throws transient true try void volatile while _"
)
PROGRAM = """\
import java.io.*;
import java.util.*;

public class Main {
    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    }
}
"""
_TUPLES = "// Tuple2 is a record: new Tuple2<>(a, b), t.item0(), t.item1(); and so on.\n"
_PRIMITIVES = {"int": "long", "float": "double", "bool": "boolean", "str": "String", "None": "void"}
_BOXES = {"long": "Long", "double": "Double", "boolean": "Boolean"}
_ZEROS = {"long": "0", "double": "0.0", "boolean": "false"}


def type_text(word: TypeWord) -> str:
    """The type of a parameter or a result."""
    if word.name == "ndarray":
        return type_text(word.as_lists())
    match word.name:
        case "list":
            if is_array(word):
                return f"{type_text(word.items[0])}[]"
            return f"List<{boxed(word.items[0])}>"
        case "dict":
            return f"Map<String, {boxed(word.items[0])}>"
        case "tuple":
            return f"Tuple{len(word.items)}<{', '.join(map(boxed, word.items))}>"
    text = _PRIMITIVES[word.name]
    return _BOXES.get(text, text) if word.optional else text


def boxed(word: TypeWord) -> str:
    """The type as a type argument."""
    text = type_text(word)
    return _BOXES.get(text, text)


def is_array(word: TypeWord) -> bool:
    """Whether a list is an array: of scalars, or of such arrays."""
    item = word.items[0]
    if item.name == "list":
        return is_array(item) and not item.optional
    return item.name in ("int", "float", "bool", "str") and not item.optional


def signature(spec: FunctionSpec) -> str:
    """The method's head."""
    types = [type_text(parse_type(parameter.type)) for parameter in spec.parameters]
    names = parameter_names(spec, RESERVED)
    given = ", ".join(f"{text} {name}" for text, name in zip(types, names, strict=True))
    returns = type_text(parse_type(spec.returns))
    return f"public {returns} {free_name(spec.name, RESERVED)}({given})"


def function(spec: FunctionSpec) -> str:
    """The class with the method, returning zero or null."""
    returns = type_text(parse_type(spec.returns))
    body = "" if returns == "void" else f"        return {_ZEROS.get(returns, 'null')};\n"
    head = signature(spec)
    imports = "import java.util.*;\n\n" if "List<" in head or "Map<" in head else ""
    note = _TUPLES if "Tuple" in head else ""
    return f"{imports}{note}class {CLASS} {{\n    {head} {{\n{body}    }}\n}}\n"
