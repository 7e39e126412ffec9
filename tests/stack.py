"""Broker, sandbox and workers over the tests' own database: real processes that a test may kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection

from deploy.broker import command as broker_command
from deploy.broker import find_server
from grader.jail import sandbox_config
from sandbox.job import Runtime
from sandbox.syscalls import die_with_parent
from tests.settings import SCRATCH

HOME = Path(__file__).resolve().parent.parent
READY_WITHIN_S = 120.0
ENDED_WITHIN_S = 30.0
QUEUES = "code,text,bulk,ml,gpu"


class Part:
    """One process of the stack, in a session of its own; `ready` says whether it serves."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        ready: Callable[[], bool],
        *,
        marker: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = Path(SCRATCH) / f"{name}.log"
        self._command = command
        self._ready = ready
        self._marker = marker
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Part:
        """Starts the process where it does not run, and waits until it serves."""
        if self._process is None or self._process.poll() is not None:
            if self._marker:
                # What an earlier process left behind says nothing of this one.
                self._marker.unlink(missing_ok=True)
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    list(self._command),
                    cwd=HOME,
                    env={**os.environ, **self._environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                )
        wait_until(self._serves, READY_WITHIN_S, f"{self.name} to serve; its log is {self.log}")
        return self

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the process alone."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL: the process has no time to say good-bye."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and waits for the end."""
        self._end(signal.SIGTERM)

    def _serves(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.name} ended at its start:\n{self.log.read_text(errors='replace')}")
        return self._ready()

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(ENDED_WITHIN_S)


@dataclass(frozen=True, slots=True)
class Stack:
    broker: Part
    sandbox: Part
    worker: Part


def wait_until(condition: Callable[[], bool], within_s: float, what: str) -> None:
    """Returns once `condition` holds; fails where it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within_s:.0f} s for {what}")
        time.sleep(0.02)


def broker() -> Part:
    """The embedded broker on the settings' socket; it keeps its data over a restart."""
    command = broker_command(find_server(), socket=settings.BROKER_SOCKET, data=settings.VAR / "broker")
    return Part("broker", command, _broker_answers)


def supervisor() -> Part:
    """The sandbox on the settings' socket, with the interpreters that small problems need parked."""
    socket: Path = settings.SANDBOX_SOCKET
    command = sandbox_config(socket, {Runtime.PYTHON: 2}).command()
    return Part("sandbox", command, socket.exists, marker=socket)


def worker(name: str = "worker") -> Part:
    """A Celery worker on every queue, over the database that the tests of this run use."""
    marker = settings.RUN / f"{name}.ready"
    command = [sys.executable, "-m", "celery", "--app", "questionbank.config.celery:app", "worker"]
    command += ["--queues", QUEUES, "--pool", "threads", "--concurrency", "2", "--hostname", f"{name}@%h"]
    command += ["--beat", "--schedule", f"{SCRATCH}/{name}.beat"]
    command += ["--loglevel", "INFO", "--without-mingle", "--without-gossip"]
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TOUCHSTONE_TEST_SCRATCH": SCRATCH,
        "TOUCHSTONE_READY_FILE": str(marker),
        "DATABASE_URL": _database_url(),
    }
    return Part(name, command, marker.exists, marker=marker, environment=environment)


def _database_url() -> str:
    """Where this run's test database is, as other processes are told."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    details = connection.settings_dict
    return f"postgresql://{details['USER']}@/{name}?host={details['OPTIONS']['host']}"


def _broker_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
