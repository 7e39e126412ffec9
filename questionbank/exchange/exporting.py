"""Packages in other formats. What a format cannot hold is said, and never left out in silence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from questionbank.exchange import jsonl_writing, qti_writing
from questionbank.exchange.archives import write_archive
from questionbank.exchange.drafts import Refused
from questionbank.exchange.literals import Unwritable
from questionbank.exchange.reading import Format, contents_of
from questionbank.packages.errors import Finding, Findings, PackageError
from questionbank.packages.files import read_files
from questionbank.packages.languages import LANGUAGES
from questionbank.packages.model import Kind, Package
from questionbank.packages.reader import read_package

_OURS = re.compile(r"^(touchstone\.yaml|rubric\.yaml|LICENSE|editorial\.[a-z]+\.md|(hints|starter)/.*)$")
_CHECKER_FLAGS = ("case_sensitive", "space_change_sensitive")
_CHECKER_NUMBERS = ("float_absolute_tolerance", "float_relative_tolerance")


@dataclass(frozen=True, slots=True)
class Exported:
    """One file, or a line of one that several packages share. `lost` names what of the package it does not
    hold."""

    slug: str
    name: str
    data: bytes
    lost: tuple[Finding, ...] = ()


def export(folder: Path, format: Format, *, slug: str | None = None) -> Exported | Refused:
    """The package in `folder`, called as that unless `slug` says how, as one file; AUTO is our own zip, which
    holds everything."""
    findings = Findings()
    try:
        package = read_package(folder, slug=slug)
        files = contents_of(read_files(folder, findings))
    except PackageError as error:
        return Refused(slug or folder.name, error.findings)
    match format:
        case Format.AUTO:
            return _zipped(package, files, ())
        case Format.KATTIS:
            return _kattis(package, files)
        case Format.QTI:
            return _qti(package, files)
        case Format.HUMANEVAL:
            return _record(package, files, format, jsonl_writing.humaneval)
        case Format.MBPP:
            return _record(package, files, format, jsonl_writing.mbpp)
        case Format.DEEPML:
            return _record(package, files, format, jsonl_writing.deepml)


def _record(
    package: Package, files: Mapping[str, bytes], format: Format, shape: jsonl_writing.Shape
) -> Exported | Refused:
    """A line of the bank that all packages of an export share."""
    try:
        written = shape(package, files)
    except Unwritable as error:
        return _refused(package, str(error))
    return Exported(package.slug, f"{format.value}.jsonl", jsonl_writing.line(written.record), written.lost)


def _refused(package: Package, message: str) -> Refused:
    return Refused(package.slug, (Finding(package.slug, None, message),))


def _zipped(package: Package, files: Mapping[str, bytes], lost: tuple[Finding, ...]) -> Exported:
    inside = {f"{package.slug}/{path}": data for path, data in files.items()}
    return Exported(package.slug, f"{package.slug}.zip", write_archive(inside), lost)


def _kattis(package: Package, files: Mapping[str, bytes]) -> Exported | Refused:
    if package.kind is not Kind.PASS_FAIL:
        return _refused(package, f"the format knows programs, this is a problem of the kind {package.kind}")
    foreign = [key for key in package.languages if key in LANGUAGES and not LANGUAGES[key].everywhere]
    if foreign:
        return _refused(package, f"the format knows no answers in {', '.join(foreign)}")
    kept = {path: data for path, data in files.items() if not _OURS.match(path)}
    lost = [
        Finding(path, None, "is not a part of the format")
        for path in sorted(files.keys() - kept.keys())
        if path != "touchstone.yaml"
    ]
    own = yaml.safe_load(files.get("touchstone.yaml", b"{}")) or {}
    flags = _checker_flags(own.pop("checker", {}))
    if flags:
        group = yaml.safe_load(kept.get("data/test_group.yaml", b"{}")) or {}
        group.setdefault("output_validator_args", flags)
        kept["data/test_group.yaml"] = yaml.safe_dump(group, sort_keys=False).encode()
    lost += [
        Finding("touchstone.yaml", None, f"{key} has no place in the format") for key in own if key != "kind"
    ]
    return _zipped(package, kept, tuple(lost))


def _checker_flags(checker: Mapping[str, object]) -> list[str]:
    """Our section as the default output validator's arguments."""
    flags = [name for name in _CHECKER_FLAGS if checker.get(name)]
    for name in _CHECKER_NUMBERS:
        if name in checker:
            flags += [name, repr(checker[name])]
    return flags


def _qti(package: Package, files: Mapping[str, bytes]) -> Exported | Refused:
    if package.kind not in (Kind.CHOICE, Kind.OPEN):
        return _refused(package, f"items hold choice and open questions, this is of the kind {package.kind}")
    lost = [Finding(path, None, "has no place in an item") for path in qti_writing.lost(package, files)]
    own = yaml.safe_load(files["touchstone.yaml"])
    lost += [
        Finding("touchstone.yaml", None, f"{key} has no place in an item")
        for key in own
        if key not in ("kind", "choice", "provenance", "untranslated")
    ]
    if package.open:
        rubric = yaml.safe_load(files["rubric.yaml"])
        lost += [
            Finding("rubric.yaml", None, f"{key} has no place in an item")
            for key in rubric
            if key not in ("points", "model_answer")
        ]
        known = {"id", "weight", "required", "statement"}
        more = {key for point in rubric["points"] for key in point} - known
        lost += [
            Finding("rubric.yaml", None, f"points.{key} has no place in an item") for key in sorted(more)
        ]
    data = write_archive(qti_writing.container(package))
    return Exported(package.slug, f"{package.slug}.qti.zip", data, tuple(lost))


def files_of(results: Sequence[Exported | Refused]) -> dict[str, bytes]:
    """The files of an export by their names: packages that share one are its lines."""
    files: dict[str, bytes] = {}
    for one in results:
        if isinstance(one, Exported):
            files[one.name] = files.get(one.name, b"") + one.data
    return files


def document(results: Sequence[Exported | Refused]) -> dict[str, Any]:
    """The report as JSON: `lost` is what a file does not hold, `findings` why there is none."""
    problems = []
    for one in results:
        written = isinstance(one, Exported)
        problems.append(
            {
                "slug": one.slug if isinstance(one, Exported) else one.origin,
                "file": one.name if isinstance(one, Exported) else None,
                "findings": [] if isinstance(one, Exported) else [_finding(found) for found in one.findings],
                "lost": [_finding(found) for found in one.lost] if isinstance(one, Exported) else [],
                "written": written,
            }
        )
    failed = sum(not problem["written"] for problem in problems)
    return {"exported": len(problems) - failed, "failed": failed, "problems": problems}


def _finding(finding: Finding) -> dict[str, Any]:
    return {"path": finding.path, "line": finding.line, "message": finding.message}
