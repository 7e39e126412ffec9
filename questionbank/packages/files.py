"""The files of a package folder: read once, bounded, regular files only."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import ItemsView
from pathlib import Path, PurePosixPath

from questionbank.packages.errors import Findings

MAX_FILES = 4000
MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_TOTAL_BYTES = 512 * 1024 * 1024
_IGNORED = frozenset({"__pycache__"})
# What is named otherwise is as if it were not there, as the package format has it (.git, .DS_Store).
_NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.+-]{0,254}")


class Files:
    """Content by path below the package's folder."""

    def __init__(self, contents: dict[str, bytes], ignored: tuple[str, ...] = ()) -> None:
        self._contents = contents
        self.ignored = ignored
        """Paths of files and folders that are left out for their names."""

    def __contains__(self, path: str) -> bool:
        return path in self._contents

    def items(self) -> ItemsView[str, bytes]:
        """Every path with its content."""
        return self._contents.items()

    def paths(self, folder: str) -> list[PurePosixPath]:
        """Paths below `folder`, sorted, relative to the package."""
        return [PurePosixPath(path) for path in sorted(self._contents) if path.startswith(folder + "/")]

    def unknown(self, pattern: re.Pattern[str]) -> set[str]:
        """Paths that `pattern` does not match."""
        return {path for path in self._contents if not pattern.match(path)}

    def raw(self, path: str) -> bytes:
        """A file's content, nothing where it is absent."""
        return self._contents.get(path, b"")

    def data(self, path: str | PurePosixPath) -> bytes:
        """A file that is known to be there."""
        return self._contents[str(path)]

    def text(self, path: str | PurePosixPath, findings: Findings) -> str | None:
        """A UTF-8 text; None with a finding where it is absent or no UTF-8."""
        data = self._contents.get(str(path))
        if data is None:
            findings.add(str(path), "is missing")
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            findings.add(str(path), f"is not UTF-8 at byte {error.start}")
            return None

    def content_hash(self) -> str:
        """sha256, hex, over each path and content in order of path, each preceded by its length."""
        digest = hashlib.sha256()
        for path in sorted(self._contents):
            for part in (path.encode(), self._contents[path]):
                digest.update(len(part).to_bytes(8, "big"))
                digest.update(part)
        return digest.hexdigest()


def read_files(folder: Path, findings: Findings) -> Files:
    """Every regular file below `folder`. A link to a file of the package stands for that file; others, and
    files beyond the bounds, are findings."""
    contents: dict[str, bytes] = {}
    left_out: list[str] = []
    total = 0
    if not folder.is_dir():
        findings.add(str(folder), "is no folder")
        findings.raise_if_any()
    for parent, folders, names in os.walk(folder):
        here = Path(parent).relative_to(folder)
        left_out += [(here / name).as_posix() for name in (*folders, *names) if not _NAME.fullmatch(name)]
        folders[:] = sorted(name for name in folders if _is_named(name))
        for name in sorted(filter(_is_named, names)):
            path = Path(parent, name)
            shown = path.relative_to(folder).as_posix()
            if not _is_inside(path, folder) or not path.is_file():
                findings.add(shown, "is no regular file of the package: links out of it are not allowed")
                continue
            size = path.stat().st_size
            total += size
            if size > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES or len(contents) >= MAX_FILES:
                findings.add(
                    shown, "the package is too large: more than 4000 files, 64 MiB a file or 512 MiB"
                )
                findings.raise_if_any()
            contents[shown] = path.read_bytes()
        for name in folders:
            if Path(parent, name).is_symlink():
                findings.add(Path(parent, name).relative_to(folder).as_posix(), "is a link")
    return Files(contents, tuple(sorted(left_out)))


def _is_inside(path: Path, folder: Path) -> bool:
    try:
        return not path.is_symlink() or path.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a link to nothing, or links in a circle
        return False


def _is_named(name: str) -> bool:
    return name not in _IGNORED and _NAME.fullmatch(name) is not None
