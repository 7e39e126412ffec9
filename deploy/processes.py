"""The processes of an installation under one small supervisor: started in order, restarted, stopped whole."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.account import Account, acting_as
from deploy.errors import CannotStart
from sandbox.client import Config, supervisor_environment
from sandbox.syscalls import die_with_parent

_STOP_S = 15.0
_LOOK_EVERY_S = 0.2
_CALM_S = 60.0
_MAX_PAUSE_S = 30.0
_MAX_LOG_BYTES = 10 * 2**20


@dataclass(frozen=True, slots=True)
class Service:
    """One process. `ready` says whether it serves; `log` takes what it prints. Others rest on a
    `foundation`: it stops after them."""

    name: str
    command: Sequence[str]
    log: Path
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    foundation: bool = False
    inherits: bool = True
    """Whether it gets this process's environment too, secrets and all."""


@dataclass(slots=True)
class _Running:
    service: Service
    process: subprocess.Popen[bytes]
    started: float
    failures: int = 0
    due: float | None = None


class Processes:
    """Services in the order of their start; stopping goes the other way."""

    def __init__(self, folder: Path, say: Callable[[str], None], account: Account | None = None) -> None:
        """`account` owns the logs, where it is not the one that runs this process."""
        self._folder = folder
        self._account = account
        self._say = say
        self._running: list[_Running] = []

    def start(self, service: Service) -> None:
        """Starts one service without waiting for it."""
        with acting_as(self._account):
            service.log.parent.mkdir(parents=True, exist_ok=True)
            if service.log.exists() and service.log.stat().st_size > _MAX_LOG_BYTES:
                service.log.replace(service.log.with_suffix(".log.1"))
        self._running.append(_Running(service, self._spawn(service), time.monotonic()))

    def wait_ready(self, timeout_s: float, stopped: Callable[[], bool]) -> None:
        """Returns once every service serves, or when told to stop; `CannotStart` with the end of the log of
        one that does not."""
        deadline = time.monotonic() + timeout_s
        waiting = list(self._running)
        while waiting and not stopped():
            for running in list(waiting):
                if running.process.poll() is not None:
                    raise CannotStart(
                        f"{running.service.name} ended with code {running.process.returncode}:\n"
                        + _end_of(running.service.log),
                        f"Its whole log is {running.service.log}.",
                    )
                if running.service.ready():
                    waiting.remove(running)
            if time.monotonic() > deadline:
                names = ", ".join(running.service.name for running in waiting)
                raise CannotStart(
                    f"{names} did not answer within {timeout_s:.0f} s:\n" + _end_of(waiting[0].service.log),
                    f"Its whole log is {waiting[0].service.log}.",
                )
            time.sleep(0.05)

    def watch(self, stopped: Callable[[], bool]) -> None:
        """Restarts what ends, with growing pauses, until told to stop."""
        while not stopped():
            now = time.monotonic()
            for running in self._running:
                if running.due is not None:
                    if now >= running.due:
                        self._start_again(running, now)
                elif running.process.poll() is not None:
                    _kill_group(running.process)
                    self._put_off(running, now, f"ended with code {running.process.returncode}")
            time.sleep(_LOOK_EVERY_S)

    def _start_again(self, running: _Running, now: float) -> None:
        try:
            running.process = self._spawn(running.service)
        except OSError as error:
            self._put_off(running, now, f"cannot be started ({error})")
        else:
            running.started, running.due = now, None

    def _put_off(self, running: _Running, now: float, why: str) -> None:
        running.failures = 0 if now - running.started > _CALM_S else running.failures + 1
        pause = min(2.0**running.failures - 1, _MAX_PAUSE_S)
        self._say(
            f"{running.service.name} {why}; it starts again in {pause:.0f} s (log: {running.service.log})"
        )
        running.due = now + pause

    def stop(self) -> None:
        """Asks every process to end, the foundations last; kills its group where it does not."""
        for foundation in (False, True):
            self._stop([one for one in reversed(self._running) if one.service.foundation is foundation])

    def _stop(self, those: list[_Running]) -> None:
        for running in those:
            if running.process.poll() is None:
                running.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_S
        for running in those:
            try:
                running.process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                self._say(f"{running.service.name} does not stop and is killed")
            _kill_group(running.process)
            running.process.wait()

    def _spawn(self, service: Service) -> subprocess.Popen[bytes]:
        with acting_as(self._account):
            log = service.log.open("ab")
        with log:
            return subprocess.Popen(  # noqa: S603 - our own command lines
                list(service.command),
                cwd=self._folder,
                env={**(os.environ if service.inherits else {}), **service.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )


def sandbox_service(config: Config, log: Path) -> Service:
    """The sandbox's supervisor; it gets no secret."""
    return Service(
        "sandbox",
        config.command(),
        log,
        config.socket.exists,
        supervisor_environment(),
        foundation=True,
        inherits=False,
    )


def python_command(*arguments: str) -> list[str]:
    """This environment's interpreter with arguments."""
    return [sys.executable, *arguments]


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """What a process left in its group must not stay either."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _end_of(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
    return "\n".join(f"  {line}" for line in lines)
