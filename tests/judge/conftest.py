"""A real sandbox with the plain and the numpy runtime, and one for commands."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.client import Config, Sandbox, private_sandbox
from sandbox.job import Runtime


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        config = Config(
            Path(folder) / "sandbox.sock", parked={Runtime.PYTHON: 3, Runtime.NUMPY: 2, Runtime.COMMAND: 3}
        )
        with private_sandbox(config) as running:
            yield running
