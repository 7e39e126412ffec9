"""Installations that the tests start, drive and stop: real processes in folders of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deploy.client import Client
from deploy.host import free_port
from fixtures.recipes.catalogue import RECIPES
from tests.deploy.processes import Seen, descendants, wait_gone
from tests.models import DATA, installed

HOME = Path(__file__).resolve().parents[2]
WITHIN_S = 240.0


@dataclass
class Started:
    """One `make up` or its like: `output` is all that it has said so far."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int
    environment: dict[str, str]
    seen: set[Seen] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text(errors="replace")

    def wait_for(self, text: str) -> None:
        """Until it has said so; fails with its output where it ends before."""
        deadline = time.monotonic() + WITHIN_S
        while text not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def processes(self) -> set[Seen]:
        """What runs below it now; remembered, so that `left` can ask for them."""
        self.seen |= descendants(self.process.pid)
        return descendants(self.process.pid)

    def send(self, number: signal.Signals) -> int:
        """Sends a signal and waits for the end; the exit code."""
        self.processes()
        self.process.send_signal(number)
        return self.process.wait(60)

    def left(self) -> set[Seen]:
        """Processes that outlived it, after a moment."""
        return wait_gone(self.seen, self.environment["TOUCHSTONE_VAR"])

    def ask(self, path: str, headers: dict[str, str] | None = None) -> Any:
        """The JSON at an address of the site."""
        request = urllib.request.Request(f"{self.address}{path}", headers=headers or {})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def healthy(self) -> bool:
        """Whether the web process, the database and the broker answer."""
        try:
            return bool(self.ask("/healthz") == {"status": "ok"})
        except OSError:
            return False

    def candidate(self) -> Client:
        """The demo candidate, logged in."""
        client = Client(self.address)
        client.log_in("candidate", "touchstone-demo")
        return client


Start = Callable[..., Started]


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder with a short name, for sockets lie in it."""
    path = Path(tempfile.mkdtemp(prefix="touchstone-up-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextmanager
def starting_in(folder: Path) -> Iterator[Start]:
    """Starts `deploy.up`, or another command, over `folder`; what still runs at the end is stopped."""
    # Not the installation's first download: tests/models.py keeps everything between runs.
    installed(*RECIPES)
    started: list[Started] = []

    def begin(command: Sequence[str] = (sys.executable, "-m", "deploy.up"), **settings: str) -> Started:
        port = free_port()
        environment = {
            **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            "TOUCHSTONE_VAR": str(folder / "var"),
            "TOUCHSTONE_RUN": str(folder / "run"),
            "TOUCHSTONE_DATA": str(DATA),
            "TOUCHSTONE_PORT": str(port),
            **settings,
        }
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(command, cwd=HOME, env=environment, stdout=output, stderr=output)
        started.append(Started(process, folder, port, environment))
        return started[-1]

    try:
        yield begin
    finally:
        for one in started:
            if one.process.poll() is None:
                one.send(signal.SIGTERM)


@pytest.fixture
def folder() -> Iterator[Path]:
    with private_folder() as path:
        yield path


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    with starting_in(folder) as begin:
        yield begin


@pytest.fixture(scope="module")
def running() -> Iterator[Started]:
    """An installation that is ready, for all tests of a file."""
    with private_folder() as path, starting_in(path) as begin:
        up = begin()
        up.wait_for("is ready")
        yield up


@dataclass(frozen=True)
class Refusal:
    """What a command that would not start said."""

    code: int
    said: str


@pytest.fixture
def refused(start: Start) -> Callable[..., Refusal]:
    """Starts like `start` and waits for the end: nothing runs on, and nobody is shown a traceback."""

    def begin(*arguments: Any, **settings: str) -> Refusal:
        one = start(*arguments, **settings)
        code = one.process.wait(WITHIN_S)
        assert "Traceback" not in one.output
        assert one.left() == set()
        return Refusal(code, one.output)

    return begin
