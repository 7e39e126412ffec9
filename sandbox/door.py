"""The supervisor's door: a socket that one account may open, and root."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from sandbox import syscalls

READY = "ready"
"""What a supervisor prints once its door is open."""
_BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Owner:
    """The account that runs the supervisor's clients."""

    uid: int
    gid: int


def listen(path: Path, owner: Owner | None) -> socket.socket:
    """A listening socket at `path` with mode 0600, made by the owner's own rights.

    The folder may be the owner's: what it planted there must not be followed with root's.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    previous = os.umask(0o177)
    try:
        with _as(owner):
            path.unlink(missing_ok=True)
            listener.bind(str(path))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(previous)
    return listener


def close(path: Path, owner: Owner | None) -> None:
    """Takes the socket's name away."""
    with _as(owner):
        path.unlink(missing_ok=True)


def is_allowed(connection: socket.socket, owner: Owner | None) -> bool:
    """unix(7), SO_PEERCRED: the owner, the account that runs this process, or root."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return uid in {0, os.getuid()} | ({owner.uid} if owner else set())


def _as(owner: Owner | None) -> AbstractContextManager[None]:
    return syscalls.acting_as(owner.uid, owner.gid) if owner and os.geteuid() == 0 else nullcontext()
