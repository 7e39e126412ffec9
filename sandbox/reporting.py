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
from itertools import islice
from pathlib import Path
from typing import Any

from sandbox import collecting
from sandbox.wire import MAX_FRAME_BYTES, WireError, frame, is_number, is_whole, parsed, read_frame

OUT, ERR, FILE, CONTENT, END = b"o", b"e", b"f", b"c", b"r"
BYTES, FILES = "bytes", "files"
_PIPE_CHUNK = 65_536
_HELD_BYTES = 65_536
_MAX_PATH_BYTES = 16_384
_MAX_ENDING_BYTES = 1024 * 1024
_MAX_WALL_S = 1e6
_MAX_SIGNAL = 64


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
        "uncollected": dict(islice(left_out.items(), collecting.MAX_FILES)),
    }
    text = json.dumps(report).encode()
    data.sendall(b"".join([*pieces, frame(END, len(text)), text]))


def fullness(folder: str) -> str | None:
    """What a file system has no more of, `BYTES` or `FILES`; None where there is room."""
    disk = os.statvfs(folder)
    return BYTES if disk.f_bavail == 0 else FILES if disk.f_favail == 0 else None


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


def receive_report(
    data: socket.socket, *, wanted: Sequence[str], output_bytes: int, collect_bytes: int
) -> Report:
    """Reads a report to its end, or to that of a box which was killed before it could say all.

    `wanted` are the paths that the job asked for.

    Raises `WireError` where it is none: its sender shares a jail with a submission and is not believed.
    """
    report = Report()
    room = {OUT: output_bytes, ERR: output_bytes, CONTENT: collect_bytes, END: _MAX_ENDING_BYTES}
    current = None
    with data.makefile("rb") as stream:
        while report.ending is None:
            try:
                kind, content = read_frame(stream)
            except (WireError, ConnectionResetError):
                return report
            if kind in room:
                room[kind] -= len(content)
                # Frames without content would fit into any limit, and come for ever.
                if room[kind] < 0 or not content:
                    raise WireError("a report beyond its limits")
            match kind:
                case b"o":
                    report.stdout += content
                case b"e":
                    report.stderr += content
                case b"f" if len(report.files) < collecting.MAX_FILES:
                    path = _checked_path(content, wanted)
                    if path in report.files:
                        raise WireError("a file that came twice")
                    current = report.files[path] = bytearray()
                case b"c" if current is not None:
                    current += content
                case b"r":
                    report.ending = _checked_ending(parsed(content))
                case _:
                    raise WireError(f"a frame {kind!r} out of its place")
    return report


def _checked_path(name: bytes, wanted: Sequence[str]) -> str:
    """A path that was asked for, or that lies below a folder that was."""
    if len(name) > _MAX_PATH_BYTES:
        raise WireError(f"a path of {len(name)} bytes")
    try:
        path = name.decode()
    except UnicodeDecodeError as error:
        raise WireError("a path that is no text") from error
    below = any(one.endswith("/") and path.startswith(one) for one in wanted)
    if path not in wanted and not (below and collecting.is_path(path)):
        raise WireError(f"{path[:200]!r}, which was not asked for")
    return path


def _checked_ending(said: dict[str, Any]) -> dict[str, Any]:
    """How the run ended, each field of its kind and within what the kernel can say."""
    code, number = said.get("exit_code"), said.get("signal")
    left_out, wall_s = said.get("uncollected"), said.get("wall_s")
    held = (
        {"exit_code", "signal", "full"} <= said.keys(),
        (code is None) != (number is None),
        code is None or (is_whole(code) and 0 <= code <= 255),
        number is None or (is_whole(number) and 0 < number <= _MAX_SIGNAL),
        isinstance(said.get("output_limit"), bool),
        said.get("full") in (None, BYTES, FILES),
        isinstance(left_out, dict) and all(isinstance(why, str) for why in left_out.values()),
        is_number(wall_s) and 0 <= wall_s < _MAX_WALL_S,
    )
    if not all(held):
        raise WireError("an ending that is none")
    return said
