"""The job as it crosses: sent by the client, received in the box, handed to the parked program.

Small files travel beside the header; large ones in a memory file, so that nobody waits for a full socket.
The input is a memory file of the client's, sealed: the program reads it as it lies, and no copy is made.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.environment import CLEAN
from sandbox.job import Command, Job
from sandbox.memory_file import memory_file, write_all
from sandbox.wire import (
    MAX_CONTROL_BYTES,
    WireError,
    receive_exactly,
    receive_header,
    send_header,
    send_packet,
)

_INLINE_BYTES = 64 * 1024
_CHUNK = 1024 * 1024
_KEPT_FILES = 4
_KEPT_BYTES = 64 * 1024 * 1024
_PAGE = 4096
_STARTER_HEAD = struct.Struct("=QQQII")
"""`struct head` of `starter.c`."""


@dataclass(frozen=True, slots=True)
class Received:
    """What `init` keeps of a job: its program, its input, and which files to hand back."""

    program: dict[str, Any]
    stdin: int
    """A descriptor at the start of the input."""
    stdout: int | None
    """A descriptor that the program writes to instead of being read by `init`; None where there is none."""
    collect: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pipes:
    """The ends of pipes that a program gets as its standard streams: it talks with another one."""

    stdin: int
    stdout: int


class Refused(Exception):
    """The job's files do not fit into the box; the message says why."""


def occupied_bytes(files: Mapping[str, bytes]) -> int:
    """What the files take on a box's disk, and so of its memory, in whole pages."""
    return sum(-(-len(data) // _PAGE) * _PAGE for data in files.values())


def send(data: socket.socket, job: Job, pipes: Pipes | None = None) -> None:
    """Sends a job to whatever box will serve the other end; does not wait for it.

    `pipes` stand in the place of the job's own input and output.
    """
    blobs = list(job.files.values())
    header = {
        "program": _program(job),
        "files": [[path, len(content), path in job.executables] for path, content in job.files.items()],
        "stdin": bool(job.stdin) or pipes is not None,
        "stdout": pipes is not None,
        "collect": list(job.collect),
        "inline": sum(map(len, blobs)) <= _INLINE_BYTES,
    }
    with contextlib.ExitStack() as open_files:
        fds = []
        if not header["inline"]:
            fds.append(_sealed.get(tuple(blobs)))
            open_files.callback(os.close, fds[-1])
        if pipes:
            fds += [pipes.stdin, pipes.stdout]
        elif job.stdin:
            fds.append(memory_file("stdin", [job.stdin]))
            open_files.callback(os.close, fds[-1])
        send_header(data, header, blobs if header["inline"] else (), *fds)


def _program(job: Job) -> dict[str, Any]:
    if isinstance(job.program, Command):
        return {"kind": "command", "argv": job.program.argv, "env": dict(job.program.env)}
    return {"kind": "script", "path": job.program.path, "args": job.program.args}


class _Sealed:
    """Memory files of the last jobs with large files: a compiled program runs once for each test."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[bytes, ...], int] = OrderedDict()

    def get(self, blobs: tuple[bytes, ...]) -> int:
        """A descriptor of one's own of a file that holds the blobs, one after another."""
        with self._lock:
            if blobs not in self._kept:
                self._kept[blobs] = memory_file("files", blobs)
            self._kept.move_to_end(blobs)
            fd = os.dup(self._kept[blobs])
            while len(self._kept) > 1 and (len(self._kept) > _KEPT_FILES or self._bytes() > _KEPT_BYTES):
                os.close(self._kept.popitem(last=False)[1])
            return fd

    def after_fork(self) -> None:
        """Another thread may have held the lock."""
        self._lock = threading.Lock()

    def _bytes(self) -> int:
        return sum(len(blob) for blobs in self._kept for blob in blobs)


_sealed = _Sealed()
os.register_at_fork(after_in_child=_sealed.after_fork)


def receive(data: socket.socket, nothing: int) -> Received:
    """Reads the job from the client's connection and writes its files below the current folder.

    `nothing` is the input of a job that has none. Raises `Refused` where a file cannot be written.
    """
    header, fds = receive_header(data)
    path = "The job"
    try:
        if len(fds) != (not header["inline"]) + header["stdin"] + header["stdout"]:
            raise WireError("a job came without its files")
        begin = 0
        for path, size, executable in header["files"]:
            fd = _make(path, 0o755 if executable else 0o644)
            try:
                if header["inline"]:
                    write_all(fd, receive_exactly(data, size))
                else:
                    _copy(fd, fds[0], begin, begin + size)
            finally:
                os.close(fd)
            begin += size
        stdout = fds.pop() if header["stdout"] else None
        stdin = fds.pop() if header["stdin"] else nothing
        received = Received(header["program"], stdin, stdout, collect=tuple(header["collect"]))
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, OverflowError, MemoryError) as error:
        raise Refused(f"The job's header is none: {type(error).__name__}.") from error
    for fd in fds:
        os.close(fd)
    return received


def _make(path: str, mode: int) -> int:
    folder, _, _ = path.rpartition("/")
    if folder:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - pathlib costs a millisecond here
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)


def _copy(fd: int, source: int, begin: int, end: int) -> None:
    """Copies a part of a memory file that others may be reading: by offsets of our own."""
    while begin < end:
        copied = os.sendfile(fd, source, begin, min(end - begin, _CHUNK))
        if copied == 0:
            raise WireError(f"a file came short of {end - begin} bytes")
        begin += copied


def release(
    job: Received,
    program: socket.socket,
    order: dict[str, Any],
    *,
    path: str,
    to_starter: bool,
    own_stdin: bool,
    alone: bool = False,
) -> None:
    """Lets the parked program go; from here the submission's code runs.

    `path` is where programs are looked for, `to_starter` says that the program is one (`starter.c`),
    `alone` that no control group bounds its processes. Raises `Refused` where the job can be no program's.
    """
    limits = (
        int(order["cpu_s"]) + 2,
        order["file_bytes"],
        # With the box's init, and one more where a control group's limit, which is told, shall come first.
        order["processes"] + (1 if alone else 2),
    )
    streams = [job.stdin] if job.stdout is None else [job.stdin, job.stdout]
    if job.program["kind"] == "command":
        packet = _command_order(job.program, order, limits, path, to_starter=to_starter)
    elif to_starter:
        raise Refused("A script needs a runtime that has Python.")
    else:
        packet = _order(job.program, order.get("environment", {}), limits)
    if len(packet) > MAX_CONTROL_BYTES:
        raise Refused(f"The program's arguments and environment take more than {MAX_CONTROL_BYTES} bytes.")
    send_packet(program, packet, *streams)
    # A pipe has ended when its last holder has closed it: the program alone shall hold these.
    if own_stdin:
        os.close(job.stdin)
    if job.stdout is not None:
        os.close(job.stdout)
    program.close()


def _order(program: dict[str, Any], environment: Mapping[str, str], limits: Sequence[int]) -> bytes:
    """As `program.py` reads it."""
    message = {"program": program, "limits": limits, "environment": environment, "seed": os.urandom(32).hex()}
    return json.dumps(message).encode()


def _command_order(
    program: dict[str, Any], order: dict[str, Any], limits: Sequence[int], path: str, *, to_starter: bool
) -> bytes:
    """As `starter.c` reads it: limits and counts, then arguments and environment, each with a NUL behind.

    As `program.py` does where that is what waits. Raises `Refused` for what execve(2) cannot take.
    """
    argv, own = program["argv"], program["env"]
    environment = {**CLEAN, "PATH": path, **own, **order.get("environment", {})}
    variables = [f"{name}={value}" for name, value in environment.items()]
    try:
        words = [os.fsencode(word) for word in (*argv, *variables)]
    except ValueError as error:
        raise Refused("The command has words that are no text.") from error
    if not argv or not argv[0] or any(b"\0" in word for word in words):
        raise Refused("The command has no program, or a NUL in its words.")
    if not to_starter:
        return _order(program, environment, limits)
    head = _STARTER_HEAD.pack(*limits, len(argv), len(variables))
    return b"".join([head, *(word + b"\0" for word in words)])
