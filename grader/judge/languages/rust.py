"""Rust: rustc alone, the 2021 edition, optimised; gcc links."""

from __future__ import annotations

from grader.judge.languages.language import (
    ARGUMENTS_PATH,
    RESULT_PATH,
    Build,
    Language,
    Plan,
    Programs,
    Toolchain,
    driver,
    execute,
)
from questionbank.packages.languages import LANGUAGES
from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.names import free_name
from questionbank.packages.starters.rust import RESERVED, signature, type_text
from questionbank.packages.types import parse_type
from sandbox.job import Command

SOURCE = "solution.rs"
_COMPILE = (
    "rustc",
    *("--edition", "2021", "-C", "opt-level=2", "-C", "strip=symbols"),
    *("--cap-lints", "allow", "--color", "never", "-o", "solution"),
)


def program(source: str, _: Toolchain) -> Plan:
    """One file, the crate's root."""
    build = Build(Command((*_COMPILE, SOURCE)), {SOURCE: source.encode()}, ("solution",))
    return Plan(SOURCE, build, execute("./solution"))


def function(spec: FunctionSpec, source: str, _: Toolchain) -> Plan:
    """`main.rs` includes the source, so that its lines keep their numbers, and calls the function."""
    files = {
        SOURCE: source.encode(),
        "main.rs": _driver(spec).encode(),
        "touchstone.rs": driver("call.rs"),
    }
    build = Build(
        Command((*_COMPILE, "main.rs")),
        files,
        ("solution",),
        driver=(r"\s*--> (?:main|touchstone)\.rs:",),
        signature=signature(spec),
    )
    return Plan(SOURCE, build, execute("./solution"))


def _driver(spec: FunctionSpec) -> str:
    types = [type_text(parse_type(parameter.type)) for parameter in spec.parameters]
    hashed = "std::collections::HashMap"
    reads = [
        f"    let argument{number}: {text.replace('HashMap', hashed)} = input.item({number});"
        for number, text in enumerate(types)
    ]
    given = ", ".join(f"argument{number}" for number in range(len(types)))
    call = f"{free_name(spec.name, RESERVED)}({given})"
    return "\n".join(
        [
            "mod touchstone;",
            f'include!("{SOURCE}");',
            "fn main() {",
            f'    let mut input = touchstone::open("{ARGUMENTS_PATH}");',
            *reads,
            f'    touchstone::answer(&{call}, "{RESULT_PATH}");',
            "}",
            "",
        ]
    )


LANGUAGE = Language(
    LANGUAGES["rust"],
    (Programs(("rustc", "cc"), ("--version",), "rustc gcc", least=(1, 59)),),
    program,
    function,
)
