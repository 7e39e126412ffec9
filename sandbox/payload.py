"""The job as it crosses: sent by the client, received in the box, handed to the parked program.

Small files travel beside the header; large ones in a memory file, so that nobody waits for a full socket.
The input is a memory file of the client's, sealed: the program reads it as it lies, and no copy is made.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.job import Command, Job
from sandbox.wire import WireError, receive_exactly, receive_header, send_control, send_header

_INLINE_BYTES = 64 * 1024
_CHUNK = 1024 * 1024
_PAGE = 4096
_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


@dataclass(frozen=True, slots=True)
class Received:
    """What `init` keeps of a job: its program, its input, and which files to hand back."""

    program: dict[str, Any]
    stdin: int
    """A descriptor at the start of the input."""
    collect: tuple[str, ...]


class Refused(Exception):
    """The job's files do not fit into the box; the message says why."""


def occupied_bytes(files: Mapping[str, bytes]) -> int:
    """What the files take on a box's disk, and so of its memory, in whole pages."""
    return sum(-(-len(data) // _PAGE) * _PAGE for data in files.values())


def send(data: socket.socket, job: Job) -> None:
    """Sends a job to whatever box will serve the other end; does not wait for it."""
    blobs = list(job.files.values())
    header = {
        "program": _program(job),
        "files": [[path, len(content), path in job.executables] for path, content in job.files.items()],
        "stdin": bool(job.stdin),
        "collect": list(job.collect),
        "inline": sum(map(len, blobs)) <= _INLINE_BYTES,
    }
    with contextlib.ExitStack() as open_files:
        fds = []
        if not header["inline"]:
            fds.append(open_files.enter_context(_memory_file("files", blobs)))
        if job.stdin:
            fds.append(open_files.enter_context(_memory_file("stdin", [job.stdin])))
        send_header(data, header, blobs if header["inline"] else (), *fds)


def _program(job: Job) -> dict[str, Any]:
    if isinstance(job.program, Command):
        return {"kind": "command", "argv": job.program.argv, "env": dict(job.program.env)}
    return {"kind": "script", "path": job.program.path, "args": job.program.args}


@contextlib.contextmanager
def _memory_file(name: str, blobs: list[bytes]) -> Iterator[int]:
    """memfd_create(2): a file without a name that nobody can change any more."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        for blob in blobs:
            view = memoryview(blob)
            while view:
                view = view[os.write(fd, view) :]
        os.lseek(fd, 0, os.SEEK_SET)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
        yield fd
    finally:
        os.close(fd)


def receive(data: socket.socket, nothing: int) -> Received:
    """Reads the job from the client's connection and writes its files below the current folder.

    `nothing` is the input of a job that has none. Raises `Refused` where a file cannot be written.
    """
    header, fds = receive_header(data)
    path = "The job"
    try:
        if len(fds) != (not header["inline"]) + header["stdin"]:
            raise WireError("a job came without its files")
        for path, size, executable in header["files"]:
            content = receive_exactly(data, size) if header["inline"] else b""
            _write(
                path, content, 0o755 if executable else 0o644, fds[0] if not header["inline"] else -1, size
            )
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error
    stdin = fds.pop() if header["stdin"] else nothing
    for fd in fds:
        os.close(fd)
    return Received(program=header["program"], stdin=stdin, collect=tuple(header["collect"]))


def _write(path: str, content: bytes, mode: int, source: int, size: int) -> None:
    """Makes one file, of `content` or else of the next `size` bytes of `source`."""
    folder, _, _ = path.rpartition("/")
    if folder:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - pathlib costs a millisecond here
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
        remaining = 0 if content else size
        while remaining:
            copied = os.sendfile(fd, source, None, min(remaining, _CHUNK))
            if copied == 0:
                raise WireError(f"{path} came short of {remaining} bytes")
            remaining -= copied
    finally:
        os.close(fd)


def release(job: Received, program: socket.socket, order: dict[str, Any], *, own_stdin: bool) -> None:
    """Lets the parked program go; from here the submission's code runs."""
    message = {
        "program": job.program,
        "cpu_s": order["cpu_s"],
        "disk_bytes": order["disk_bytes"],
        "processes": order["processes"],
        "environment": order.get("environment", {}),
        "seed": os.urandom(32).hex(),
    }
    send_control(program, message, job.stdin)
    if own_stdin:
        os.close(job.stdin)
    program.close()
