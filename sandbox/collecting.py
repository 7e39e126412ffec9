"""Brings a job's files out of its folder after its processes are dead: regular files, no links followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MAX_FILES = 1024
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Collected:
    files: dict[str, bytes] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def collect(root: Path, wanted: Sequence[str], *, max_bytes: int) -> Collected:
    """The wanted files below `root`; a name that ends in "/" stands for all files below that folder."""
    result = Collected()
    room = max_bytes
    base = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for path in _expand(base, wanted, result):
            if len(result.files) >= MAX_FILES:
                result.left_out[path] = f"more than {MAX_FILES} files"
                break
            content = _read(base, path, room, result)
            if content is not None:
                result.files[path] = content
                room -= len(content)
    finally:
        os.close(base)
    return result


def _expand(base: int, wanted: Sequence[str], result: Collected) -> Iterator[str]:
    for name in wanted:
        if name.endswith("/"):
            yield from _walk(base, name.rstrip("/"), result, MAX_DEPTH)
        else:
            yield name


def _walk(base: int, folder: str, result: Collected, depth: int) -> Iterator[str]:
    if depth == 0:
        result.left_out[_shown(folder)] = f"deeper than {MAX_DEPTH} folders"
        return
    try:
        fd = _open_beneath(base, folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        with os.scandir(fd) as entries:
            found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    finally:
        os.close(fd)
    for name, is_folder in found[: MAX_FILES + 1]:
        path = f"{folder}/{name}"
        if not _is_plain(name):
            result.left_out[_shown(path)] = "name is not plain text"
        elif is_folder:
            yield from _walk(base, path, result, depth - 1)
        else:
            yield path


def _is_plain(name: str) -> bool:
    return name.isprintable() and len(name) <= 255


def _shown(path: str) -> str:
    """A path that can stand in a message whatever its bytes are."""
    return ascii(path)[1:-1][-200:]


def _open_beneath(base: int, path: str, flags: int) -> int:
    """Opens `path` below `base` without following a link in any part of it."""
    fd = os.dup(base)
    try:
        *folders, last = path.split("/")
        for folder in folders:
            step = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
            os.close(fd)
            fd = step
        # O_NONBLOCK: a FIFO in the file's place must not hold us.
        return os.open(last, flags | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=fd)
    finally:
        os.close(fd)


def _read(base: int, path: str, room: int, result: Collected) -> bytes | None:
    try:
        fd = _open_beneath(base, path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError:
        result.left_out[_shown(path)] = "not a regular file"
        return None
    try:
        details = os.fstat(fd)
        if not stat.S_ISREG(details.st_mode):
            result.left_out[_shown(path)] = "not a regular file"
            return None
        if details.st_size > room:
            result.left_out[_shown(path)] = f"larger than the limit ({details.st_size} bytes)"
            return None
        with os.fdopen(os.dup(fd), "rb") as file:
            return file.read(room)
    finally:
        os.close(fd)
