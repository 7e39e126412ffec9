"""The files of a package folder: read once, bounded, regular files only."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path, PurePosixPath

from questionbank.packages.errors import Findings

MAX_FILES = 4000
MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_TOTAL_BYTES = 512 * 1024 * 1024
_IGNORED = frozenset({"__pycache__", ".DS_Store"})


class Files:
    """Content by path below the package's folder."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self._contents = contents

    def __contains__(self, path: str) -> bool:
        return path in self._contents

    def paths(self, folder: str) -> list[PurePosixPath]:
        """Paths below `folder`, sorted, relative to the package."""
        return [PurePosixPath(path) for path in sorted(self._contents) if path.startswith(folder + "/")]

    def unknown(self, pattern: re.Pattern[str]) -> set[str]:
        """Paths that `pattern` does not match."""
        return {path for path in self._contents if not pattern.match(path)}

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
    """Every regular file below `folder`; links and files beyond the bounds are findings."""
    contents: dict[str, bytes] = {}
    total = 0
    if not folder.is_dir():
        findings.add(str(folder), "is no folder")
        findings.raise_if_any()
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _IGNORED)
        for name in sorted(set(names) - _IGNORED):
            path = Path(parent, name)
            shown = path.relative_to(folder).as_posix()
            if path.is_symlink() or not path.is_file():
                findings.add(shown, "is no regular file: links and devices are not allowed")
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
    return Files(contents)
