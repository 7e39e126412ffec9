"""Zip archives from strangers, read within bounds, never unpacked by name; and our own, byte for byte."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping

from questionbank.packages.errors import Findings
from questionbank.packages.files import MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES

MAX_ARCHIVE_BYTES = 128 * 1024 * 1024
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20
_MAX_NAME = 300
_IGNORED = re.compile(r"(^|/)(__MACOSX|\.DS_Store|__pycache__|\.git)(/|$)")
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


def read_archive(data: bytes, name: str) -> dict[str, bytes]:
    """Content by path; `PackageError` with each entry at fault where one is.

    Refused are names that lead out of the archive, links and devices, entries given twice, encrypted ones,
    and what is larger than a package may be, by what is really inside and not by what the archive says.
    """
    findings = Findings()
    if len(data) > MAX_ARCHIVE_BYTES:
        findings.add(name, f"has {len(data):,} bytes, the most is {MAX_ARCHIVE_BYTES:,}")
        findings.raise_if_any()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            contents = _contents(archive, findings)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        findings.add(name, f"is no readable zip archive: {_said(error)}")
    findings.raise_if_any()
    return contents


def _contents(archive: zipfile.ZipFile, findings: Findings) -> dict[str, bytes]:
    entries = [one for one in archive.infolist() if not one.is_dir() and not _IGNORED.search(one.filename)]
    if len(entries) > MAX_FILES:
        findings.add("", f"the archive holds {len(entries):,} files, the most is {MAX_FILES:,}")
        return {}
    if sum(one.file_size for one in entries) > MAX_TOTAL_BYTES:
        findings.add("", f"the archive unpacks to more than {MAX_TOTAL_BYTES // 2**20} MiB")
        return {}
    contents: dict[str, bytes] = {}
    left = MAX_TOTAL_BYTES
    for entry in entries:
        shown = ascii(entry.filename[:_MAX_NAME])[1:-1]
        fault = _fault(entry, contents)
        if fault:
            findings.add(shown, fault)
            continue
        try:
            found = _inflated(archive, entry, min(left, MAX_FILE_BYTES))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            findings.add(shown, f"cannot be unpacked: {_said(error)}")
            continue
        if found is None:
            findings.add(shown, "is larger than a package may be: 64 MiB a file, 512 MiB in all")
            return {}
        left -= len(found)
        contents[entry.filename] = found
    _check_folders(contents, findings)
    return contents


def _fault(entry: zipfile.ZipInfo, seen: Mapping[str, bytes]) -> str:
    name, kind = entry.filename, stat.S_IFMT(entry.external_attr >> 16)
    parts = name.split("/")
    if kind not in (0, stat.S_IFREG):
        return "is no regular file: links and devices are not allowed"
    if (
        name.startswith("/")
        or "\\" in name
        or ":" in parts[0]
        or any(part in ("", ".", "..") for part in parts)
    ):
        return "leads out of the archive"
    if len(name) > _MAX_NAME or not name.isprintable():
        return "has a name that is too long or cannot be printed"
    if name in seen:
        return "is there twice"
    if entry.flag_bits & 1:
        return "is encrypted"
    if entry.compress_type not in _METHODS:
        return "is compressed in a way that is not read here: use deflate"
    return ""


def _check_folders(contents: Mapping[str, bytes], findings: Findings) -> None:
    """No file may be another's folder: a disk cannot hold both."""
    for name in contents:
        parts = name.split("/")
        for size in range(1, len(parts)):
            if "/".join(parts[:size]) in contents:
                findings.add(name, f"lies below {'/'.join(parts[:size])}, which is a file")


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes | None:
    parts, size = [], 0
    with archive.open(entry) as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > most:
                return None
            parts.append(chunk)
    return b"".join(parts)


def _said(error: Exception) -> str:
    return ascii(str(error))[1:-1][:200] or type(error).__name__


def split_packages(contents: Mapping[str, bytes], name: str) -> dict[str, dict[str, bytes]]:
    """Packages by name: the archive's root where that is one, called as the archive, else its folders."""
    if "problem.yaml" in contents:
        return {name.rpartition(".")[0] or name: dict(contents)}
    (top, *others) = {path.partition("/")[0] for path in contents} or {""}
    if not others and top not in contents and f"{top}/problem.yaml" not in contents and contents:
        # One folder around everything, as code hosts pack a repository.
        return split_packages({path.partition("/")[2]: data for path, data in contents.items()}, name)
    packages: dict[str, dict[str, bytes]] = {}
    for path, data in contents.items():
        top, _, rest = path.partition("/")
        packages.setdefault(top, {})[rest] = data
    found = {top: files for top, files in packages.items() if "problem.yaml" in files}
    findings = Findings()
    if not found:
        findings.add(
            name, "holds no problem package: no problem.yaml, neither at its root nor in a folder there"
        )
        findings.raise_if_any()
    for top in packages.keys() - found.keys():
        findings.add(top, "is no part of a problem package")
    findings.raise_if_any()
    return found


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """A zip that depends on names and contents alone."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _FIXED_TIME)
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.create_system = 3
            archive.writestr(entry, files[path], zipfile.ZIP_DEFLATED, 9)
    return target.getvalue()
