"""TypeScript: checked and translated by tsc; without one, node itself takes the types away unchecked."""

from __future__ import annotations

import json

from grader.judge.languages import javascript
from grader.judge.languages.language import Build, Language, Plan, Programs, Toolchain, driver
from questionbank.packages.languages import LANGUAGES
from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.javascript import RESERVED
from questionbank.packages.starters.names import free_name
from questionbank.packages.starters.typescript import parameters_text, returns_text, signature
from sandbox.job import Command

SOURCE = "solution.ts"
_TSC = Programs(("tsc", "node"), ("--version",), "node-typescript", least=(4, 7))
_NODE = Programs(("node",), ("--version",), "nodejs", least=(22, 13))
# Types are checked as far as they are given: what has none may be anything, and so may null be.
_OPTIONS = {
    "compilerOptions": {
        "target": "es2022",
        "lib": ["es2022"],
        "module": "commonjs",
        "moduleDetection": "force",
        "types": [],
        "strict": False,
        "strictFunctionTypes": True,
        "strictBindCallApply": True,
        "noEmitOnError": True,
        "skipLibCheck": True,
        "inlineSourceMap": True,
        "pretty": False,
        "outDir": "out",
        "rootDir": ".",
    },
    "files": [SOURCE, "host.d.ts"],
}


def program(source: str, toolchain: Toolchain) -> Plan:
    """The translated file runs as JavaScript does."""
    return _plan(source, "", toolchain)


def function(spec: FunctionSpec, source: str, toolchain: Toolchain) -> Plan:
    """Lines behind the source, which shift none of its own, check the function and hand it to the driver."""
    name = free_name(spec.name, RESERVED)
    typed = f"({parameters_text(spec)}) => {returns_text(spec)}"
    checked = f"const touchstoneFunction: {typed} = {name};\n"
    tail = f"\n;{checked}(globalThis as any).touchstoneFunction = touchstoneFunction;\n"
    return _plan(source, tail, toolchain, signature(spec))


def _plan(source: str, tail: str, toolchain: Toolchain, head: str = "") -> Plan:
    checked = toolchain.tools is _TSC
    translated = "out/solution.js" if checked else f"out/{javascript.source_name(source)}"
    files = {SOURCE: (source + tail).encode()}
    if checked:
        files |= {"tsconfig.json": json.dumps(_OPTIONS).encode(), "host.d.ts": driver("host.d.ts")}
        command = Command(("tsc", "-p", "."))
    else:
        files["strip.cjs"] = driver("strip.cjs")
        command = Command(("node", "--no-warnings", "strip.cjs", SOURCE, translated))
    behind = source.count("\n") + 2
    own = (rf"solution\.ts\({behind},\d+\): error TS2",) if tail else ()
    build = Build(command, files, (translated,), driver=own, signature=head)
    options = ("--enable-source-maps",)
    if tail:
        driven = {javascript.DRIVER: driver("call.cjs"), **javascript.STREAMS}
        return Plan(SOURCE, build, javascript.start(javascript.DRIVER, translated, options=options), driven)
    return Plan(SOURCE, build, javascript.start(translated, options=options), javascript.STREAMS)


LANGUAGE = Language(
    LANGUAGES["typescript"],
    (_TSC, _NODE),
    program,
    function,
    own_memory_mib=javascript.OWN_MEMORY_MIB,
    full_heap=javascript.FULL_HEAP,
    refusal=javascript.REFUSAL,
    reads_types=True,
)
