"""Go: one package of one or two files, built without a network, a module file or C."""

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
    heap_mib,
)
from questionbank.packages.languages import LANGUAGES, LARGEST_TUPLE
from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.go import RESERVED, signature, type_text
from questionbank.packages.starters.names import free_name
from questionbank.packages.types import TypeWord, parse_type
from sandbox.job import MIB, Command, Limits

SOURCE = "solution.go"
_OWN_MEMORY_MIB = 16
_CACHE = "go-build"
_BASE_LIMITS = Limits(
    cpu_s=120,
    wall_s=600,
    memory_bytes=1536 * MIB,
    processes=128,
    disk_bytes=512 * MIB,
    inodes=8192,
    collect_bytes=96 * MIB,
)
_STANDARD_LIBRARY = (
    *("bufio", "bytes", "cmp", "container/heap", "container/list", "container/ring", "context"),
    *(
        "crypto/md5",
        "crypto/sha256",
        "encoding/binary",
        "encoding/hex",
        "encoding/json",
        "errors",
        "fmt",
        "hash/fnv",
    ),
    *("hash/maphash", "io", "iter", "maps", "math", "math/big", "math/bits", "math/cmplx", "math/rand"),
    *("os", "reflect", "regexp", "runtime", "runtime/debug", "slices", "sort", "strconv", "strings", "sync"),
    *("sync/atomic", "text/tabwriter", "time", "unicode", "unicode/utf16", "unicode/utf8"),
)
_BUILD = ("go", "build", "-ldflags=-s -w", "-o", "solution")
# Flags that change how the standard library is built would have it built anew.
_ENVIRONMENT = {
    "GOCACHE": f"/work/{_CACHE}",
    "GOPATH": "/work/go",
    "GOENV": "off",
    "GO111MODULE": "off",
    "GOPROXY": "off",
    "GOTOOLCHAIN": "local",
    "GOTELEMETRY": "off",
    "CGO_ENABLED": "0",
    "GOFLAGS": "-buildvcs=false",
}


def program(source: str, toolchain: Toolchain) -> Plan:
    """One file of the package main."""
    # Without the mode another package than main would be built too, into what nobody can run.
    command = Command((*_BUILD, "-buildmode=exe", SOURCE), _ENVIRONMENT)
    build = Build(command, {SOURCE: source.encode()}, ("solution",), base=_base(toolchain))
    return Plan(SOURCE, build, _run)


def function(spec: FunctionSpec, source: str, toolchain: Toolchain) -> Plan:
    """`driver.go` is of the same package and calls the function."""
    files = {
        SOURCE: source.encode(),
        "call.go": driver("call.go") + _tuples().encode(),
        "driver.go": _driver(spec).encode(),
    }
    build = Build(
        Command((*_BUILD, *sorted(files)), _ENVIRONMENT),
        files,
        ("solution",),
        driver=(r"(?:\./)?driver\.go:", r"(?:\./)?call\.go:", "function main is undeclared"),
        signature=signature(spec),
        base=_base(toolchain),
    )
    return Plan(SOURCE, build, _run)


def _base(toolchain: Toolchain) -> Build | None:
    """The standard library, which Go brings as source alone since 1.20: compiled, in its cache's form."""
    if not toolchain.at_least(1, 20):
        return None
    imports = "".join(f'import _ "{name}"\n' for name in _STANDARD_LIBRARY)
    files = {"base.go": f"package main\n{imports}func main() {{}}\n".encode()}
    command = Command((*_BUILD, "base.go"), _ENVIRONMENT)
    return Build(command, files, (f"{_CACHE}/",), limits=_BASE_LIMITS)


def _run(limits: Limits) -> Command:
    """The collector works harder near the limit, rather than have the kernel end a program with garbage."""
    heap = heap_mib(limits, _OWN_MEMORY_MIB)
    return Command(("./solution",), {"GOMAXPROCS": "1", "GOMEMLIMIT": f"{heap}MiB"})


def _driver(spec: FunctionSpec) -> str:
    words = [parse_type(parameter.type) for parameter in spec.parameters]
    reads = [
        f"\tin.expect('{',' if number else '['}')\n\targument{number} := {_read(word)}"
        for number, word in enumerate(words)
    ]
    given = ", ".join(f"argument{number}" for number in range(len(words)))
    call = f"{free_name(spec.name, RESERVED)}({given})"
    answer = f"\t{call}\n\ttstAnswer(nil, " if spec.returns == "None" else f"\ttstAnswer({call}, "
    head = ["package main", "", "func main() {", f'\tin := tstOpen("{ARGUMENTS_PATH}")', "\t_ = in"]
    return "\n".join([*head, *reads, f'{answer}"{RESULT_PATH}")', "}", ""])


def _read(word: TypeWord) -> str:
    """The expression that reads a value of the type."""
    if word.name == "ndarray":
        return _read(word.as_lists())
    if word.optional:
        plain = TypeWord(word.name, word.items, False, word.dtype, word.rank)
        return f"tstMaybe(in, func() {type_text(plain)} {{ return {_read(plain)} }})"
    match word.name:
        case "list" | "dict":
            kind = {"list": "tstList", "dict": "tstMap"}[word.name]
            item = word.items[0]
            return f"{kind}(in, func() {type_text(item)} {{ return {_read(item)} }})"
        case "tuple":
            items = [
                f"tstItem(in, {mark}, func() {type_text(item)} {{ return {_read(item)} }})"
                for mark, item in zip(["'['", *["','"] * LARGEST_TUPLE], word.items, strict=False)
            ]
            return f"tstEnd(in, {type_text(word)}{{{', '.join(items)}}})"
    return f"in.{word.name}Value()"


def _tuples() -> str:
    """The structs of 1 to 8 fields, which write themselves as tuples."""
    lines = ["", "type tstTuple interface{ tstItems() []any }"]
    for size in range(1, LARGEST_TUPLE + 1):
        letters = "ABCDEFGH"[:size]
        fields = "; ".join(f"Item{number} {letter}" for number, letter in enumerate(letters))
        values = ", ".join(f"t.Item{number}" for number in range(size))
        given = ", ".join(letters)
        lines.append(f"type Tuple{size}[{given} any] struct {{ {fields} }}")
        lines.append(f"func (t Tuple{size}[{given}]) tstItems() []any {{ return []any{{{values}}} }}")
    return "\n".join([*lines, ""])


LANGUAGE = Language(
    LANGUAGES["go"],
    (Programs(("go",), ("version",), "golang-go", least=(1, 18)),),
    program,
    function,
    own_memory_mib=_OWN_MEMORY_MIB,
    refusal=Refusal(
        re.compile(rb"^fatal error: runtime: (?:out of memory|cannot allocate memory)", re.MULTILINE), 2
    ),
)
