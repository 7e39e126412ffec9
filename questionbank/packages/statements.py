"""Statements and solutions of a package in Markdown, whatever they were written in, with their pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from questionbank.packages.errors import Findings
from questionbank.packages.files import Files
from questionbank.packages.latex import LatexError, to_markdown
from questionbank.packages.metadata import DOCUMENT, Metadata
from questionbank.packages.problem_schemas import LANGUAGE_CODE
from questionbank.packages.program import Form

_FILE = re.compile(rf"(?P<stem>problem|solution)(\.(?P<language>{LANGUAGE_CODE}))?\.(?P<type>md|tex|pdf)")
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".svg", ".pdf"})
_MARKDOWN_PICTURE = re.compile(r"!\[[^\]]*+(?:\]\(\s*+<?([^)\s>]+))?")
_CONSTANT = re.compile(r"\{\{\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*\}\}")
_SAMPLE_TAGS = frozenset({"nextsample", "remainingsamples"})
_FOLDERS = {
    Form.LEGACY: ("problem_statement",),
    Form.DRAFT: ("statement", "problem_statement"),
    Form.CURRENT: ("statement",),
}


@dataclass(slots=True)
class Texts:
    """What was found: Markdown and names by language, and files that the texts show, by their names."""

    statements: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    solutions: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)


def with_constants(text: str, constants: Mapping[str, str]) -> str:
    """The text with `{{name}}` replaced where such a constant is defined."""
    return _CONSTANT.sub(lambda found: constants.get(found[1], found[0]), text) if constants else text


def read_texts(files: Files, metadata: Metadata, findings: Findings, notices: Findings) -> Texts:
    """Every statement and solution. What cannot be shown is a finding, or a notice where it is a detail."""
    texts = Texts()
    for folder in _FOLDERS[metadata.form]:
        _read_folder(files, folder, "problem", metadata, texts, findings, notices)
    _read_folder(files, "solution", "solution", metadata, texts, findings, notices)
    folders = " or ".join(f"{folder}/" for folder in _FOLDERS[metadata.form])
    if not texts.statements:
        findings.add(
            folders.split()[0], f"there is no statement: problem.LANGUAGE.md, .tex or .pdf in {folders}"
        )
    _name(metadata, texts, findings)
    return texts


def _read_folder(
    files: Files,
    folder: str,
    stem: str,
    metadata: Metadata,
    texts: Texts,
    findings: Findings,
    notices: Findings,
) -> None:
    for path in files.paths(folder):
        match = _FILE.fullmatch(path.name) if len(path.parts) == 2 else None
        if match is None or match["stem"] != stem:
            if path.suffix.lower() in _PICTURES:
                texts.pictures["/".join(path.parts[1:])] = files.data(path)
            continue
        language = match["language"] or "en"
        found = texts.statements if stem == "problem" else texts.solutions
        if match["language"] is None and stem == "problem" and metadata.form is Form.CURRENT:
            findings.add(str(path), "a statement is called problem.LANGUAGE with md, tex or pdf")
        elif language in found:
            findings.add(str(path), f"is a second text in {language}")
        else:
            text = _text(files, path, language, metadata, texts, findings, notices)
            if text is not None:
                found[language] = text


def _text(
    files: Files,
    path: PurePosixPath,
    language: str,
    metadata: Metadata,
    texts: Texts,
    findings: Findings,
    notices: Findings,
) -> str | None:
    if path.suffix == ".pdf":
        texts.pictures[path.name] = files.data(path)
        return f"[{path.name}](<{path.name}>)\n"
    source = files.text(path, findings)
    if source is None:
        return None
    if not source.strip():
        findings.add(str(path), "is empty")
        return None
    if path.suffix == ".md":
        shown = _CONSTANT.sub(lambda tag: "" if tag[1] in _SAMPLE_TAGS else tag[0], source)
        _check_pictures(files, path, pictures_of(shown), notices)
        return with_constants(shown, metadata.constants)
    try:
        converted = to_markdown(source, language, metadata.constants)
    except LatexError as error:
        findings.add(str(path), str(error), error.line)
        return None
    for command, line in converted.unknown.items():
        notices.add(str(path), f"\\{command} is not known: what stands in its braces is shown as text", line)
    if converted.name and path.name.startswith("problem"):
        texts.names.setdefault(language, converted.name)
    _check_pictures(files, path, converted.pictures, notices)
    return _with_extensions(files, path, converted.markdown, converted.pictures)


def pictures_of(markdown: str) -> list[str]:
    """The paths of the pictures in a text. What only begins as a picture is passed over whole."""
    return [found for found in _MARKDOWN_PICTURE.findall(markdown) if found]


def _check_pictures(files: Files, path: PurePosixPath, pictures: list[str], notices: Findings) -> None:
    for picture in pictures:
        if "://" in picture:
            notices.add(str(path), f"the picture {picture} lies elsewhere and is not shown")
        elif not any(str(path.parent / name) in files for name in _spellings(picture)):
            notices.add(str(path), f"the picture {picture} is not beside it")


def _spellings(picture: str) -> list[str]:
    """LaTeX may leave the extension away."""
    return [picture, *(f"{picture}{extension}" for extension in (".png", ".jpg", ".jpeg", ".svg", ".pdf"))]


def _with_extensions(files: Files, path: PurePosixPath, markdown: str, pictures: list[str]) -> str:
    for picture in pictures:
        whole = next((name for name in _spellings(picture) if str(path.parent / name) in files), picture)
        markdown = markdown.replace(f"](<{picture}>)", f"](<{whole}>)")
    return markdown


def _name(metadata: Metadata, texts: Texts, findings: Findings) -> None:
    """The names that count: those of problem.yaml, else those that the statements give themselves."""
    stated = dict(metadata.names)
    if metadata.form is Form.CURRENT and texts.statements and set(stated) != set(texts.statements):
        missing = ", ".join(sorted(set(texts.statements) ^ set(stated)))
        findings.add(DOCUMENT, f"name: names and statements are not in the same languages: {missing}")
    if metadata.form is Form.LEGACY and len(stated) == 1 and texts.statements:
        # One name, in the language of some statement.
        (name,) = stated.values()
        stated = {language: texts.names.get(language, name) for language in texts.statements}
    texts.names = {**texts.names, **stated}
    if not texts.names:
        findings.add(DOCUMENT, "name: neither problem.yaml nor a statement names the problem")
