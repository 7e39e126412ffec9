"""The supervisor's door: a socket that one account may open, and root."""

from __future__ import annotations

import os
import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox import syscalls

READY = "ready"
"""What a supervisor prints once its door is open."""
_BACKLOG = 128
_ANSWER_TIMEOUT_S = 2


@dataclass(frozen=True, slots=True)
class Owner:
    """The account that runs the supervisor's clients."""

    uid: int
    gid: int


class Silent:
    """Those who have come in and say nothing. Beyond `most` of them, the one that has for longest must go.

    A client keeps its connection for its next run, and makes a new one where it was hung up on. So nobody
    can keep others out, or take up what the supervisor needs, by saying nothing. Nor by asking on and on and
    reading no answer: who does so counts among them, and goes before them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._waiting: dict[socket.socket, bool] = {}
        """Whether it does not read, for each."""

    @contextmanager
    def waiting(self, connection: socket.socket, *, reads: bool = True) -> Iterator[None]:
        """Counts the connection among them."""
        with self._lock:
            self._waiting[connection] = not reads
            if len(self._waiting) > self._most:
                self._hang_up()
        try:
            yield
        finally:
            with self._lock:
                self._waiting.pop(connection, None)

    def hang_up(self) -> bool:
        """Ends the connection that has been silent for longest; whether there was one."""
        with self._lock:
            return self._hang_up()

    def send(self, connection: socket.socket, packet: bytes) -> None:
        """Sends an answer. `BlockingIOError` where for a few seconds there is no room for it: some hundred
        earlier ones are unread, and a client that waits for its own leaves none."""
        try:
            connection.send(packet, socket.MSG_DONTWAIT)
        except BlockingIOError:
            timeout = struct.pack("ll", _ANSWER_TIMEOUT_S, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)
            with self.waiting(connection, reads=False):
                connection.send(packet)

    def _hang_up(self) -> bool:
        for longest in sorted(self._waiting, key=self._waiting.__getitem__, reverse=True):
            if self._waiting[longest] or not _has_spoken(longest):
                del self._waiting[longest]
                with suppress(OSError):  # it went by itself
                    longest.shutdown(socket.SHUT_RDWR)
                return True
        return False


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


def _has_spoken(connection: socket.socket) -> bool:
    """Whether something of it is about to be read."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _as(owner: Owner | None) -> AbstractContextManager[None]:
    return syscalls.acting_as(owner.uid, owner.gid) if owner and os.geteuid() == 0 else nullcontext()
