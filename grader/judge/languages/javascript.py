"""JavaScript: node, with a heap that the memory limit has room for."""

from __future__ import annotations

import re

from grader.judge.languages.language import (
    Build,
    Language,
    Plan,
    Programs,
    Refusal,
    Run,
    Toolchain,
    driver,
    heap_mib,
)
from questionbank.packages.languages import LANGUAGES
from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.javascript import RESERVED
from questionbank.packages.starters.names import free_name
from sandbox.job import Command, Limits

OWN_MEMORY_MIB = 40
FULL_HEAP = (b"JavaScript heap out of memory", b"invalid size error Reached heap limit")
REFUSAL = Refusal(re.compile(rb"^RangeError: Array buffer allocation failed$", re.MULTILINE), 1)
DRIVER = "driver.cjs"
# In every box of node's; a name that no answer's own file has.
STREAMS = {"touchstone-streams.cjs": driver("streams.cjs")}
_PRELOAD = ("--require", *(f"/work/{name}" for name in STREAMS))
_STACK_KIB = 48 * 1024
# Tried at every line of a source that anybody sends in, before any box: a line must not read on to the next.
_MODULE = re.compile(r"^[^\S\n]*+(?:import\s*+[\w*{\"']|export\s*+[\w*{])", re.MULTILINE)


def program(source: str, _: Toolchain) -> Plan:
    """The file runs as a script, or as a module where it imports or exports."""
    name = source_name(source)
    text = source.encode()
    return Plan(name, _check(name, text), start(name), {name: text, **STREAMS})


def function(spec: FunctionSpec, source: str, _: Toolchain) -> Plan:
    """A line behind the source, which shifts none of its own, hands the function to the driver."""
    name = source_name(source)
    function_name = free_name(spec.name, RESERVED)
    files = {name: f"{source}\n{handing_over(function_name)}".encode(), DRIVER: driver("call.cjs")}
    files |= STREAMS
    return Plan(name, _check(name, source.encode()), start(DRIVER, name), files)


def source_name(source: str) -> str:
    """What node calls the two kinds of files."""
    return "solution.mjs" if _MODULE.search(source) else "solution.cjs"


def handing_over(name: str) -> str:
    """The statement that lets the driver find a function, however it was declared."""
    return f';globalThis.touchstoneFunction = typeof {name} === "undefined" ? undefined : {name};\n'


def start(*arguments: str, options: tuple[str, ...] = ()) -> Run:
    """Runs node on a file."""

    def run(limits: Limits) -> Command:
        heap = f"--max-old-space-size={heap_mib(limits, OWN_MEMORY_MIB)}"
        return Command(("node", heap, f"--stack-size={_STACK_KIB}", *_PRELOAD, *options, *arguments))

    return run


def _check(name: str, source: bytes) -> Build:
    return Build(Command(("node", "--check", name)), {name: source})


LANGUAGE = Language(
    LANGUAGES["javascript"],
    (Programs(("node",), ("--version",), "nodejs", least=(18,)),),
    program,
    function,
    own_memory_mib=OWN_MEMORY_MIB,
    full_heap=FULL_HEAP,
    refusal=REFUSAL,
    reads_types=True,
)
