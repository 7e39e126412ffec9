"""Reads what an author brings: a package's folder, an archive, or a bank of another format."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from questionbank.exchange import deepml, jsonl, qti
from questionbank.exchange.archives import MAX_ARCHIVE_BYTES, read_archive, split_packages
from questionbank.exchange.drafts import Draft, Provenance, Refused, slug_from
from questionbank.exchange.recording import Recordable
from questionbank.packages.errors import Finding, Findings, PackageError
from questionbank.packages.files import Files, read_files

MAX_BANK_BYTES = 64 * 1024 * 1024
_LICENSE_NAMES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "COPYING")
_NOTHING = re.compile(r"(?!)")
Found = Draft | Recordable | Refused


class Format(StrEnum):
    """What is read; AUTO is told from the content. KATTIS stands for our own packages too."""

    AUTO = "auto"
    KATTIS = "kattis"
    HUMANEVAL = "humaneval"
    MBPP = "mbpp"
    DEEPML = "deepml"
    QTI = "qti"


@dataclass(frozen=True, slots=True)
class Origin:
    """What the caller knows of a bank that says nothing of itself."""

    license: str = ""
    attribution: str = ""
    url: str = ""


def read_path(path: Path, wanted: Format = Format.AUTO, origin: Origin | None = None) -> list[Found]:
    """Everything at `path`: a folder, a zip, or a file. What cannot be read is `Refused`, never raised."""
    try:
        if path.is_dir():
            return _folder(path, wanted, origin or Origin())
        if path.is_symlink() or not path.is_file():
            return [_refused(path.name, "is no regular file and no folder")]
        with path.open("rb") as file:
            data = file.read(MAX_ARCHIVE_BYTES + 1)
        return read_data(data, path.name, wanted, origin, license_text=_license_beside(path.parent))
    except OSError as error:
        return [_refused(path.name, f"cannot be read: {error.strerror}")]


def read_data(
    data: bytes,
    name: str,
    wanted: Format = Format.AUTO,
    origin: Origin | None = None,
    license_text: str = "",
) -> list[Found]:
    """The same for a file's content, such as an upload's."""
    origin = origin or Origin()
    try:
        if data[:2] == b"PK":
            return _archive(data, name, wanted, origin)
        if data[:2] == b"\x1f\x8b":
            data = _gunzipped(data, name)
        return _file(data, name, wanted, origin, license_text)
    except PackageError as error:
        return [Refused(name, error.findings)]


def _refused(name: str, message: str) -> Refused:
    return Refused(name, (Finding(name, None, message),))


def _folder(path: Path, wanted: Format, origin: Origin) -> list[Found]:
    if (path / "problem.yaml").is_file():
        return [_package_folder(path)]
    packages = sorted(found.parent for found in path.glob("*/problem.yaml"))
    packages = packages or sorted(found.parent for found in path.glob("*/*/problem.yaml"))
    if packages:
        return [_package_folder(folder) for folder in packages]
    if any(path.glob("*/problem.yml")):
        return [_refused(path.name, "a package's document is called problem.yaml, not problem.yml")]
    files = [
        Path(parent, name)
        for parent, _, names in os.walk(path)
        for name in sorted(names)
        if Path(name).suffix in (".jsonl", ".json", ".xml", ".zip")
    ]
    if not files:
        return [_refused(path.name, "holds no problem: no problem.yaml, no .jsonl, .json, .xml or .zip")]
    return [
        found
        for file in sorted(files)
        if file.name != qti.MANIFEST
        for found in read_path(file, wanted, origin)
    ]


def _package_folder(folder: Path) -> Found:
    findings = Findings()
    try:
        files = read_files(folder, findings)
        findings.raise_if_any()
    except PackageError as error:
        return Refused(folder.name, error.findings)
    except OSError as error:
        return _refused(folder.name, f"cannot be read: {error.strerror}")
    return _package(folder.resolve().name, contents_of(files))


def contents_of(files: Files) -> dict[str, bytes]:
    """Everything of a package by its path."""
    return {path: files.data(path) for path in sorted(files.unknown(_NOTHING))}


def _package(name: str, contents: Mapping[str, bytes]) -> Found:
    slug = slug_from(name)
    if not slug:
        return _refused(name, "a problem's name has letters or digits")
    return Draft(slug, contents, origin=name)


def _archive(data: bytes, name: str, wanted: Format, origin: Origin) -> list[Found]:
    contents = read_archive(data, name)
    if wanted in (Format.AUTO, Format.QTI) and qti.is_container(contents):
        return list(qti.read_container(contents, _bank(Format.QTI, origin, "")))
    if wanted in (Format.AUTO, Format.KATTIS) and not _holds_banks(contents):
        return [_package(one, files) for one, files in split_packages(contents, name).items()]
    license_text = next((_text(contents[one], one) for one in _LICENSE_NAMES if one in contents), "")
    return [
        found
        for path, content in contents.items()
        if path.endswith((".jsonl", ".json", ".xml"))
        for found in _file(content, path, wanted, origin, license_text)
    ]


def _holds_banks(contents: Mapping[str, bytes]) -> bool:
    """Whether an archive is a wrapper of other formats' files and not of packages."""
    if any(path == "problem.yaml" or path.endswith("/problem.yaml") for path in contents):
        return False
    return any(path.endswith((".jsonl", ".json", ".xml")) for path in contents)


def _file(data: bytes, name: str, wanted: Format, origin: Origin, license_text: str) -> list[Found]:
    if len(data) > MAX_BANK_BYTES:
        return [_refused(name, f"has more than {MAX_BANK_BYTES // 2**20} MiB")]
    if wanted is Format.QTI or (wanted is Format.AUTO and data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"):
        return [qti.read_item(data, name, _bank(Format.QTI, origin, license_text))]
    text = _text(data, name)
    if wanted is Format.AUTO:
        guessed = _guessed(text, name)
        if guessed is None:
            return [_refused(name, "is in no format that is known here: say --format")]
        wanted = guessed
    if wanted not in _READERS:
        return [_refused(name, f"is no {wanted} package: a folder or a zip archive is")]
    return list(jsonl.read_records(text, name, _READERS[wanted], _bank(wanted, origin, license_text)))


_READERS: Mapping[Format, Callable[[jsonl.Record, Provenance], jsonl.Fields]] = {
    Format.HUMANEVAL: jsonl.humaneval,
    Format.MBPP: jsonl.mbpp,
    Format.DEEPML: deepml.deepml,
}


def _guessed(text: str, name: str) -> Format | None:
    """By the first record that is one."""
    for item in jsonl.records(text, name):
        if isinstance(item, Refused):
            continue
        _, record = item
        for shaped, format in (
            (jsonl.humaneval_shaped, Format.HUMANEVAL),
            (jsonl.mbpp_shaped, Format.MBPP),
            (deepml.deepml_shaped, Format.DEEPML),
        ):
            if shaped(record):
                return format
    return None


def _bank(format: Format, origin: Origin, license_text: str) -> Provenance:
    return Provenance(
        format=format.value,
        license=origin.license,
        attribution=origin.attribution,
        url=origin.url,
        license_text=license_text,
    )


def _license_beside(folder: Path) -> str:
    for name in _LICENSE_NAMES:
        path = folder / name
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 20:
            return path.read_text("utf-8", errors="replace")
    return ""


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PackageError((Finding(name, line, f"is not UTF-8 at byte {error.start}"),)) from error


def _gunzipped(data: bytes, name: str) -> bytes:
    stream = zlib.decompressobj(wbits=31)
    try:
        found = stream.decompress(data, MAX_BANK_BYTES + 1)
    except zlib.error as error:
        raise PackageError((Finding(name, None, f"is no readable gzip file: {error}"),)) from error
    if not stream.eof and len(found) <= MAX_BANK_BYTES:
        raise PackageError((Finding(name, None, "is a gzip file that ends too early"),))
    return found
