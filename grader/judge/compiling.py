"""The compile step: does the source parse? It runs in the jail, for a compiler is a program too."""

from __future__ import annotations

from grader.judge.model import Answer, Judgement
from grader.judge.verdicts import shown_stream
from grader.verdict import Verdict
from sandbox.client import Sandbox
from sandbox.job import MIB, Job, Limits, Runtime, Script, Status

MAX_SOURCE_BYTES = 256 * 1024
_LIMITS = Limits(
    cpu_s=5, wall_s=10, memory_bytes=256 * MIB, processes=8, output_bytes=65_536, disk_bytes=2 * MIB
)
_PROGRAM = """\
import sys, traceback
try:
    with open("solution.py", "rb") as file:
        compile(file.read(), "solution.py", "exec", dont_inherit=True)
except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
    print("".join(traceback.format_exception_only(error)).rstrip(), file=sys.stderr)
    sys.exit(1)
"""


def compile_error(answer: Answer, sandbox: Sandbox) -> Judgement | None:
    """The judgement CE with the compiler's words, None where the source compiles."""
    source = answer.source.encode("utf-8", errors="surrogateescape")
    if len(source) > MAX_SOURCE_BYTES:
        return _refused(f"The source has {len(source):,} bytes, the most is {MAX_SOURCE_BYTES:,}.")
    files = {"solution.py": source, "compile.py": _PROGRAM.encode()}
    outcome = sandbox.run(Job(Runtime.PYTHON, Script("compile.py"), files=files, limits=_LIMITS))
    if outcome.status is Status.OK:
        return None
    said = shown_stream(outcome.stderr) if outcome.status is Status.NONZERO_EXIT else outcome.reason
    return _refused(said, outcome.guarantees)


def _refused(output: str, guarantees: tuple[str, ...] = ()) -> Judgement:
    return Judgement(verdict=Verdict.CE, score=0.0, compiler_output=output, guarantees=guarantees)
