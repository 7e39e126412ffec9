"""Rust: rustc alone, the 2021 edition, optimised; gcc links."""

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

# What may stand before the first item; of it the attributes and the words on the crate as a whole.
_HEAD = re.compile(
    r"\s+|(?P<about>//![^\n]*|/\*!.*?\*/)|//[^\n]*|/\*.*?\*/"
    r"|(?P<attribute>#!\[(?:[^\[\]\"]|\"(?:\\.|[^\"\\])*\"|\[[^\[\]]*\])*\])",
    re.DOTALL,
)


def program(source: str, _: Toolchain) -> Plan:
    """One file, the crate's root."""
    build = Build(Command((*_COMPILE, SOURCE)), {SOURCE: source.encode()}, ("solution",))
    return Plan(SOURCE, build, execute("./solution"))


def function(spec: FunctionSpec, source: str, _: Toolchain) -> Plan:
    """`main.rs` includes the source, so that its lines keep their numbers, and calls the function."""
    attributes, rest = _of_the_crate(source)
    files = {
        SOURCE: rest.encode(),
        "main.rs": f"{attributes}\n{_driver(spec)}".encode(),
        "touchstone.rs": driver("call.rs"),
    }
    build = Build(
        Command((*_COMPILE, "main.rs")),
        files,
        ("solution",),
        driver=(r"\s*--> (?:main\.rs:(?!1:)|touchstone\.rs:)",),
        signature=signature(spec),
    )
    return Plan(SOURCE, build, execute("./solution"))


def _of_the_crate(source: str) -> tuple[str, str]:
    """The crate's attributes, which `include!` refuses, on one line, and the source with blanks there."""
    attributes, rest, position = [], "", 0
    while found := _HEAD.match(source, position):
        blank = found["attribute"] is not None or found["about"] is not None
        attributes += [" ".join(found["attribute"].split())] if found["attribute"] else []
        rest += re.sub(r"[^\n]", " ", found[0]) if blank else found[0]
        position = found.end()
    return " ".join(attributes), rest + source[position:]


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
    refusal=Refusal(re.compile(rb"^memory allocation of \d+ bytes failed$", re.MULTILINE), -6),
)
