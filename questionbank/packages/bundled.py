"""The programs that a package brings: validators, and files that are laid beside answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from questionbank.packages.errors import Findings
from questionbank.packages.files import Files
from questionbank.packages.languages import LANGUAGES, language_of
from questionbank.packages.metadata import LANGUAGE_CODES, Metadata
from questionbank.packages.program import Form, PackageProgram
from questionbank.packages.statements import with_constants

SCRIPTS = frozenset({"build", "run"})
_FOREIGN = {".ctd": "Checktestdata", ".viva": "VIVA"}
_PROSE = frozenset({".md", ".txt", ".rst", ""})
_HEADERS = frozenset({".h", ".hpp", ".hh", ".hxx"})
# As in the format's appendix, beside the extensions of our own languages.
_MORE_EXTENSIONS = {".c++": "cpp", ".C": "cpp", ".py3": "python"}


def source_language(extension: str) -> str | None:
    """The language of ours that files with an extension are in, by the format's table too."""
    return _MORE_EXTENSIONS.get(extension) or language_of(extension)


def read_many(
    files: Files, folder: str, metadata: Metadata, findings: Findings, notices: Findings
) -> tuple[PackageProgram, ...]:
    """A folder each of whose files and folders is a program."""
    programs = []
    headers = {
        path.name: files.data(path)
        for path in files.paths(folder)
        if len(path.parts) == 2 and path.suffix in _HEADERS
    }
    for name in _entries(files, folder):
        path = f"{folder}/{name}"
        suffix = PurePosixPath(name).suffix
        if suffix in _FOREIGN:
            notices.add(
                path, f"is written in {_FOREIGN[suffix]}, which is not run here: write it in Python or C++"
            )
        elif path in files and suffix in _PROSE | _HEADERS:
            continue
        else:
            programs += _program(files, path, metadata, findings, beside=headers)
    return tuple(programs)


def read_one(files: Files, folder: str, metadata: Metadata, findings: Findings) -> PackageProgram | None:
    """A folder that holds one program: a file, a folder, or its files themselves."""
    entries = [name for name in _entries(files, folder) if not _is_prose(files, f"{folder}/{name}")]
    if not entries:
        return None
    path = f"{folder}/{entries[0]}" if len(entries) == 1 else folder
    found = _program(files, path, metadata, findings)
    return found[0] if found else None


def _is_prose(files: Files, path: str) -> bool:
    return path in files and PurePosixPath(path).suffix in _PROSE and PurePosixPath(path).name not in SCRIPTS


def _entries(files: Files, folder: str) -> list[str]:
    return list(dict.fromkeys(path.relative_to(folder).parts[0] for path in files.paths(folder)))


def _program(
    files: Files,
    path: str,
    metadata: Metadata,
    findings: Findings,
    *,
    beside: Mapping[str, bytes] | None = None,
) -> list[PackageProgram]:
    """The program at a path; a single file finds the headers that lie `beside` it."""
    if path in files:
        contents = {**(beside or {}), PurePosixPath(path).name: files.data(path)}
    else:
        contents = {found.relative_to(path).as_posix(): files.data(found) for found in files.paths(path)}
    contents = {name: filled(data, metadata) for name, data in contents.items()}
    if not SCRIPTS & contents.keys() and not languages_of(contents):
        known = ", ".join(sorted(LANGUAGES))
        findings.add(
            path, f"is a program in no language that is known here ({known}), and has no build or run"
        )
        return []
    return [PackageProgram(PurePosixPath(path).name.partition(".")[0], path, contents)]


def languages_of(names: Iterable[str]) -> set[str]:
    """The languages that a program's files are in; headers and data are in none."""
    return {language for name in names if (language := source_language(PurePosixPath(name).suffix))}


def filled(data: bytes, metadata: Metadata) -> bytes:
    """A source with the package's constants in it."""
    if not metadata.constants:
        return data
    try:
        return with_constants(data.decode("utf-8"), metadata.constants).encode()
    except UnicodeDecodeError:
        return data


def read_include(
    files: Files, metadata: Metadata, findings: Findings, notices: Findings
) -> dict[str, dict[str, bytes]]:
    """Files that are laid beside every answer, by language; "default" for all."""
    include: dict[str, dict[str, bytes]] = {}
    for path in files.paths("include"):
        if len(path.parts) < 3:
            findings.add(str(path), "lies in no folder of a language: include/LANGUAGE/ or include/default/")
            continue
        code = path.parts[1]
        language = LANGUAGE_CODES.get(code, code)
        if language not in LANGUAGES and language != "default":
            notices.add(str(path), f"is for answers in {code}, which are not judged here")
        elif language == "default" and metadata.form is Form.LEGACY:
            findings.add(str(path), "include/default/ is no part of the legacy form")
        else:
            name = PurePosixPath(*path.parts[2:]).as_posix()
            include.setdefault(language, {})[name] = filled(files.data(path), metadata)
    return include
