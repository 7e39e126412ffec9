"""The job as it reaches a box: received from the client, written to /work, handed to the parked program."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.wire import receive_exactly, receive_header, send_control

_WORK = Path("/work")


@dataclass(frozen=True, slots=True)
class Received:
    """What `init` keeps of a job: its program, its input, and which files to hand back."""

    program: dict[str, Any]
    stdin: int
    """A descriptor at the start of the input."""
    collect: tuple[str, ...]


def receive(data: socket.socket) -> Received:
    """Reads the job from the client's connection and writes its files below /work."""
    header = receive_header(data)
    for path, size, executable in header["files"]:
        target = _WORK / path
        target.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755 if executable else 0o644)
        with os.fdopen(fd, "wb") as file:
            file.write(receive_exactly(data, size))
    stdin = os.memfd_create("stdin", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(stdin), "wb") as file:
        file.write(receive_exactly(data, header["stdin"]))
    os.lseek(stdin, 0, os.SEEK_SET)
    return Received(program=header["program"], stdin=stdin, collect=tuple(header["collect"]))


def release(job: Received, program: socket.socket, order: dict[str, Any]) -> None:
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
    os.close(job.stdin)
    program.close()
