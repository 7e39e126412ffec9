"""Python 3: the jail's warm interpreter, which has the standard library imported."""

from __future__ import annotations

import re
from keyword import kwlist

from grader.judge.languages.language import Build, Language, Module, Plan, Refusal, Toolchain, driver
from questionbank.packages.languages import LANGUAGES
from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.names import free_name
from sandbox.job import Runtime, Script

SOURCE = "solution.py"
_RUNTIMES = {"python": Runtime.PYTHON, "numpy": Runtime.NUMPY, "ml": Runtime.ML}


def program(source: str, _: Toolchain) -> Plan:
    """The file runs as `__main__`."""
    text = source.encode(errors="surrogateescape")
    return Plan(SOURCE, _check(text), lambda _limits: Script(SOURCE), {SOURCE: text}, Runtime.PYTHON)


def function(spec: FunctionSpec, source: str, _: Toolchain) -> Plan:
    """The driver calls the function in the runtime that the problem names."""
    text = source.encode(errors="surrogateescape")
    files = {SOURCE: text, "driver.py": driver("call.py")}
    start = Script("driver.py", (free_name(spec.name, kwlist),))
    return Plan(SOURCE, _check(text), lambda _limits: start, files, _RUNTIMES[spec.runtime])


def _check(source: bytes) -> Build:
    files = {SOURCE: source, "check.py": driver("check.py")}
    return Build(Script("check.py"), files, runtime=Runtime.PYTHON)


# The end of a traceback; numpy's error is one of memory too.
_REFUSED = re.compile(rb"^  [^\n]*\n(?:MemoryError|numpy\.\S*_ArrayMemoryError)\b[^\n]*\n\Z", re.MULTILINE)

LANGUAGE = Language(
    LANGUAGES["python"],
    (Module("sys", "'Python ' + sys.version.split()[0]"),),
    program,
    function,
    has_arrays=True,
    reads_types=True,
    refusal=Refusal(_REFUSED, 1),
)
