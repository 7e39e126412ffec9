"""Makes the small program that waits in a box in the place of Python where the job will be a command.

Its source is `starter.c`, compiled once by each supervisor. A host without a C compiler has none, and a
command there takes a little longer to start: execve(2) takes the interpreter down that called it.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from sandbox.log import log
from sandbox.memory_file import memory_file

SOURCE = Path(__file__).with_name("starter.c")
_COMPILERS = ("cc", "gcc", "clang")
# Static: a jail need not have what it would be linked with.
_FLAGS = ("-std=c11", "-O2", "-static", "-s")
_TIMEOUT_S = 60.0


@functools.cache
def compiled() -> int | None:
    """A descriptor of the program, which nobody can change; None where this host cannot make it."""
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        return None
    try:
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
            return memory_file("starter", [program.read_bytes()], executable=True)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or error
        log(f"commands start without a starter of their own: {said}")
        return None
