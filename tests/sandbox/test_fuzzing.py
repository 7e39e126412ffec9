"""Nothing that is sent through the supervisor's door, or out of a box, does more than to be refused."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import payload
from sandbox.errors import BoxLost, InvalidJob
from sandbox.job import Job, Runtime, Script
from sandbox.reporting import CONTENT, END, ERR, FILE, OUT
from sandbox.run import Bounds, Run
from sandbox.wire import WireError, frame
from tests.sandbox.runs import SMALL
from tests.sandbox.test_hostile_reports import ENDING, WANTED, received
from tests.sandbox.test_protocol import ORDER, Guarded, guarded

__all__ = ["guarded"]

SHORT = replace(SMALL, cpu_s=0.2, wall_s=0.3)
BOUNDS = Bounds(0.2, 0.3, 2**27, 16, 2**23, 256, 0)
few = settings(max_examples=30, derandomize=True, deadline=None)
many = settings(max_examples=300, derandomize=True, deadline=None)

numbers = st.integers(-(2**70), 2**70) | st.floats()
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def changed(message: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The message with some of its fields gone, or of any kind, and perhaps with some more."""
    return st.builds(
        lambda gone, other, more: (
            more | {name: other.get(name, value) for name, value in message.items() if name not in gone}
        ),
        st.sets(st.sampled_from(list(message)), max_size=2),
        st.dictionaries(st.sampled_from(list(message)), values, max_size=3),
        st.dictionaries(st.text(max_size=10), values, max_size=1),
    )


def told(message: Any) -> bytes:
    return json.dumps(message).encode()


orders = changed(ORDER | {"limits": asdict(SHORT)}) | changed(asdict(SHORT)).map(
    lambda limits: ORDER | {"limits": limits}
)
packets = st.binary(min_size=1, max_size=200) | values.map(told) | orders.map(told)
GOOD_ORDER = told(ORDER | {"limits": asdict(SHORT)})


def job_as_sent() -> bytes:
    """What a client writes for a small job: a length, a header, its files."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        payload.send(ours, Job(Runtime.PYTHON, Script("main.py"), files={"main.py": b"print(1)"}))
        return theirs.recv(65_536)


JOB = job_as_sent()
HEADER = json.loads(JOB[4:].split(b"print(1)")[0])
headers = changed(HEADER).map(told).map(lambda text: len(text).to_bytes(4, "big") + text + b"print(1)")
lengths = st.integers(0, 2**32 - 1).map(lambda length: length.to_bytes(4, "big") + JOB[4:])
cuts = st.integers(0, len(JOB)).map(lambda size: JOB[:size])
streams = headers | lengths | cuts | st.binary(max_size=100) | st.just(JOB)


@dataclass(frozen=True, slots=True)
class Call:
    """One connection: packets with so many descriptors, whether their answers are awaited, a job's bytes."""

    packets: list[bytes]
    descriptors: int
    waits: bool
    stream: bytes


calls = st.builds(
    Call,
    st.lists(packets | st.just(GOOD_ORDER), min_size=1, max_size=3),
    st.integers(0, 6),
    st.booleans(),
    streams,
)


def test_whatever_comes_through_the_door_the_next_run_is_served(guarded: Guarded) -> None:
    @few
    @given(st.lists(calls, min_size=1, max_size=4))
    def come(crowd: list[Call]) -> None:
        with ExitStack() as opened:
            for call in crowd:
                connection = opened.enter_context(guarded.connection())
                ours, theirs = socket.socketpair()
                opened.enter_context(ours)
                with theirs, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    ours.sendall(call.stream)
                    for packet in call.packets:
                        socket.send_fds(connection, [packet], [theirs.fileno()] * call.descriptors)
                        if call.waits:
                            ours.shutdown(socket.SHUT_WR)
                            answer = connection.recv(65_536)
                            assert isinstance(json.loads(answer or b"{}"), dict)

    come()
    guarded.is_unharmed()


def test_a_good_order_with_any_job_behind_it_ends_and_leaves_nothing(guarded: Guarded) -> None:
    @few
    @given(streams, st.integers(1, 4), st.booleans())
    def send(stream: bytes, descriptors: int, hangs_up: bool) -> None:
        ours, theirs = socket.socketpair()
        with guarded.connection() as connection, ours:
            with theirs:
                socket.send_fds(connection, [GOOD_ORDER], [theirs.fileno()] * descriptors)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                ours.sendall(stream)
            if hangs_up:
                return
            ours.shutdown(socket.SHUT_WR)
            answer = json.loads(connection.recv(65_536))
            assert answer.keys() & {"error", "stopped"}, answer

    send()
    guarded.is_unharmed()


pieces = st.builds(
    lambda kind, size, content: frame(kind, len(content) if size is None else size) + content,
    st.sampled_from([OUT, ERR, FILE, CONTENT, END]) | st.binary(min_size=1, max_size=1),
    st.none() | st.integers(0, 2**32 - 1),
    st.binary(max_size=40)
    | st.sampled_from([b"result.json", b"out/a", b"out/../a", b"other"])
    | changed(ENDING).map(told),
)


@many
@given(st.lists(pieces, max_size=12).map(b"".join))
def test_a_report_is_read_within_its_limits_or_refused(report: bytes) -> None:
    try:
        found = received(report)
    except WireError:
        return
    assert max(len(found.stdout), len(found.stderr)) <= 1000
    assert sum(map(len, found.files.values())) <= 5000
    assert all(path in WANTED or path.startswith("out/") for path in found.files)
    if found.ending is not None:
        assert (found.ending["exit_code"] is None) != (found.ending["signal"] is None)


@dataclass(eq=False)
class TakenOver:
    """A box of which nothing is left that we wrote: it holds our end of the connection, and says anything."""

    control: socket.socket
    process: int
    program: int
    base: None = None
    own_base_s: float = 0.0
    ended: None = None
    group: None = None
    tells_start: bool = True

    def spare_processes(self, processes: int) -> int:
        return 0

    def own_cpu_s(self) -> float:
        return 0.0

    def is_alone(self) -> bool:
        return False

    def resize(self, *, disk_bytes: int, inodes: int) -> None:
        """Its disk is its own affair."""

    def kill(self) -> None:
        """It is no process that could be killed: its connection ends with the test."""


@contextlib.contextmanager
def sleeper() -> Iterator[int]:
    """A pidfd of a process that does nothing."""
    with subprocess.Popen(["sleep", "600"]) as process:
        pidfd = os.pidfd_open(process.pid)
        try:
            yield pidfd
        finally:
            os.close(pidfd)
            process.kill()


SAID = {"event": "ended", "at": 0.0, "cpu_s": 0.1, "peak_bytes": 5, "over_memory": False, "why": "no"}
words = changed(SAID).map(told) | st.just(told({"event": "started", "at": 0.0})) | packets


def test_whatever_a_box_says_its_account_is_made_of_figures_or_the_run_is_lost() -> None:
    with sleeper() as pidfd:

        @many
        @given(st.lists(words, min_size=1, max_size=3), st.integers(0, 5))
        def say(messages: list[bytes], descriptors: int) -> None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            client, other = socket.socketpair()
            with ours, theirs, client, other:
                box = TakenOver(ours, pidfd, pidfd)
                for message in messages:
                    socket.send_fds(theirs, [message], [theirs.fileno()] * descriptors)
                theirs.shutdown(socket.SHUT_WR)
                try:
                    account = Run(box, BOUNDS, client).watch({"op": "run"}, other.fileno())
                except (BoxLost, InvalidJob):
                    return
            assert 0 <= account["wall_s"] < 60
            assert account["cpu_s"] >= 0
            assert isinstance(account["peak_bytes"], int)

        before, threads = len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208
        say()
        assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == (before, threads)  # noqa: PTH208
