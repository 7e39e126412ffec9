"""Whatever comes through the supervisor's door, the next honest run is served and nothing is kept of it."""

from __future__ import annotations

import json
import os
import resource
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox import payload
from sandbox.client import Config, SocketSandbox, private_sandbox
from sandbox.door import Owner
from sandbox.errors import SandboxError
from sandbox.job import Job, Runtime, Script
from sandbox.reporting import receive_report
from sandbox.wire import receive_message
from tests.hostile.host_state import Host, HostState
from tests.sandbox.conftest import LAUNCHES, launcher_of, socket_folder
from tests.sandbox.runs import SMALL, printed, run_python

ORDER: dict[str, Any] = {
    "op": "run",
    "runtime": "python",
    "limits": asdict(SMALL),
    "device": None,
    "high_assurance": False,
    "payload_bytes": 0,
}
JOB = Job(Runtime.PYTHON, Script("main.py"), files={"main.py": b"print(6 * 7)"}, limits=SMALL)
STRANGER = Owner(65_534, 65_534)
ANSWERED_WITHIN_S = 30.0
SETTLED_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Guarded:
    """A supervisor, and what belonged to it before anybody did anything to it."""

    sandbox: SocketSandbox
    socket: Path
    host: Host
    quiet: HostState
    threads: int

    @property
    def pid(self) -> int:
        return self.host.supervisor()

    @contextmanager
    def connection(self) -> Iterator[socket.socket]:
        """A connection as any process of the account may make it."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.connect(str(self.socket))  # which waits for a place, where it may
            connection.settimeout(ANSWERED_WITHIN_S)
            yield connection

    def is_unharmed(self) -> None:
        """An honest run is served, and nothing is there that was not."""
        assert printed(run_python(self.sandbox, "print(6 * 7)")) == "42"
        after = self.host.settled(self.quiet)
        assert after == self.quiet, self.quiet.differences(after)
        wait_until(lambda: self.host.look().spare.is_at_most(self.quiet.spare))
        wait_until(lambda: threads(self.pid) <= self.threads)


@pytest.fixture(scope="module", params=LAUNCHES)
def guarded(request: pytest.FixtureRequest) -> Iterator[Guarded]:
    with socket_folder(request.param) as folder:
        temporary = folder / "temporary"
        temporary.mkdir()
        owner = folder.stat()
        os.chown(temporary, owner.st_uid, owner.st_gid)
        config = Config(socket=folder / "sandbox.sock", parked={Runtime.PYTHON: 2}, devices=())
        launcher = (*launcher_of(request.param), "env", f"TMPDIR={temporary}")
        with private_sandbox(config, launcher=launcher) as sandbox:
            for _ in range(3):
                run_python(sandbox, "print(1)")
            host = Host(config.socket, temporary)
            yield Guarded(sandbox, config.socket, host, host.calm(), threads(host.supervisor()))


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def asked(connection: socket.socket, packet: bytes, *fds: int) -> dict[str, Any]:
    """The supervisor's answer to one packet; nothing where it hangs up."""
    socket.send_fds(connection, [packet], fds)
    return json.loads(connection.recv(65_536) or b"{}")


@pytest.mark.parametrize(
    "packet",
    [b"\xff", b"{", b"[]", b"1", b"[" * 60_000, b'{"a":' * 10_000, b" " * 70_000, b'{"op": "dig"}'],
    ids=["no text", "cut", "a list", "a number", "deep", "deep objects", "long", "no such order"],
)
def test_what_is_no_order_is_told_so_and_the_next_is_served(guarded: Guarded, packet: bytes) -> None:
    with guarded.connection() as connection:
        answer = asked(connection, packet)
        assert answer["kind"] == "InvalidJob"
        assert len(answer["error"]) < 300
        assert asked(connection, b'{"op": "ping"}')["pid"] == guarded.pid
    guarded.is_unharmed()


def test_descriptors_that_nobody_asked_for_are_closed(guarded: Guarded) -> None:
    with guarded.connection() as connection, ExitStack() as opened:
        files = [os.open("/dev/null", os.O_RDONLY) for _ in range(64)]
        for file in files:
            opened.callback(os.close, file)
        for packet in (b'{"op": "ping"}', b"no order", json.dumps(ORDER).encode()):
            for count in (2, 4, 64):
                asked(connection, packet, *files[:count])
    guarded.is_unharmed()


def test_a_crowd_that_says_nothing_keeps_nobody_out(guarded: Guarded) -> None:
    with ExitStack() as crowd:
        connections = [crowd.enter_context(guarded.connection()) for _ in range(400)]
        assert printed(run_python(guarded.sandbox, "print('in spite of them')")) == "in spite of them"
        assert connections[0].recv(1) == b"", "who has been silent for longest is hung up on"
        assert asked(connections[-1], b'{"op": "ping"}')["pid"] == guarded.pid
    guarded.is_unharmed()


def test_who_asks_on_and_reads_no_answer_keeps_nobody_out_and_is_hung_up_on(guarded: Guarded) -> None:
    guarded.sandbox.close()
    wait_until(lambda: threads(guarded.pid) < guarded.threads)  # nobody is there who says nothing
    with ExitStack() as crowd:
        deaf = [crowd.enter_context(guarded.connection()) for _ in range(3)]
        for connection in deaf:
            ask_and_never_read(connection)
        with no_more_descriptors(guarded.pid):
            for _ in range(2):
                another = crowd.enter_context(guarded.connection())
                assert asked(another, b'{"op": "ping"}')["pid"] == guarded.pid
            assert any(map(is_hung_up_on, deaf)), "they make room"
        patient = crowd.enter_context(guarded.connection())
        report = crowd.enter_context(begun(patient, JOB))
        wait_until(lambda: all(map(is_hung_up_on, deaf)))
        # Who takes its time over one answer, and reads it then, is none of them.
        told = receive_report(report, wanted=(), output_bytes=100, collect_bytes=0)
        assert bytes(told.stdout) == b"42\n"
        assert receive_message(patient)["stopped"] is None
        assert asked(patient, b'{"op": "ping"}')["pid"] == guarded.pid
    guarded.is_unharmed()


@contextmanager
def begun(connection: socket.socket, job: Job) -> Iterator[socket.socket]:
    """A run under way, by the data connection on which its report comes."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours:
        with theirs:
            socket.send_fds(connection, [json.dumps(ORDER).encode()], [theirs.fileno()])
        payload.send(ours, job)
        yield ours


def ask_and_never_read(connection: socket.socket) -> None:
    """Until nothing more is taken, not even after a while."""
    poll = select.poll()
    poll.register(connection, select.POLLOUT)
    connection.setblocking(False)
    while poll.poll(300):
        with suppress(BlockingIOError):
            connection.send(b'{"op": "ping"}')


def is_hung_up_on(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, 0)
    return bool(poll.poll(0))


def test_a_supervisor_out_of_descriptors_serves_on_for_the_silent_make_room(guarded: Guarded) -> None:
    with ExitStack() as crowd:
        silent = [crowd.enter_context(guarded.connection()) for _ in range(10)]
        assert asked(silent[-1], b'{"op": "ping"}')["pid"] == guarded.pid  # and so all of them are in
        with no_more_descriptors(guarded.pid):
            for _ in range(5):
                another = crowd.enter_context(guarded.connection())
                assert asked(another, b'{"op": "ping"}')["pid"] == guarded.pid
        assert silent[0].recv(1) == b""
        assert asked(silent[-1], b'{"op": "ping"}')["pid"] == guarded.pid
    guarded.is_unharmed()


def test_a_run_that_finds_no_descriptor_free_is_told_so_and_may_come_again(guarded: Guarded) -> None:
    with no_more_descriptors(guarded.pid), pytest.raises(SandboxError, match="none is free here") as refused:
        run_python(guarded.sandbox, "print(1)")
    assert type(refused.value) is SandboxError, "which is the sandbox's failure, not the caller's"
    guarded.is_unharmed()


@contextmanager
def no_more_descriptors(pid: int) -> Iterator[None]:
    """Lets a process open none besides those that it has, and one that a waiting accept(2) holds already."""
    used = {int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    account, most = Owner(*Path(f"/proc/{pid}").stat()[4:6]), resource.RLIM_INFINITY
    for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
        if line.startswith("Max open files"):
            most = int(line.split()[4])

    def set_limit(limit: int) -> None:
        assert done_as(account, lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, most)))

    set_limit(min(set(range(len(used) + 1)) - used))
    try:
        yield
    finally:
        set_limit(most)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can open the door to others, and become them")
def test_whoever_else_finds_the_door_open_is_hung_up_on(guarded: Guarded) -> None:
    """The socket's mode keeps others out; the kernel's word on who calls is a second wall."""
    folder = guarded.socket.parent
    modes = {path: path.stat().st_mode & 0o777 for path in (folder, guarded.socket)}

    def call() -> None:
        with guarded.connection() as connection, suppress(BrokenPipeError, ConnectionResetError):
            connection.send(b'{"op": "ping"}')
            assert connection.recv(65_536) == b""

    assert not done_as(STRANGER, call), "the folder is shut"
    try:
        folder.chmod(0o755)
        guarded.socket.chmod(0o666)
        assert done_as(STRANGER, call)
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    guarded.is_unharmed()


def done_as(account: Owner, action: Callable[[], object]) -> bool:
    """Does something as another account, in a process of its own; whether it went well."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if account.uid != os.geteuid():
                os.setgroups([])
                os.setresgid(account.gid, account.gid, account.gid)
                os.setresuid(account.uid, account.uid, account.uid)
            action()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
