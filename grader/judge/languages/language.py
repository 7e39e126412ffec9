"""What the judge knows of one language: which tools it needs, how a source is built, how the result runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from questionbank.packages.languages import AnswerLanguage
from questionbank.packages.model import FunctionSpec
from sandbox.job import MIB, Command, Limits, Runtime, Script

DRIVERS = Path(__file__).parents[1] / "drivers"
ARGUMENTS, RESULT = "call.json", "result.json"
"""Below /work: a call's arguments, and what the function returned."""
ARGUMENTS_PATH, RESULT_PATH = f"/work/{ARGUMENTS}", f"/work/{RESULT}"
"""What the drivers open: a submission may go to another folder, before `main` as well."""

COMPILE_LIMITS = Limits(
    cpu_s=10,
    wall_s=30,
    memory_bytes=1024 * MIB,
    processes=128,
    output_bytes=MIB,
    disk_bytes=192 * MIB,
    collect_bytes=32 * MIB,
)
_VERSION = re.compile(r"(\d+(?:\.\d+)+)")
Run = Callable[[Limits], Script | Command]


@cache
def driver(name: str) -> bytes:
    """A file of `grader/judge/drivers`."""
    return (DRIVERS / name).read_bytes()


@dataclass(frozen=True, slots=True)
class Programs:
    """Tools of the host. The first is asked for its version with `version`; `least` is what it must be.

    `packages` are Debian's names of what holds them.
    """

    names: tuple[str, ...]
    version: tuple[str, ...]
    packages: str
    least: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the jail's own Python; `version` is an expression over it."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Toolchain:
    """What was found in a jail. `tools` is the alternative it belongs to, `fingerprint` changes with it."""

    tools: Programs | Module
    version: str
    fingerprint: str

    def at_least(self, *numbers: int) -> bool:
        """Whether the version is that one or a later one; false where its tool says no number."""
        said = _VERSION.search(self.version)
        return said is not None and tuple(map(int, said.group(1).split("."))) >= numbers


@dataclass(frozen=True, slots=True)
class Build:
    """One compile step in a jail of its own.

    `files` lie beside each other in /work; `keeps` names what is brought out of it, as `Job.collect` does; an
    empty tuple stands for a check that leaves nothing. A line of the compiler's output that one of the
    patterns of `driver` matches is about our own part: it means that the source lacks `signature`. What
    `base` keeps lies there too: a part that all sources share, built once for each toolchain.
    """

    program: Script | Command
    files: Mapping[str, bytes]
    keeps: tuple[str, ...] = ()
    runtime: Runtime = Runtime.COMMAND
    driver: tuple[str, ...] = ()
    signature: str = ""
    limits: Limits = COMPILE_LIMITS
    base: Build | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How one source becomes runs: the build, the files beside what it kept in each box, and the start."""

    source_name: str
    build: Build
    run: Run
    files: Mapping[str, bytes] = field(default_factory=dict)
    runtime: Runtime = Runtime.COMMAND


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a runtime ends a program that was refused memory.

    `said` is found at the beginning or the end of stderr; `ending` is the exit code, or the negative number
    of the signal.
    """

    said: re.Pattern[bytes]
    ending: int


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    `toolchains` are alternatives, the best first. `program` and `function` make the plan of a source;
    `function` is None where the language answers no function problems. `own_memory_mib` is what its runtime
    takes beside the program's data: where a heap is given a size, it is the memory limit less this.
    `full_heap` are words that a runtime says when its heap is full, which the kernel does not see; `refusal`
    is how it ends where the box gives it no memory, None where it does not end by that. `has_arrays` is true
    where an ndarray is more than lists of lists; `reads_types` where the driver learns the signature's types
    together with the arguments.
    """

    answer: AnswerLanguage
    toolchains: tuple[Programs | Module, ...]
    program: Callable[[str, Toolchain], Plan]
    function: Callable[[FunctionSpec, str, Toolchain], Plan] | None = None
    own_memory_mib: int = 0
    full_heap: tuple[bytes, ...] = ()
    refusal: Refusal | None = None
    has_arrays: bool = False
    reads_types: bool = False

    @property
    def key(self) -> str:
        return self.answer.key

    @property
    def name(self) -> str:
        return self.answer.name


def heap_mib(limits: Limits, own_memory_mib: int) -> int:
    """The size of a heap that fits the memory limit beside what the runtime takes for itself."""
    return max(limits.memory_bytes // MIB - own_memory_mib, 16)


def execute(*argv: str, env: Mapping[str, str] | None = None) -> Run:
    """A start that no limit changes."""
    command = Command(argv, env or {})
    return lambda _limits: command
