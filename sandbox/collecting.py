"""Brings a job's files out of its folder after its processes are dead: regular files, no links followed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_FILES = 1024
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Found:
    """One wanted file, open for reading until the next is asked for."""

    path: str
    fd: int
    size: int


def collect(
    root: Path, wanted: Sequence[str], left_out: dict[str, str], *, max_bytes: int
) -> Iterator[Found]:
    """The wanted files below `root`; a name that ends in "/" stands for all files below that folder.

    `left_out` gets those that cannot be had, with the reason.
    """
    room, seen = max_bytes, set[str]()
    base = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for path in _expand(base, wanted, left_out):
            if path in seen:
                continue
            if len(seen) >= MAX_FILES:
                left_out[_shown(path)] = f"more than {MAX_FILES} files"
                break
            found = _open(base, path, room, left_out)
            if found is None:
                continue
            try:
                yield found
            finally:
                os.close(found.fd)
            room -= found.size
            seen.add(path)
    finally:
        os.close(base)


def _expand(base: int, wanted: Sequence[str], left_out: dict[str, str]) -> Iterator[str]:
    for name in wanted:
        if name.endswith("/"):
            yield from _walk(base, name.rstrip("/"), left_out, MAX_DEPTH)
        else:
            yield name


def _walk(base: int, folder: str, left_out: dict[str, str], depth: int) -> Iterator[str]:
    if depth == 0:
        left_out[_shown(folder)] = f"deeper than {MAX_DEPTH} folders"
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
            left_out[_shown(path)] = "name is not plain text"
        elif is_folder:
            yield from _walk(base, path, left_out, depth - 1)
        else:
            yield path


def is_path(path: str) -> bool:
    """Whether it leads to something below the folder that it starts from, and is written in one way only."""
    return "\0" not in path and not {"", ".", ".."} & set(path.split("/"))


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
            # Nobody lives who could put a link there now. gVisor follows one although it is told not to.
            if stat.S_ISLNK(os.stat(folder, dir_fd=fd, follow_symlinks=False).st_mode):
                raise NotADirectoryError(errno.ENOTDIR, "a link", folder)
            step = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
            os.close(fd)
            fd = step
        # O_NONBLOCK: a FIFO in the file's place must not hold us.
        return os.open(last, flags | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=fd)
    finally:
        os.close(fd)


def _open(base: int, path: str, room: int, left_out: dict[str, str]) -> Found | None:
    try:
        fd = _open_beneath(base, path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError:
        left_out[_shown(path)] = "not a regular file"
        return None
    details = os.fstat(fd)
    if stat.S_ISREG(details.st_mode) and details.st_size <= room:
        return Found(path, fd, details.st_size)
    os.close(fd)
    regular = stat.S_ISREG(details.st_mode)
    left_out[_shown(path)] = (
        f"larger than the limit ({details.st_size} bytes)" if regular else "not a regular file"
    )
    return None
