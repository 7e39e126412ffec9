"""The shipped model exercises over the tests' data: what they need, and one jail for all of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.jail import sandbox_config
from questionbank.packages.model import Kind
from sandbox.client import Config, Sandbox, private_sandbox
from sandbox.job import Runtime
from tests.fixtures.bank import packages
from tests.models import installed

EXERCISES = packages(Kind.ARTIFACT)
NEEDED = sorted(
    {name for one in EXERCISES if one.artifact for name in (one.artifact.hidden, *one.artifact.store)}
)


def installed_data() -> Path:
    """The data folder with all that the exercises name."""
    return installed(*NEEDED)


@contextmanager
def jail_over(data: Path) -> Iterator[Sandbox]:
    """A sandbox of one's own as an installation has it, over the public part of `data`."""
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        ours = sandbox_config(Path(folder) / "sandbox.sock")
        config = Config(
            ours.socket,
            stores={"/store": data / "public"},
            masked=ours.masked,
            libraries=ours.libraries,
            parked={Runtime.ML: 2, Runtime.NUMPY: 1},
        )
        with private_sandbox(config) as running:
            yield running
