"""A real supervisor with the standard-library runtime, shared by the tests of this room and the hostile ones.

Where root runs the tests, each of them runs twice: over a supervisor of root's, and over one that belongs to
an account without any privilege, which uses user namespaces and has no control groups.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.account import unprivileged_account
from deploy.enter import entering
from sandbox.client import Config, Sandbox, private_sandbox
from sandbox.job import Runtime

LAUNCHES = ("root", "unprivileged") if unprivileged_account() else ("own account",)


@pytest.fixture(scope="session")
def store() -> Iterator[Path]:
    """A public folder that boxes see at /store; not below pytest's own, which no other account may enter."""
    with tempfile.TemporaryDirectory(prefix="touchstone-store-") as name:
        Path(name).chmod(0o755)
        Path(name, "public.txt").write_text("for everyone")
        yield Path(name)


@pytest.fixture(scope="session", params=LAUNCHES)
def box(store: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Runs jobs in real boxes."""
    with socket_folder(request.param) as folder:
        config = Config(
            socket=folder / "sandbox.sock",
            stores={"/store": store},
            parked={Runtime.PYTHON: 3, Runtime.COMMAND: 1},
        )
        with private_sandbox(config, launcher=launcher_of(request.param)) as sandbox:
            yield sandbox


@contextmanager
def socket_folder(launch: str) -> Iterator[Path]:
    """A private folder of the account that runs the supervisor."""
    with tempfile.TemporaryDirectory(prefix="touchstone-") as name:
        account = unprivileged_account()
        if launch == "unprivileged" and account:
            os.chown(name, account.uid, account.gid)
        yield Path(name)


def launcher_of(launch: str) -> Sequence[str]:
    """What stands before the supervisor's command so that the right account runs it."""
    return entering([]) if launch == "unprivileged" else ()
