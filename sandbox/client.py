"""How the rest of the world runs jobs: connect to the supervisor's socket, or start a private one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

from sandbox import conversing, payload
from sandbox.collecting import is_path
from sandbox.devices import DeviceState, FakeDevice
from sandbox.door import READY, Owner
from sandbox.errors import BoxLost, InvalidJob, SandboxError, SandboxUnavailable, named
from sandbox.job import MIB, Conversation, Job, Limits, Outcome, Runtime, Script, Status
from sandbox.reporting import BYTES, FILES, Report, receive_report
from sandbox.wire import WireError, receive_message, send_control

_ANSWER_GRACE_S = 240.0
_TRIES = 3
_LIMITS = tuple(limit.name for limit in fields(Limits))
_INHERITED = frozenset({"PATH", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "XDG_RUNTIME_DIR"})


@dataclass(frozen=True, slots=True)
class Config:
    """What a supervisor is started with.

    `stores` maps a path inside the jail to a host folder bound there read-only: public models and data
    below /store. `libraries` are paths in there that the runtimes with packages import from, after
    everything else. `masked` are host files that a submission must not read although they lie inside
    a folder it sees; they read as empty. `parked` says how many children wait per runtime; a runtime
    that is absent is started at its first job. `owner` is the account whose processes run jobs, where
    it is not the one that runs the supervisor. `devices` are fake ones for tests; None looks for real
    ones. `device_grace_s` is how long a device may take to be clean after a run before it goes out of
    service. `high_assurance` sends every job through an OCI runtime, `oci_runtime` names which; by itself
    the strongest that is installed serves the jobs that ask for it.

    A runtime that nobody used for `idle_s` seconds is let go, and comes back at its next job; None keeps
    it. So does the one used least lately, while all together take more than `zygote_bytes`. A zygote serves
    `renew_after_jobs` jobs and `renew_after_s` seconds at most: its boxes have one memory layout and one
    hash seed in common.
    """

    socket: Path
    stores: Mapping[str, Path] = field(default_factory=dict)
    masked: tuple[Path, ...] = ()
    libraries: tuple[str, ...] = ()
    parked: Mapping[Runtime, int] = field(default_factory=dict)
    owner: Owner | None = None
    devices: tuple[FakeDevice, ...] | None = None
    high_assurance: bool = False
    oci_runtime: str | None = None
    device_grace_s: float = 10.0
    idle_s: float | None = 1800.0
    zygote_bytes: int = 3072 * MIB
    renew_after_jobs: int = 5000
    renew_after_s: float = 6 * 3600.0

    def command(self) -> list[str]:
        """The command line of a supervisor with this configuration."""
        return [sys.executable, "-m", "sandbox.supervisor", "--config", self.to_json()]

    def to_json(self) -> str:
        """The form `python -m sandbox.supervisor --config` reads."""
        return json.dumps(
            {
                "socket": str(self.socket),
                "stores": {target: str(source) for target, source in self.stores.items()},
                "masked": [str(file) for file in self.masked],
                "libraries": list(self.libraries),
                "parked": {runtime.value: count for runtime, count in self.parked.items()},
                "owner": [self.owner.uid, self.owner.gid] if self.owner else None,
                "devices": None if self.devices is None else [fake.to_json() for fake in self.devices],
                "device_grace_s": self.device_grace_s,
                "high_assurance": self.high_assurance,
                "oci_runtime": self.oci_runtime,
                "zygotes": {
                    "idle_s": self.idle_s,
                    "renew_after_jobs": self.renew_after_jobs,
                    "renew_after_s": self.renew_after_s,
                },
                "zygote_bytes": self.zygote_bytes,
            }
        )


class Sandbox(Protocol):
    """Runs one job at a time per call; safe to use from several threads and processes."""

    def run(self, job: Job) -> Outcome:
        """Blocks until the run is over. Raises `SandboxError` when the sandbox, not the job, failed."""

    def converse(self, leader: Job, other: Job) -> Conversation:
        """Runs two jobs side by side, each one's stdout the other's stdin, until both are over."""

    def guarantees(self) -> tuple[str, ...]:
        """What holds for every run on this host, by name."""

    def devices(self) -> tuple[DeviceState, ...]:
        """The devices that runs may ask for, each as it is now."""

    def close(self) -> None:
        """Closes the connections that are idle."""


class SocketSandbox:
    """Connections to the supervisor, one a run under way, kept for the next; never shared over a fork."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[socket.socket] = []
        self._pid = os.getpid()
        self._guarantees: tuple[str, ...] | None = None

    def run(self, job: Job) -> Outcome:
        _check(job)
        for _ in range(_TRIES - 1):
            # The supervisor may have been replaced since the last run, or a zygote in this moment.
            with suppress(BoxLost):
                return self._run(job)
        return self._run(job)

    def converse(self, leader: Job, other: Job) -> Conversation:
        _check(leader)
        _check(other)
        for _ in range(_TRIES - 1):
            with suppress(BoxLost):
                return conversing.converse(self._run, leader, other)
        return conversing.converse(self._run, leader, other)

    def _run(
        self, job: Job, pipes: payload.Pipes | None = None, sent: Callable[[], None] | None = None
    ) -> Outcome:
        limits = job.limits
        order = {
            "op": "run",
            "runtime": job.runtime.value,
            "limits": {name: getattr(limits, name) for name in _LIMITS},
            "device": asdict(job.device) if job.device else None,
            "high_assurance": job.high_assurance,
            "payload_bytes": payload.occupied_bytes(job.files),
        }
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        _wait_for_ever(ours, theirs)
        with ours, theirs, self._connection() as connection:
            _send_first(connection, order, theirs.fileno())
            theirs.close()
            # The box reads while we write; where it is refused us, the answer says why.
            with suppress(BrokenPipeError, ConnectionResetError):
                payload.send(ours, job, pipes)
            if sent:
                sent()
            patience_s = (job.device.wait_s if job.device else 0.0) + limits.wall_s + _ANSWER_GRACE_S
            ours.settimeout(patience_s)
            report = receive_report(
                ours,
                wanted=job.collect,
                output_bytes=limits.output_bytes,
                collect_bytes=limits.collect_bytes,
            )
            connection.settimeout(patience_s)
            account = receive_message(connection)
            if "error" in account:
                raise named(account["kind"], account["error"])
            return _outcome(job, account, report)

    def ping(self) -> dict[str, Any]:
        """What the supervisor says of itself: its pid, guarantees, warm runtimes, and the pools of boxes."""
        with self._connection() as connection:
            send_control(connection, {"op": "ping"})
            return receive_message(connection)

    def guarantees(self) -> tuple[str, ...]:
        if self._guarantees is None:
            self._guarantees = tuple(self.ping()["guarantees"])
        return self._guarantees

    def devices(self) -> tuple[DeviceState, ...]:
        return tuple(DeviceState(**state) for state in self.ping()["devices"])

    def close(self) -> None:
        with self._lock:
            for connection in self._idle:
                connection.close()
            self._idle.clear()

    @contextmanager
    def _connection(self) -> Iterator[socket.socket]:
        connection = self._take() or self._open()
        try:
            yield connection
        except (WireError, OSError) as error:
            connection.close()
            # Where one was lost the supervisor is another: each idle one would cost a further run.
            self.close()
            raise SandboxError(f"The sandbox's supervisor at {self._path} went away: {error}") from error
        except BaseException:
            # An answer may still be under way: a later run must not read it as its own.
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)

    def _take(self) -> socket.socket | None:
        if self._pid != os.getpid():
            # After a fork (Celery's workers are): the parent's connections are not ours, and its lock may
            # have been held by a thread that is not here.
            self._lock, self._idle, self._pid = threading.Lock(), [], os.getpid()
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _open(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        _wait_for_ever(connection)
        try:
            connection.connect(str(self._path))
        except OSError as error:
            connection.close()
            raise SandboxUnavailable(
                f"No sandbox answers at {self._path} ({error.strerror}).", remedy="Start it with `make up`."
            ) from error
        return connection


def _wait_for_ever(*sockets: socket.socket) -> None:
    """A library may set a default timeout for a moment, as kombu does in another thread when it loses its
    broker: the sockets made then would not block, not even at the box's end."""
    for one in sockets:
        one.settimeout(None)


def _send_first(connection: socket.socket, order: dict[str, Any], data: int) -> None:
    """Sends the order on a connection that may be one of a supervisor that is no more."""
    try:
        send_control(connection, order, data)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise BoxLost("The sandbox's supervisor has gone since the last run.") from error


def _check(job: Job) -> None:
    if job.runtime is Runtime.COMMAND and isinstance(job.program, Script):
        raise InvalidJob("A script needs a runtime that has Python.")
    for path in (*job.files, *(path.removesuffix("/") for path in job.collect)):
        if not is_path(path):
            raise InvalidJob(f"{path!r} is no path below /work.")
    occupied = payload.occupied_bytes(job.files)
    if occupied > job.limits.disk_bytes:
        raise InvalidJob(f"The job's files take {occupied} bytes, its disk limit is {job.limits.disk_bytes}.")


def _outcome(job: Job, account: dict[str, Any], report: Report) -> Outcome:
    ending = report.ending or {}
    status, reason = _status(job.limits, account, report)
    limits_met = _limits_met(job.limits, account, ending)
    return Outcome(
        status=status,
        exit_code=ending.get("exit_code"),
        signal=ending.get("signal"),
        cpu_s=account["cpu_s"],
        wall_s=_wall_s(account, ending),
        peak_bytes=account["peak_bytes"],
        stdout=bytes(report.stdout),
        stderr=bytes(report.stderr),
        files={path: bytes(content) for path, content in report.files.items()},
        uncollected=dict(ending.get("uncollected", {})),
        process_limit_hit=account["process_limit_hit"],
        limits_met=limits_met,
        reason=reason + limits_met,
        guarantees=tuple(account["guarantees"]),
        device=account["device"],
        driver=account["driver"],
        ended_at=account["at"],
    )


def _wall_s(account: dict[str, Any], ending: dict[str, Any]) -> float:
    """By the clock that ended the run, else by the box's own, which starts with the program."""
    if account["stopped"]:
        return float(account["wall_s"])
    wall_s = float(account["wall_s"])
    return min(wall_s, max(float(ending.get("wall_s", wall_s)), 0.0))


def _status(limits: Limits, account: dict[str, Any], report: Report) -> tuple[Status, str]:
    """The status, and the sentence with the figure that decided it. Memory first: its count is certain."""
    cpu_s, wall_s, stopped = account["cpu_s"], account["wall_s"], account["stopped"]
    if account["oom"] or stopped == "memory":
        peak, limit = account["peak_bytes"] / MIB, limits.memory_bytes / MIB
        return Status.MEMORY_LIMIT, f"used {peak:.0f} MiB of memory, limit {limit:.0f} MiB"
    ending = report.ending
    if ending and ending["output_limit"]:
        return Status.OUTPUT_LIMIT, f"wrote more than {limits.output_bytes} bytes"
    cpu_reason = f"used {cpu_s:.2f} s of CPU, limit {limits.cpu_s:.2f} s"
    wall_reason = f"ran for {wall_s:.2f} s, limit {limits.wall_s:.2f} s"
    # What brought the end about comes first: by the time it came, the other limit may be passed as well.
    if stopped == "wall":
        return Status.TIME_LIMIT, wall_reason
    if stopped == "cpu" or cpu_s > limits.cpu_s:
        return Status.TIME_LIMIT, cpu_reason
    if wall_s > limits.wall_s:
        return Status.TIME_LIMIT, wall_reason
    if ending is None:
        raise BoxLost("The box was lost before it could report.")
    if ending["signal"] is not None:
        return Status.SIGNALLED, f"ended by signal {ending['signal']}"
    if ending["exit_code"]:
        return Status.NONZERO_EXIT, f"ended with exit code {ending['exit_code']}"
    return Status.OK, f"used {cpu_s:.3f} s of CPU"


def _limits_met(limits: Limits, account: dict[str, Any], ending: dict[str, Any]) -> str:
    """The limits on processes and disk end no run: what it does when it is refused more is its own affair."""
    met = {
        f"; more than {limits.processes} processes were refused": account["process_limit_hit"],
        f"; its disk of {limits.disk_bytes / MIB:g} MiB was full": ending.get("full") == BYTES,
        f"; its disk was full with {limits.inodes} files": ending.get("full") == FILES,
    }
    return "".join(said for said, is_met in met.items() if is_met)


def connect(socket: Path) -> SocketSandbox:
    """A sandbox served by the supervisor that listens on `socket`."""
    return _connected(socket)


def _connected(path: Path) -> SocketSandbox:
    sandbox = SocketSandbox(path)
    sandbox.ping()
    return sandbox


def supervisor_environment() -> dict[str, str]:
    """What a supervisor gets of this process's environment: no secret, and nothing that a box could find."""
    return {name: value for name, value in os.environ.items() if name in _INHERITED}


def _why_not(said: str) -> SandboxUnavailable:
    """What a supervisor says in the place of `READY` where this host lets it make no box."""
    try:
        reason = json.loads(said)
        return SandboxUnavailable(reason["message"], remedy=reason["remedy"])
    except (ValueError, TypeError, KeyError):
        return SandboxUnavailable(
            "The sandbox's supervisor did not start.", remedy="`manage.py doctor` says what is missing."
        )


@contextmanager
def private_sandbox(config: Config, *, launcher: Sequence[str] = ()) -> Iterator[SocketSandbox]:
    """Starts a supervisor of one's own and stops it, with everything below it, at the end.

    `launcher` goes before the supervisor's command line: a program that executes the rest of its arguments.
    """
    process = subprocess.Popen(  # noqa: S603 - our own module
        [*launcher, *config.command(), "--die-with-parent"],
        cwd=Path(__file__).resolve().parent.parent,
        env=supervisor_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        if said != f"{READY}\n":
            raise _why_not(said)
        sandbox = _connected(config.socket)
        try:
            yield sandbox
        finally:
            sandbox.close()
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
