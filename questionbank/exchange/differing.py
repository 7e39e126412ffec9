"""What differs between two packages, file by file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Differences:
    """Paths that only one side has, and a unified difference for each that both have otherwise."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, str]

    @property
    def equal(self) -> bool:
        return not (self.added or self.removed or self.changed)


def differences(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Differences:
    """From `before` to `after`."""
    return Differences(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed={
            path: _difference(before[path], after[path], path)
            for path in sorted(before.keys() & after.keys())
            if before[path] != after[path]
        },
    )


def _difference(before: bytes, after: bytes, path: str) -> str:
    try:
        one, other = before.decode("utf-8"), after.decode("utf-8")
    except UnicodeDecodeError:
        return f"{path}: {len(before):,} bytes before, {len(after):,} after, no text"
    lines = difflib.unified_diff(one.splitlines(), other.splitlines(), path, path, lineterm="", n=2)
    return "\n".join(lines)
