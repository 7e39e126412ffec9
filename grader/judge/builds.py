"""What compilers have made, kept by the hash of everything it was made from, in one bounded folder.

An entry is made by a compiler that read a stranger's text: it is only ever sent into a jail. Many processes
may share the folder. An entry appears whole, by its renaming; one that is damaged counts as absent.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from grader.judge.languages.language import Build, Toolchain
from sandbox.job import MIB, Command

MAX_BYTES = 512 * MIB
MAX_ENTRIES = 8192
_DIGEST_BYTES = 32
_ABANDONED_S = 3600.0
_FORM = 1
"""Counts up when entries are written in another form."""


class Builds:
    """Entries below `folder`, the least recently used of which go when they exceed `max_bytes` together."""

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def load(self, key: str) -> Mapping[str, bytes] | None:
        """The files kept under `key`, None where there are none."""
        path = self._folder / key
        try:
            data = path.read_bytes()
            os.utime(path)
        except FileNotFoundError:
            return None
        if hashlib.sha256(data[_DIGEST_BYTES:]).digest() != data[:_DIGEST_BYTES]:
            path.unlink(missing_ok=True)
            return None
        return _unpack(data[_DIGEST_BYTES:])

    def store(self, key: str, files: Mapping[str, bytes]) -> None:
        """Keeps files under `key`; what is larger than a quarter of the folder is not kept."""
        packed = _pack(files)
        if len(packed) > self._max_bytes // 4:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd, draft = tempfile.mkstemp(prefix="draft-", dir=self._folder)
        with os.fdopen(fd, "wb") as file:
            file.write(hashlib.sha256(packed).digest() + packed)
        Path(draft).replace(self._folder / key)
        self._tidy()

    def _tidy(self) -> None:
        """Removes abandoned drafts, and the entries unused for longest until a tenth of the room is free."""
        entries: list[tuple[float, int, str]] = []
        with os.scandir(self._folder) as found:
            for entry in found:
                with contextlib.suppress(FileNotFoundError):  # another process tidies too
                    details = entry.stat(follow_symlinks=False)
                    if not entry.name.startswith("draft-"):
                        entries.append((details.st_mtime, details.st_size, entry.path))
                    elif details.st_mtime < time.time() - _ABANDONED_S:
                        Path(entry.path).unlink(missing_ok=True)
        total = sum(size for _, size, _ in entries)
        if total <= self._max_bytes and len(entries) <= MAX_ENTRIES:
            return
        entries.sort(reverse=True)
        while entries and (total > 0.9 * self._max_bytes or len(entries) > 0.9 * MAX_ENTRIES):
            _, size, path = entries.pop()
            Path(path).unlink(missing_ok=True)
            total -= size


def build_key(language: str, toolchain: Toolchain, build: Build) -> str:
    """sha256, hex, over everything that decides what a compiler makes."""
    program = build.program
    command = (
        [*program.argv, dict(program.env)] if isinstance(program, Command) else [program.path, program.args]
    )
    digest = hashlib.sha256()
    base = build_key(language, toolchain, build.base) if build.base else None
    parts = [json.dumps([_FORM, language, toolchain.fingerprint, command, build.keeps, base]).encode()]
    for path in sorted(build.files):
        parts += [path.encode(), build.files[path]]
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _pack(files: Mapping[str, bytes]) -> bytes:
    header = json.dumps([[path, len(data)] for path, data in files.items()]).encode()
    return b"".join([len(header).to_bytes(8, "big"), header, *files.values()])


def _unpack(data: bytes) -> dict[str, bytes]:
    size = int.from_bytes(data[:8], "big")
    position = 8 + size
    files = {}
    for path, length in json.loads(data[8:position]):
        files[path] = data[position : position + length]
        position += length
    return files
