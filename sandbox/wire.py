"""Framing on the unix sockets between client, supervisor, zygote and box.

Control messages are one JSON object a packet (SOCK_SEQPACKET) with a few file descriptors beside it.
Jobs are a stream: four bytes of length and a JSON header, then the blobs the header announces, which lie in
a memory file beside the header where they are large. Reports are a stream of frames: a letter for the kind,
four bytes of length, the content.
"""

from __future__ import annotations

import array
import json
import math
import os
import socket
import struct
from collections.abc import Iterable
from io import BufferedIOBase
from typing import Any, TypeGuard

MAX_CONTROL_BYTES = 65_536
MAX_HEADER_BYTES = 4 * 1024 * 1024
MAX_FRAME_BYTES = 4 * 1024 * 1024
_MAX_DESCRIPTORS = 4
_FRAME = struct.Struct(">cI")
_LENGTH = struct.Struct(">I")


class WireError(Exception):
    """The other end closed the connection or sent something that is no message."""


class NoMessage(WireError):
    """A packet that is no message; the next may be one."""


class DescriptorsLost(WireError):
    """A message whose descriptors were too many to take, or came to a process that may open no more."""


def send_control(sock: socket.socket, message: dict[str, Any], *fds: int) -> None:
    """Sends one message, with the file descriptors `fds`."""
    send_packet(sock, json.dumps(message).encode(), *fds)


def send_packet(sock: socket.socket, data: bytes, *fds: int) -> None:
    """Sends one packet, a message already or for somebody who reads another form."""
    if fds:
        socket.send_fds(sock, [data], fds)
    else:
        sock.sendall(data)


def receive_control(sock: socket.socket) -> tuple[dict[str, Any], int | None]:
    """One message and the descriptor that came with it; `WireError` at the end of the connection."""
    message, fds = receive_with_descriptors(sock)
    for extra in fds[1:]:
        os.close(extra)
    return message, fds[0] if fds else None


def receive_message(sock: socket.socket) -> dict[str, Any]:
    """One message from somebody who has no descriptor to give: what came beside it is closed."""
    message, fds = receive_with_descriptors(sock)
    for fd in fds:
        os.close(fd)
    return message


def receive_with_descriptors(sock: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """One message and the descriptors that came with it; `WireError` at the end of the connection."""
    space = socket.CMSG_SPACE(_MAX_DESCRIPTORS * array.array("i").itemsize)
    data, ancillary, flags, _ = sock.recvmsg(MAX_CONTROL_BYTES, space, socket.MSG_CMSG_CLOEXEC)
    fds = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    try:
        if not data:
            raise WireError("connection closed")
        if flags & socket.MSG_TRUNC:
            raise NoMessage("message too long")
        if flags & socket.MSG_CTRUNC:
            raise DescriptorsLost("descriptors lost: too many came, or none is free here")
        return parsed(data), list(fds)
    except WireError:
        for fd in fds:
            os.close(fd)
        raise


def parsed(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`; `NoMessage` where it is none."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NoMessage("message is no JSON") from error
    if not isinstance(message, dict):
        raise NoMessage("message is no JSON object")
    return message


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether a message's value is one; Python takes a truth value for a number, and JSON knows NaN."""
    return is_whole(value) or (isinstance(value, float) and not math.isnan(value))


def is_whole(value: Any) -> TypeGuard[int]:
    """The same for a number without a fraction."""
    return isinstance(value, int) and not isinstance(value, bool)


def send_header(sock: socket.socket, header: dict[str, Any], blobs: Iterable[bytes] = (), *fds: int) -> None:
    """Sends a header, with the blobs whose sizes it announces where they are small."""
    data = json.dumps(header).encode()
    message = b"".join([_LENGTH.pack(len(data)), data, *blobs])
    if fds:
        sent = socket.send_fds(sock, [message], fds)
        if sent < len(message):
            sock.sendall(memoryview(message)[sent:])
    else:
        sock.sendall(message)


def receive_header(sock: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The header of a job, and the descriptors that came with it."""
    head, fds, _, _ = socket.recv_fds(sock, _LENGTH.size, _MAX_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
    try:
        if not head:
            raise WireError("connection closed")
        (size,) = _LENGTH.unpack(head + receive_exactly(sock, _LENGTH.size - len(head)))
        if size > MAX_HEADER_BYTES:
            raise WireError(f"header of {size} bytes")
        return parsed(receive_exactly(sock, size)), fds
    except BaseException:
        for fd in fds:
            os.close(fd)
        raise


def frame(kind: bytes, size: int) -> bytes:
    """The head of a frame with `size` bytes of content."""
    return _FRAME.pack(kind, size)


def read_frame(stream: BufferedIOBase) -> tuple[bytes, bytes]:
    """The kind and the content of the next frame of a report."""
    kind, size = _FRAME.unpack(_read_exactly(stream, _FRAME.size))
    if size > MAX_FRAME_BYTES:
        raise WireError(f"frame of {size} bytes")
    return kind, _read_exactly(stream, size)


def _read_exactly(stream: BufferedIOBase, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise WireError(f"connection closed after {len(data)} of {size} bytes")
    return data


def receive_exactly(sock: socket.socket, size: int) -> bytes:
    """`size` bytes, or `WireError` when the connection ends before."""
    data = sock.recv(size) if size else b""
    if len(data) == size:
        return data
    buffer = bytearray(size)
    view = memoryview(buffer)
    done = len(data)
    view[:done] = data
    while done < size:
        count = sock.recv_into(view[done:])
        if count == 0:
            raise WireError(f"connection closed after {done} of {size} bytes")
        done += count
    return bytes(buffer)
