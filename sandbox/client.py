"""How the rest of the world runs jobs: connect to the supervisor's socket, or start a private one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sandbox.job import Job, Outcome, Runtime


@dataclass(frozen=True, slots=True)
class Config:
    """What a supervisor is started with.

    `stores` maps a path inside the jail (below /store) to a host folder bound there read-only: public
    models and data. `masked` are host files that a submission must not read although they lie inside
    a folder it sees; they read as empty. `parked` says how many children wait per runtime; a runtime
    that is absent is started at its first job.
    """

    socket: Path
    stores: Mapping[str, Path] = field(default_factory=dict)
    masked: tuple[Path, ...] = ()
    parked: Mapping[Runtime, int] = field(default_factory=dict)


class Sandbox(Protocol):
    """Runs one job at a time per call; safe to use from several threads and processes."""

    def run(self, job: Job) -> Outcome:
        """Blocks until the run is over. Raises `SandboxError` when the sandbox, not the job, failed."""


def connect(socket: Path) -> Sandbox:
    """A sandbox served by the supervisor that listens on `socket`."""
    raise NotImplementedError


@contextmanager
def private_sandbox(config: Config) -> Iterator[Sandbox]:
    """Starts a supervisor of one's own and stops it, with everything below it, at the end."""
    raise NotImplementedError
    yield
