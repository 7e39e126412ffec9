"""The values that cross the sandbox's border: one `Job` in, one `Outcome` out.

A `Job` names every limit; an `Outcome` says what the kernel saw. Neither knows of problems, tests or
verdicts: a status is a fact about a run, and only the judge turns facts into verdicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

MIB = 1024 * 1024


class Status(StrEnum):
    """How a run ended, as seen by the kernel's accounts and never guessed from a signal alone."""

    OK = "ok"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    NONZERO_EXIT = "nonzero_exit"
    SIGNALLED = "signalled"


class Runtime(StrEnum):
    """Which zygote the run is forked from.

    PYTHON has the standard library imported, NUMPY adds numpy, ML adds TensorFlow, scikit-learn and
    pandas. COMMAND executes a program of the host's toolchains and imports nothing.
    """

    COMMAND = "command"
    PYTHON = "python"
    NUMPY = "numpy"
    ML = "ml"


class DeviceKind(StrEnum):
    """ANY computes on a GPU that is idle now, else on the CPU. GPU waits for one and runs on nothing else."""

    ANY = "any"
    GPU = "gpu"


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """A wish for a device of one's own. `memory_bytes` must be free on it; `wait_s` bounds the wait."""

    kind: DeviceKind
    memory_bytes: int = 0
    wait_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. Each limit has its own status or figure in the outcome."""

    cpu_s: float = 2.0
    wall_s: float = 6.0
    memory_bytes: int = 256 * MIB
    processes: int = 64
    output_bytes: int = 16 * MIB
    """For stdout and stderr each."""
    disk_bytes: int = 64 * MIB
    """Size of the one writable file system, /work and /tmp together."""
    file_bytes: int | None = None
    """The most that one file may hold, 0 for nothing in files at all; None leaves it to the disk."""
    inodes: int = 4096
    collect_bytes: int = 64 * MIB
    """For all collected files together."""


@dataclass(frozen=True, slots=True)
class Script:
    """Run a Python file of /work as `__main__` in the runtime's warm interpreter."""

    path: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """Execute a program; argv[0] is looked up on the jail's PATH."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Job:
    """One untrusted run.

    `files` maps relative paths below /work to their content; an entry of `executables` gets mode 0755.
    `collect` lists relative paths below /work to bring back after every process of the run is dead:
    regular files only, opened without following links; a path ending in "/" stands for the folder's
    regular files, recursively. /work is the current folder.
    """

    runtime: Runtime
    program: Script | Command
    files: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    executables: frozenset[str] = frozenset()
    stdin: bytes = b""
    collect: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    device: DeviceRequest | None = None
    """None computes on the CPU; waiting for a device takes nothing of the limits."""
    high_assurance: bool = False
    """Runs in a container of an OCI runtime, which takes longer to start."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened. Times in seconds, `peak_bytes` as the memory controller counted it.

    `stdout` and `stderr` hold what was written until the end or the kill, cut at `limits.output_bytes`.
    `files` holds the collected files that existed; `uncollected` names those left out, with the reason
    ("not a regular file", "larger than the limit"). `reason` is one English sentence for logs with the
    figure that mattered ("used 2.03 s of CPU, limit 2.00 s"); `limits_met` is the end of it that tells of
    limits which refuse more and end nothing ("; its disk of 64 MiB was full"). A disk counts as full that is
    so at the end. `guarantees` names what held in this run.
    """

    status: Status
    exit_code: int | None
    signal: int | None
    cpu_s: float
    wall_s: float
    peak_bytes: int
    stdout: bytes
    stderr: bytes
    files: Mapping[str, bytes]
    uncollected: Mapping[str, str]
    process_limit_hit: bool
    reason: str
    guarantees: tuple[str, ...]
    device: str = "cpu"
    driver: str = ""
    """The device's driver and its version; empty on the CPU."""
    ended_at: float = 0.0
    """When its first process ended (CLOCK_MONOTONIC, seconds): of two runs, which ended first."""
    limits_met: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Two runs whose standard streams were connected, and whether the one that leads ended first.

    What one of them wrote is in neither outcome's `stdout`: the other has read it.
    """

    leader: Outcome
    other: Outcome
    leader_first: bool
