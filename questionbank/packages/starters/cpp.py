"""C++ stubs: the standard library has a type for everything that a package names."""

from __future__ import annotations

from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.names import free_name, parameter_names, reserved
from questionbank.packages.types import TypeWord, parse_type

RESERVED = reserved(
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t "
    "char32_t  class compl concept const consteval constexpr constinit const_cast continue co_await "
    "co_return  co_yield decltype default delete do double dynamic_cast else enum explicit export extern "
    "false float  for friend goto if inline int long main mutable namespace new noexcept not not_eq "
    "nullptr operator or or_eq  private protected public register reinterpret_cast requires return short "
    "signed sizeof static  static_assert static_cast std struct switch template this thread_local throw "
    "touchstone true try typedef typeid  typename union unsigned using virtual void volatile wchar_t "
    "while xor xor_eq"
)
PROGRAM = """\
#include <iostream>

int main() {
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
}
"""
_SCALARS = {"int": "long long", "float": "double", "bool": "bool", "str": "std::string", "None": "void"}
_HEADERS = {"std::string": "string", "std::vector": "vector", "std::map": "map", "std::tuple": "tuple"}


def type_text(word: TypeWord) -> str:
    """The type, with `std::` before each name of the library."""
    match word.name:
        case "list":
            text = f"std::vector<{type_text(word.items[0])}>"
        case "dict":
            text = f"std::map<std::string, {type_text(word.items[0])}>"
        case "tuple":
            text = f"std::tuple<{', '.join(map(type_text, word.items))}>"
        case "ndarray":
            return type_text(word.as_lists())
        case scalar:
            text = _SCALARS[scalar]
    return f"std::optional<{text}>" if word.optional else text


def signature(spec: FunctionSpec) -> str:
    """The function's head."""
    types = [type_text(parse_type(parameter.type)) for parameter in spec.parameters]
    given = ", ".join(
        f"{text} {name}" for text, name in zip(types, parameter_names(spec, RESERVED), strict=True)
    )
    return f"{type_text(parse_type(spec.returns))} {free_name(spec.name, RESERVED)}({given})"


def function(spec: FunctionSpec) -> str:
    """The function, returning its type's empty value, with the headers that its types need."""
    head = signature(spec)
    headers = [header for name, header in {**_HEADERS, "std::optional": "optional"}.items() if name in head]
    includes = "".join(f"#include <{header}>\n" for header in sorted(headers))
    body = "" if spec.returns == "None" else "    return {};\n"
    return f"{includes}\n{head} {{\n{body}}}\n".lstrip("\n")
