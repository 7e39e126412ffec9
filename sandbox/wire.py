"""Framing on the unix sockets between client, supervisor, zygote and box.

Control messages are one JSON object a packet (SOCK_SEQPACKET) with at most one file descriptor beside it.
Bulk data is a stream: four bytes of length, a JSON header, then the blobs the header announces.
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any

MAX_CONTROL_BYTES = 65_536
MAX_HEADER_BYTES = 4 * 1024 * 1024


class WireError(Exception):
    """The other end closed the connection or sent something that is no message."""


def send_control(sock: socket.socket, message: dict[str, Any], fd: int | None = None) -> None:
    """Sends one message, with a file descriptor where `fd` is given."""
    data = json.dumps(message).encode()
    if fd is None:
        sock.sendall(data)
    else:
        socket.send_fds(sock, [data], [fd])


def receive_control(sock: socket.socket) -> tuple[dict[str, Any], int | None]:
    """One message and the descriptor that came with it; `WireError` at the end of the connection."""
    space = socket.CMSG_SPACE(array.array("i").itemsize)
    data, ancillary, flags, _ = sock.recvmsg(MAX_CONTROL_BYTES, space, socket.MSG_CMSG_CLOEXEC)
    fds = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    for extra in fds[1:]:
        os.close(extra)
    fd = fds[0] if fds else None
    if not data or flags & socket.MSG_TRUNC:
        if fd is not None:
            os.close(fd)
        raise WireError("connection closed" if not data else "message too long")
    return _parsed(data), fd


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        message = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise WireError("message is no JSON") from error
    if not isinstance(message, dict):
        raise WireError("message is no JSON object")
    return message


def send_bulk(sock: socket.socket, header: dict[str, Any], blobs: Sequence[bytes]) -> None:
    """Sends a header and the blobs whose sizes it announces."""
    data = json.dumps(header).encode()
    sock.sendall(struct.pack(">I", len(data)) + data)
    for blob in blobs:
        if blob:
            sock.sendall(blob)


def receive_header(sock: socket.socket) -> dict[str, Any]:
    """The header of a bulk message."""
    (size,) = struct.unpack(">I", receive_exactly(sock, 4))
    if size > MAX_HEADER_BYTES:
        raise WireError(f"header of {size} bytes")
    return _parsed(receive_exactly(sock, size))


def receive_exactly(sock: socket.socket, size: int) -> bytes:
    """`size` bytes, or `WireError` when the connection ends before."""
    buffer = bytearray(size)
    view = memoryview(buffer)
    done = 0
    while done < size:
        count = sock.recv_into(view[done:])
        if count == 0:
            raise WireError(f"connection closed after {done} of {size} bytes")
        done += count
    return bytes(buffer)
