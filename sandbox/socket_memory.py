"""What the buffers of the box's sockets hold, asked of the kernel where no control group counts it.

sock_diag(7). Sockets of its network namespace are told of, all of the family unix; no other can be made.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_REQUEST_DUMP = 0x301
_SHOW_PEER, _SHOW_RQLEN, _SHOW_MEMINFO = 0x4, 0x10, 0x20
_PEER, _RQLEN, _MEMINFO = 2, 4, 5
_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
_ASKED = struct.Struct("=BBHIIIII")  # struct unix_diag_req
_TOLD = struct.Struct("=BBBBIII")  # struct unix_diag_msg
_ATTRIBUTE = struct.Struct("=HH")  # struct nlattr
_LISTENING = 10
_DATAGRAMS = 11  # unix(7): what a socket holds of them, net.unix.max_dgram_qlen and one
_ANSWER_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class _Socket:
    kind: int
    state: int
    peer: int
    """The inode of the other end, 0 where there is none."""
    waiting: int
    """Bytes that it has not read, of the first datagram alone; connections that it has not accepted."""
    sent: int
    """Memory of what it has sent and others have not read."""
    buffer: int
    """The most of that."""

    @property
    def held_bytes(self) -> int:
        """Of a sender that is gone the kernel says nothing: what it may have left counts."""
        if self.kind == socket.SOCK_DGRAM:
            return self.sent + _DATAGRAMS * self.buffer
        if self.state == _LISTENING:
            return self.waiting * self.buffer
        return self.sent + (self.buffer if self.waiting and not self.peer else 0)


class SocketMemory:
    """Made before the process's filter, under which there is no such socket to be had."""

    def __init__(self) -> None:
        self._netlink: socket.socket | None = None
        with contextlib.suppress(OSError):  # gVisor has none of the kind
            self._netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG)

    def held_bytes(self) -> int:
        """What all sockets together hold; 0 where the kernel does not tell (CONFIG_UNIX_DIAG)."""
        return sum(one.held_bytes for one in self._sockets())

    def _sockets(self) -> Iterator[_Socket]:
        if self._netlink is None:
            return
        show = _SHOW_PEER | _SHOW_RQLEN | _SHOW_MEMINFO
        asked = _ASKED.pack(socket.AF_UNIX, 0, 0, 0xFFFFFFFF, 0, show, 0xFFFFFFFF, 0xFFFFFFFF)
        size = _HEADER.size + len(asked)
        self._netlink.send(_HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 0, 0) + asked)
        while True:
            answer = self._netlink.recv(_ANSWER_BYTES)
            at = 0
            while at < len(answer):
                size, kind, *_ = _HEADER.unpack_from(answer, at)
                if kind in (_NLMSG_DONE, _NLMSG_ERROR):
                    return
                yield _read(answer[at + _HEADER.size : at + size])
                at += _aligned(size)


def _read(message: bytes) -> _Socket:
    _, kind, state, *_ = _TOLD.unpack_from(message)
    peer = waiting = sent = buffer = 0
    at = _TOLD.size
    while at < len(message):
        size, name = _ATTRIBUTE.unpack_from(message, at)
        value = at + _ATTRIBUTE.size
        if name == _PEER:
            (peer,) = struct.unpack_from("=I", message, value)
        elif name == _RQLEN:
            (waiting,) = struct.unpack_from("=I", message, value)
        elif name == _MEMINFO:  # SK_MEMINFO_WMEM_ALLOC and SK_MEMINFO_SNDBUF
            sent, buffer = struct.unpack_from("=II", message, value + 8)
        at += _aligned(size)
    return _Socket(kind, state, peer, waiting, sent, buffer)


def _aligned(size: int) -> int:
    return (size + 3) & ~3
