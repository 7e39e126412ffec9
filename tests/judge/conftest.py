"""A real sandbox with the plain and the numpy runtime, and one for commands."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.client import Config, Sandbox, private_sandbox
from sandbox.job import Runtime


@pytest.fixture(scope="session")
def sandbox_socket() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        yield Path(folder) / "sandbox.sock"


@pytest.fixture(scope="session")
def sandbox(sandbox_socket: Path) -> Iterator[Sandbox]:
    parked = {Runtime.PYTHON: 3, Runtime.NUMPY: 2, Runtime.COMMAND: 3}
    with private_sandbox(Config(sandbox_socket, parked=parked)) as running:
        yield running
