"""Two versions of a package side by side: which files differ and where, and which tests are others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import unified_diff
from enum import StrEnum

from questionbank.packages.files import Files
from questionbank.packages.model import Difficulty, GateSpec, Package

MAX_COMPARED_BYTES = 256 * 1024
MAX_LINES = 600
TestKey = tuple[str, str]
"""A test's group and name."""


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FileDifference:
    """One file. `lines` are those of a unified diff, without its head; none for a file that is no text or too
    long to be compared line by line. `shortened` says that there are more. Sizes are bytes, None where there
    is no such file."""

    path: str
    change: Change
    old_size: int | None
    new_size: int | None
    lines: tuple[str, ...] = ()
    shortened: bool = False


@dataclass(frozen=True, slots=True)
class TestChanges:
    """What of the tests is another in the newer version.

    `all_affected`: something changed that every result rests on, such as a limit or the checker.
    """

    changed: frozenset[TestKey]
    """Tests that are new, or whose content is another."""
    removed: frozenset[TestKey]
    all_affected: bool
    weights: bool
    """Whether the groups earn other points."""

    def __bool__(self) -> bool:
        """Whether a result may be another at all."""
        return bool(self.changed or self.removed or self.all_affected or self.weights)


def compare_files(old: Files, new: Files) -> tuple[FileDifference, ...]:
    """Every file that is not the same in both, by path."""
    before, after = ({path for path, _ in files.items()} for files in (old, new))
    paths = sorted(path for path in before | after if _data(old, path) != _data(new, path))
    return tuple(_difference(path, _data(old, path), _data(new, path)) for path in paths)


def _data(files: Files, path: str) -> bytes | None:
    return files.data(path) if path in files else None


def _difference(path: str, old: bytes | None, new: bytes | None) -> FileDifference:
    change = Change.ADDED if old is None else Change.REMOVED if new is None else Change.CHANGED
    sizes = (None if old is None else len(old)), (None if new is None else len(new))
    texts = _text(old), _text(new)
    if texts[0] is None or texts[1] is None:
        return FileDifference(path, change, *sizes)
    compared = unified_diff(texts[0].splitlines(), texts[1].splitlines(), lineterm="", n=3)
    lines = list(compared)[2:]
    return FileDifference(path, change, *sizes, tuple(lines[:MAX_LINES]), len(lines) > MAX_LINES)


def _text(data: bytes | None) -> str | None:
    if data is None:
        return ""
    if len(data) > MAX_COMPARED_BYTES:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def compare_tests(old: Package, new: Package) -> TestChanges:
    """Which tests of `new` are not those of `old`, and whether all of them must be run again."""
    before, after = _tests(old), _tests(new)
    return TestChanges(
        changed=frozenset(key for key, test in after.items() if before.get(key) != test),
        removed=frozenset(before.keys() - after.keys()),
        all_affected=_foundation(old) != _foundation(new),
        weights=old.groups != new.groups,
    )


def _tests(package: Package) -> dict[TestKey, str]:
    # As text: to Python, 1, 1.0 and True are the same.
    return {(test.group, test.name): repr(replace(test, explanation=None)) for test in package.tests}


def _foundation(package: Package) -> Package:
    """What every result rests on: all but what is only read, and the tests themselves. Submissions count
    where the time limit follows from them."""
    return replace(
        package,
        slug="",
        content_hash="",
        names={},
        statements={},
        topics=(),
        expected_minutes=0,
        difficulty=Difficulty.EASY,
        tags=(),
        license="",
        authors=(),
        languages=(),
        starter={},
        hints=(),
        editorials={},
        groups=(),
        tests=(),
        submissions=package.submissions if package.program and package.program.infers_time else (),
        gate=GateSpec(),
        pictures={},
        attachments={},
        source="",
        source_url="",
        rights_owner="",
        notices=(),
        difficulty_reason=None,
        prerequisites=None,
        references=(),
    )
