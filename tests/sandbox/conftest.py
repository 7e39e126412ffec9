"""A real supervisor with the standard-library runtime, shared by the tests of this room."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.client import Config, Sandbox, private_sandbox
from sandbox.job import Runtime


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A public folder that boxes see at /store."""
    folder = tmp_path_factory.mktemp("store")
    (folder / "public.txt").write_text("for everyone")
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def box(store: Path) -> Iterator[Sandbox]:
    """Runs jobs in real boxes."""
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        config = Config(
            socket=Path(folder) / "sandbox.sock",
            stores={"/store": store},
            parked={Runtime.PYTHON: 3, Runtime.COMMAND: 1},
        )
        with private_sandbox(config) as sandbox:
            yield sandbox
