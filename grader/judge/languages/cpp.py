"""C++: g++, the 2020 standard with GNU's library."""

from __future__ import annotations

import re

from grader.judge.languages.language import (
    ARGUMENTS_PATH,
    RESULT_PATH,
    Build,
    Language,
    Plan,
    Programs,
    Refusal,
    Toolchain,
    driver,
    execute,
)
from questionbank.packages.languages import LANGUAGES
from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.cpp import RESERVED, signature, type_text
from questionbank.packages.starters.names import free_name
from questionbank.packages.types import parse_type
from sandbox.job import Command

SOURCE = "solution.cpp"
_COMPILE = ("g++", "-O2", "-std=gnu++20", "-pipe", "-fmax-errors=20", "-o", "solution")


def program(source: str, _: Toolchain) -> Plan:
    """One file."""
    build = Build(Command((*_COMPILE, SOURCE)), {SOURCE: source.encode()}, ("solution",))
    return Plan(SOURCE, build, execute("./solution"))


def function(spec: FunctionSpec, source: str, _: Toolchain) -> Plan:
    """`driver.cpp` includes the source, so that its lines keep their numbers, and calls the function."""
    files = {SOURCE: source.encode(), "driver.cpp": _driver(spec).encode(), "call.hpp": driver("call.hpp")}
    command = Command((*_COMPILE, "driver.cpp"))
    build = Build(
        command, files, ("solution",), driver=(r"driver\.cpp:", r"call\.hpp:"), signature=signature(spec)
    )
    return Plan(SOURCE, build, execute("./solution"))


def _driver(spec: FunctionSpec) -> str:
    """Only the call stands behind the source, where macros of the source hold."""
    types = [type_text(parse_type(parameter.type)) for parameter in spec.parameters]
    arguments = [f"    {text} argument_{number}{{}};" for number, text in enumerate(types)]
    reads = [
        f"    input.expect('{',' if number else '['}'); input.read(touchstone::argument_{number});"
        for number in range(len(types))
    ]
    given = ", ".join(f"touchstone::argument_{number}" for number in range(len(types)))
    call = f"::{free_name(spec.name, RESERVED)}({given})"
    answered = (
        f"{call}; touchstone::answer_nothing()" if spec.returns == "None" else f"touchstone::answer({call})"
    )
    return "\n".join(
        [
            '#include "call.hpp"',
            "namespace touchstone {",
            *arguments,
            "    void call_function();",
            "}",
            "int main() {",
            f'    touchstone::Input input("{ARGUMENTS_PATH}");',
            *reads,
            "    touchstone::call_function();",
            f'    touchstone::finish("{RESULT_PATH}");',
            "}",
            f'#include "{SOURCE}"',
            f"void touchstone::call_function() {{ {answered}; }}",
            "",
        ]
    )


LANGUAGE = Language(
    LANGUAGES["cpp"],
    (Programs(("g++",), ("--version",), "g++"),),
    program,
    function,
    refusal=Refusal(
        re.compile(rb"^terminate called after throwing an instance of 'std::bad_alloc'$", re.MULTILINE), -6
    ),
)
