"""What goes back to the client: output in bounded pieces while the run lasts, then files, then the ending.

Output is kept here only until there is a piece worth sending: what a submission prints must not count as
memory it uses.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox import collecting
from sandbox.wire import MAX_FRAME_BYTES, WireError, frame, parsed, receive_frame

OUT, ERR, FILE, CONTENT, END = b"o", b"e", b"f", b"c", b"r"
_PIPE_CHUNK = 65_536
_HELD_BYTES = 65_536


class Stream:
    """One pipe of the submission's, read up to its limit."""

    def __init__(self, pipe: int, kind: bytes) -> None:
        self.pipe = pipe
        self.overflowed = False
        self._kind = kind
        self._room = 0
        self._held = bytearray()

    def allow(self, limit: int) -> None:
        """Takes up to `limit` bytes."""
        self._room = limit

    def read_some(self) -> bool:
        """Takes what is there; False when the pipe has no writer left. `BlockingIOError` when it is empty."""
        chunk = os.read(self.pipe, _PIPE_CHUNK)
        self._held += chunk[: self._room]
        self.overflowed = self.overflowed or len(chunk) > self._room
        self._room = max(self._room - len(chunk), 0)
        return bool(chunk)

    @property
    def is_full(self) -> bool:
        """Whether what is held must be sent before more is read."""
        return len(self._held) >= _HELD_BYTES

    def take(self) -> bytes:
        """What is held, as a frame ready to send; empty where there is nothing."""
        if not self._held:
            return b""
        data = frame(self._kind, len(self._held)) + self._held
        self._held.clear()
        return bytes(data)

    def drain(self, data: socket.socket) -> None:
        """Sends what was written before the end but not read yet; no writer lives any more."""
        while not self.overflowed:
            try:
                if not self.read_some():
                    break
            except BlockingIOError:
                break
            if self.is_full:
                data.sendall(self.take())


def send_report(
    data: socket.socket,
    ending: dict[str, Any],
    streams: Sequence[Stream],
    wanted: Sequence[str],
    *,
    collect_bytes: int,
) -> None:
    """Sends the rest of the output, the wanted files of the current folder, and how the run ended."""
    for stream in streams:
        stream.drain(data)
    pieces = [stream.take() for stream in streams]
    left_out: dict[str, str] = {}
    if wanted:
        data.sendall(b"".join(pieces))
        pieces.clear()
        for file in collecting.collect(Path(), wanted, left_out, max_bytes=collect_bytes):
            _send_file(data, file)
    report = ending | {
        "output_limit": ending["output_limit"] or any(stream.overflowed for stream in streams),
        "uncollected": left_out,
    }
    text = json.dumps(report).encode()
    data.sendall(b"".join([*pieces, frame(END, len(text)), text]))


def _send_file(data: socket.socket, file: collecting.Found) -> None:
    name = file.path.encode()
    data.sendall(frame(FILE, len(name)) + name)
    remaining = file.size
    while remaining:
        piece = min(remaining, MAX_FRAME_BYTES)
        data.sendall(frame(CONTENT, piece))
        remaining -= piece
        while piece:
            sent = os.sendfile(data.fileno(), file.fd, None, piece)
            if sent == 0:
                raise WireError(f"{file.path} has become shorter, although nobody is left who could do that")
            piece -= sent


@dataclass(slots=True)
class Report:
    """What has come of a report; `ending` is None until all of it has."""

    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    files: dict[str, bytearray] = field(default_factory=dict)
    ending: dict[str, Any] | None = None


def receive_report(data: socket.socket, *, output_bytes: int, collect_bytes: int) -> Report:
    """Reads a report to its end, or to that of a box which was killed before it could say all.

    Raises `WireError` where it is none: its sender shares a jail with a submission and is not believed.
    """
    report = Report()
    room = {OUT: output_bytes, ERR: output_bytes, CONTENT: collect_bytes}
    current = None
    while report.ending is None:
        try:
            kind, content = receive_frame(data)
        except (WireError, ConnectionResetError):
            return report
        if len(content) > room.get(kind, MAX_FRAME_BYTES):
            raise WireError("a report beyond its limits")
        if kind in room:
            room[kind] -= len(content)
        match kind:
            case b"o":
                report.stdout += content
            case b"e":
                report.stderr += content
            case b"f" if len(report.files) < collecting.MAX_FILES:
                current = report.files.setdefault(content.decode(), bytearray())
            case b"c" if current is not None:
                current += content
            case b"r":
                report.ending = parsed(content)
            case _:
                raise WireError(f"a frame {kind!r} out of its place")
    return report
