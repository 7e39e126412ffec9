"""C: gcc, the 2017 standard with GNU's library."""

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
from questionbank.packages.starters.c import (
    HEADER,
    RESERVED,
    STR,
    declarations,
    parts,
    plain,
    signature,
    type_text,
)
from questionbank.packages.starters.names import free_name
from questionbank.packages.types import TypeWord, parse_type
from sandbox.job import Command

SOURCE = "solution.c"
_COMPILE = ("gcc", "-O2", "-std=gnu17", "-pipe", "-fmax-errors=20", "-o", "solution")


def program(source: str, _: Toolchain) -> Plan:
    """One file, linked with the mathematical library."""
    build = Build(Command((*_COMPILE, SOURCE, "-lm")), {SOURCE: source.encode()}, ("solution",))
    return Plan(SOURCE, build, execute("./solution"))


def function(spec: FunctionSpec, source: str, _: Toolchain) -> Plan:
    """`driver.c` includes the source, so that its lines keep their numbers, and calls the function."""
    files = {
        SOURCE: source.encode(),
        HEADER: _header(spec).encode(),
        "driver.c": _driver(spec).encode(),
        "call.h": driver("call.h"),
    }
    command = Command((*_COMPILE, "driver.c", "-lm"))
    build = Build(
        command, files, ("solution",), driver=(r"driver\.c:", "/usr/bin/ld:"), signature=signature(spec)
    )
    return Plan(SOURCE, build, execute("./solution"))


def _header(spec: FunctionSpec) -> str:
    declared = declarations(spec)
    needs = "" if STR in declared else f"{STR}\n"
    includes = "#pragma once\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n"
    return f"{includes}{needs}{declared}\n{signature(spec)};\n"


def _driver(spec: FunctionSpec) -> str:
    """Readers and writers of the signature's types, the source, and the call.

    Only the call stands behind the source, where macros of the source hold.
    """
    words = [parse_type(parameter.type) for parameter in spec.parameters]
    returns = parse_type(spec.returns)
    known: dict[str, TypeWord] = {}
    for word in (*words, *(() if spec.returns == "None" else (returns,))):
        for part in parts(word):
            known.setdefault(type_text(part), part)
    lines = [f'#include "{HEADER}"', '#include "call.h"']
    for name, word in known.items():
        if word.items or word.optional:
            lines += [_reader(name, word), _writer(name, word)]
    lines += [f"static {type_text(word)} tst_{number};" for number, word in enumerate(words)]
    call = f"{free_name(spec.name, RESERVED)}({', '.join(f'tst_{number}' for number in range(len(words)))})"
    if spec.returns == "None":
        write = 'tst_text("null")'
    else:
        lines.append(f"static {type_text(returns)} tst_result;")
        write, call = f"{_write(returns)}(tst_result)", f"tst_result = {call}"
    reads = [
        f"tst_expect('{',' if number else '['}'); tst_{number} = {_read(word)}();"
        for number, word in enumerate(words)
    ]
    lines += ["static void tst_function(void);", "int main(void) {", f'tst_open("{ARGUMENTS_PATH}");', *reads]
    lines += ["tst_function();", f'tst_text("{{\\"value\\":"); {write}; tst_text("}}");']
    lines += [f'return tst_close("{RESULT_PATH}");', "}", f'#include "{SOURCE}"']
    return "\n".join([*lines, f"static void tst_function(void) {{ {call}; }}", ""])


def _read(word: TypeWord) -> str:
    return f"tst_read_{type_text(word)}"


def _write(word: TypeWord) -> str:
    return f"tst_write_{type_text(word)}"


def _reader(name: str, word: TypeWord) -> str:
    grow = "value.items = tst_grow(value.items, value.length, sizeof *value.items);"
    if word.optional:
        inner = f"{_read(plain(word))}()"
        body = f"if (!tst_null()) {{ value.present = true; value.value = {inner}; }}"
    elif word.name == "tuple":
        fields = [
            f"tst_expect('{',' if number else '['}'); value.item{number} = {_read(item)}();"
            for number, item in enumerate(word.items)
        ]
        body = " ".join([*fields, "tst_expect(']');"])
    elif word.name == "list":
        read = f"value.items[value.length++] = {_read(word.items[0])}();"
        body = f"TST_EACH('[', ']') {{ {grow} {read} }}"
    else:
        key = "value.items[value.length].key = tst_read_str(); tst_expect(':');"
        read = f"value.items[value.length++].value = {_read(word.items[0])}();"
        body = f"TST_EACH('{{', '}}') {{ {grow} {key} {read} }}"
    return f"static {name} tst_read_{name}(void) {{ {name} value = {{0}}; {body} return value; }}"


def _writer(name: str, word: TypeWord) -> str:
    comma, start, end = 'tst_text(",");', 'tst_text("[");', 'tst_text("]");'
    each = f"for (size_t i = 0; i < value.length; i++) {{ if (i) {comma}"
    if word.optional:
        inner = f"{_write(plain(word))}(value.value);"
        body = f'if (value.present) {inner} else tst_text("null");'
    elif word.name == "tuple":
        fields = [f"{_write(item)}(value.item{number});" for number, item in enumerate(word.items)]
        body = f'tst_text("{{\\"$tuple\\":["); {comma.join(fields)} tst_text("]}}");'
    elif word.name == "list":
        body = f"{start} {each} {_write(word.items[0])}(value.items[i]); }} {end}"
    else:
        pair = f"tst_write_str(value.items[i].key); {comma} {_write(word.items[0])}(value.items[i].value);"
        body = f'tst_text("{{\\"$dict\\":["); {each} {start} {pair} {end} }} tst_text("]}}");'
    return f"static void tst_write_{name}({name} value) {{ {body} }}"


LANGUAGE = Language(LANGUAGES["c"], (Programs(("gcc",), ("--version",), "gcc libc6-dev"),), program, function)
