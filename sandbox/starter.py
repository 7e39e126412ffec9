"""Makes the small program that waits in a box in the place of Python where the job will be a command.

Its source is `starter.c`, compiled once by each supervisor. A host without a C compiler has none, and a
command there takes a little longer to start: execve(2) takes the interpreter down that called it.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox.log import log
from sandbox.memory_file import memory_file

SOURCE = Path(__file__).with_name("starter.c")
_COMPILERS = ("cc", "gcc", "clang")
# Static: a jail need not have what it would be linked with.
_FLAGS = ("-std=c11", "-O2", "-static", "-s")
_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Made:
    """`program` is None where this host cannot make it; `why` says why, and `in_memory` that it was compiled
    and no file in memory could be had for it."""

    program: int | None
    why: str = ""
    in_memory: bool = False


@functools.cache
def made() -> Made:
    """The program, made once. Where it cannot be although there is a compiler, the log says why."""
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        return Made(None, "no C compiler is on PATH")
    done = _made_by(compiler)
    if done.program is None:
        log(f"commands start without a starter of their own: {done.why}")
    return done


def compiled() -> int | None:
    """A descriptor of the program, which nobody can change; None where this host cannot make it."""
    return made().program


def _made_by(compiler: str) -> Made:
    try:
        content = _compiled_by(compiler)
    except subprocess.CalledProcessError as error:
        return Made(None, f"{compiler} cannot make one: {_first_error(error.stderr)}")
    except (OSError, subprocess.SubprocessError) as error:
        return Made(None, f"{compiler} cannot make one: {error}")
    try:
        return Made(memory_file("starter", [content], executable=True))
    except OSError as error:
        return Made(None, f"it is compiled, and no file in memory holds it: {error.strerror}", in_memory=True)


def _compiled_by(compiler: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="touchstone-starter-") as folder:
        program = Path(folder, "starter")
        subprocess.run(  # noqa: S603 - the host's compiler
            [compiler, *_FLAGS, "-o", str(program), str(SOURCE)],
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
        )
        return program.read_bytes()


def _first_error(said: str) -> str:
    lines = said.strip().splitlines() or ["it says nothing"]
    return next((line for line in lines if "cannot find" in line or "error" in line), lines[-1])[:200]
