"""Puts what was read into a folder of packages: each problem whole, or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from questionbank.exchange.drafts import Draft, Refused
from questionbank.exchange.duplicates import near_duplicates
from questionbank.packages.errors import Finding, PackageError
from questionbank.packages.model import Package
from questionbank.packages.reader import read_package

Check = Callable[[Package], tuple[Finding, ...]]


class State(StrEnum):
    """UNCHANGED: the same content is there already. READY: could be imported, and was not yet."""

    READY = "ready"
    IMPORTED = "imported"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one problem. `findings` are why it failed, `notices` what it does not hold."""

    origin: str
    slug: str
    state: State
    findings: tuple[Finding, ...] = ()
    notices: tuple[Finding, ...] = ()
    package: Package | None = None


@dataclass(frozen=True, slots=True)
class Staged:
    """A problem that can be imported: its folder is complete and was read."""

    draft: Draft
    folder: Path
    package: Package


@contextmanager
def staging(beside: Path) -> Iterator[Path]:
    """A folder on the same file system, gone afterwards."""
    beside.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".import-", dir=beside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stage(found: Draft | Refused, folder: Path, check: Check) -> Staged | Imported:
    """Writes a draft below `folder` and reads it as every package is read; `check` may find more."""
    if isinstance(found, Refused):
        return Imported(found.origin, "", State.FAILED, found.findings)
    target = folder / found.slug
    try:
        target.mkdir()
        _write(found.files, target)
        package = read_package(target)
    except FileExistsError:
        twice = Finding("", None, f"{found.slug}: another problem of this import is called so too")
        return Imported(found.origin, found.slug, State.FAILED, (twice,), found.notices)
    except PackageError as error:
        return Imported(found.origin, found.slug, State.FAILED, error.findings, found.notices)
    except OSError as error:
        fault = Finding(found.slug, None, f"cannot be written: {error.strerror}")
        return Imported(found.origin, found.slug, State.FAILED, (fault,), found.notices)
    findings = check(package)
    if findings:
        return Imported(found.origin, found.slug, State.FAILED, findings, found.notices)
    # What is said of the package itself: what of it is not used here, and what to see to.
    return Staged(replace(found, notices=(*found.notices, *package.notices)), target, package)


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for path, data in files.items():
        parts = PurePosixPath(path).parts
        assert parts
        assert not {"..", "/"} & set(parts), path
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def place(staged: Staged, into: Path) -> Imported:
    """Moves a staged problem to its place; one that is there already with other content stays as it is."""
    draft, target = staged.draft, into / staged.draft.slug
    state = State.IMPORTED
    if target.exists():
        if _hash_of(target) != staged.package.content_hash:
            said = f"{target} is there already with another content: import elsewhere, or remove it first"
            fault = Finding(draft.slug, None, said)
            return Imported(draft.origin, draft.slug, State.FAILED, (fault,), draft.notices)
        state = State.UNCHANGED
    else:
        staged.folder.rename(target)
    return Imported(draft.origin, draft.slug, state, (), draft.notices, staged.package)


def told_of_duplicates(
    brought: Sequence[Staged | Imported], known: Iterable[Package]
) -> list[Staged | Imported]:
    """The same, each staged problem with a notice where it is nearly another one, here or in `known`."""
    staged = {one.package.slug: one.package for one in brought if isinstance(one, Staged)}
    others = (package for package in known if package.slug not in staged)
    near = near_duplicates(list(staged.values()), others)
    return [
        replace(one, draft=replace(one.draft, notices=(*one.draft.notices, *near.get(one.package.slug, ()))))
        if isinstance(one, Staged)
        else one
        for one in brought
    ]


def packages_in(folder: Path) -> Iterator[Package]:
    """The packages right below a folder that can be read."""
    for path in sorted(folder.glob("*/problem.yaml")):
        package = _readable(path.parent)
        if package:
            yield package


def _readable(folder: Path) -> Package | None:
    try:
        return read_package(folder)
    except PackageError:
        return None


def _hash_of(folder: Path) -> str | None:
    package = _readable(folder)
    return package.content_hash if package else None


def document(imported: Iterable[Imported]) -> dict[str, Any]:
    """The report as the JSON that command and API answer with."""
    problems = list(imported)
    return {
        "imported": sum(one.state in (State.IMPORTED, State.UNCHANGED) for one in problems),
        "failed": sum(one.state is State.FAILED for one in problems),
        "unchanged": sum(one.state is State.UNCHANGED for one in problems),
        "problems": [
            {
                "slug": one.slug,
                "origin": one.origin,
                "state": one.state.value,
                "findings": [_finding(finding) for finding in one.findings],
                "notices": [_finding(finding) for finding in one.notices],
            }
            for one in problems
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {"path": finding.path, "line": finding.line, "message": finding.message}
