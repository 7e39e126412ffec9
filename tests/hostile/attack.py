"""One hostile submission, and what must come of it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from enum import StrEnum

from grader.verdict import Verdict


class Target(StrEnum):
    """The problem an attack is sent to (see `problems`)."""

    PROGRAM = "program"
    """Reads a number, writes its double; 0.6 s of CPU, 1.5 s, 128 MiB."""
    ROOMY = "roomy program"
    """The same with 1 GiB, for what must meet another limit first."""
    SLOW = "slow program"
    """The same with 10 s and 256 MiB, for what must meet its memory limit first."""
    FUNCTION = "function"
    """`solve(x)` returns a number that only the hidden tests know."""
    SLOW_FUNCTION = "slow function"
    ARRAY = "array"
    """`solve(n)` returns the first n squares as a numpy array of float64; n is 0 in one test."""
    FLOATS = "floats"
    """`solve(n)` returns the first n halves as a list of floats."""


@dataclass(frozen=True, slots=True)
class Attack:
    """`number` is the one of README.md's table. There is one verdict, unless `because` says who decides."""

    number: int
    name: str
    source: str
    verdicts: tuple[Verdict, ...]
    target: Target = Target.PROGRAM
    language: str = "python"
    because: str = ""

    @property
    def told(self) -> str:
        """Verdicts as the table writes them."""
        return " or ".join(self.verdicts) + (f" ({self.because})" if self.because else "")


CALLS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    return libc.syscall(ctypes.c_long(number), *args)
def forbidden(number, *args):
    # Refused before the kernel looks at it: EPERM, ENOSYS, EAFNOSUPPORT. Any other error is a hole by luck.
    if call(number, *args) != -1 or ctypes.get_errno() not in (1, 38, 97): print('ESCAPED', number)
"""
"""Raw system calls for Python sources; numbers are those of x86_64."""
ANSWER = "\nprint(2 * int(input()))\n"
"""What every attack on a program does if it comes so far: it solves the problem."""


def program(
    number: int,
    name: str,
    source: str,
    *verdicts: Verdict,
    target: Target = Target.PROGRAM,
    calls: bool = False,
    because: str = "",
) -> Attack:
    """An attack that answers honestly afterwards: AC says that nothing it tried made a difference."""
    text = (CALLS if calls else "") + textwrap.dedent(source) + ANSWER
    return Attack(number, name, text, verdicts, target, because=because)


def refused(number: int, name: str, source: str) -> Attack:
    """System calls that must all be refused; the program lives on and is accepted."""
    return program(number, name, source, Verdict.AC, calls=True)


def function(
    number: int,
    name: str,
    source: str,
    *verdicts: Verdict,
    target: Target = Target.FUNCTION,
    because: str = "",
) -> Attack:
    """An attack on the harness that calls a function."""
    return Attack(number, name, textwrap.dedent(source), verdicts, target, because=because)
