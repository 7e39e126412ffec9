"""Files as records that know their place: JSON lines, JSON, a table with any separator, short-answer XML."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SEPARATORS = "\t,;|"
_LARGEST_CELL = 10_000_000
"""Characters."""


class UnreadableDataset(ValueError):
    """The file holds no graded answers that can be read; the message says why, and where."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row; `place` is where a person finds it in the file."""

    place: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Line:
    """The cells of one row of a table, and the number of the line in which it begins, from 1."""

    number: int
    cells: Sequence[str]


def records_of(path: Path, *, header: bool = True) -> list[Record]:
    """The records of a file, or of all XML files in a folder. The columns of a table without a `header` are
    called by their number from 1. Raises `UnreadableDataset`."""
    try:
        if path.is_dir() or path.suffix.lower() == ".xml":
            return _xml(path)
        text = _text(path)
    except OSError as error:
        raise UnreadableDataset(f"{error.filename} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableDataset(
            f"{path} is no UTF-8 text: byte {error.start} belongs to no character; save it as UTF-8"
        ) from error
    if not text.strip():
        raise UnreadableDataset(f"{path} is empty")
    if path.suffix.lower() in (".jsonl", ".json", ".ndjson") or text.lstrip().startswith("{"):
        return _json(text, path)
    return _table(text, path, header=header)


def _text(path: Path) -> str:
    """With line ends as \\n; spreadsheets write UTF-8 and UTF-16 with a mark in front."""
    data = path.read_bytes()
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16" if wide else "utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _json(text: str, path: Path) -> list[Record]:
    if text.lstrip().startswith("["):
        whole = _loaded(text, path, 1)
        found = [(f"item {number}", item) for number, item in enumerate(whole, 1)]
    else:
        # Not splitlines: a separator of lines may stand inside a JSON string.
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        found = [(f"line {number}", _loaded(line, path, number)) for number, line in lines]
    for place, item in found:
        if not isinstance(item, dict):
            raise UnreadableDataset(f"{path}, {place}: {item!r:.40} is no object with named parts")
    return [Record(place, item) for place, item in found]


def _loaded(text: str, path: Path, first_line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise UnreadableDataset(f"{path}, line {line}, character {error.colno}: {error.msg}") from error


def _table(text: str, path: Path, *, header: bool) -> list[Record]:
    separator = "\t" if path.suffix.lower() == ".tsv" else _separator(text, header)
    lines = _lines(text, path, separator)
    names = [name.strip() for name in lines[0].cells] if header else []
    if twice := [name for name, count in Counter(names).items() if name and count > 1]:
        raise UnreadableDataset(f"{path} has two columns {twice[0]!r}: give one another name")
    names = names or [str(number) for number in range(1, len(lines[0].cells) + 1)]
    return [
        Record(f"line {line.number}", dict(zip(names, line.cells, strict=False)))
        for line in lines[int(header) :]
    ]


def _lines(text: str, path: Path, separator: str) -> list[_Line]:
    try:
        return _even(text, path, separator, quotes=True)
    except UnreadableDataset as error:
        # Many tab-separated files know no quotes: there a quotation mark is a character like any other.
        try:
            return _even(text, path, separator, quotes=False)
        except UnreadableDataset:
            raise error from None


def _separator(text: str, header: bool) -> str:
    first = text.lstrip("\n").partition("\n")[0]
    if header:
        outside_quotes = re.sub(r'"[^"]*"', "", first)
        return max(_SEPARATORS, key=outside_quotes.count)

    def evenness(separator: str) -> tuple[float, int]:
        """Texts hold commas too, but not as many in each row."""
        widths = [line.count(separator) for line in text.split("\n") if line.strip()]
        width, often = Counter(widths).most_common(1)[0]
        return (often / len(widths) if width else 0.0), width

    return max(_SEPARATORS, key=evenness)


def _even(text: str, path: Path, separator: str, *, quotes: bool) -> list[_Line]:
    """The rows that hold anything. Raises `UnreadableDataset` where one has more or fewer cells than the
    first: there texts would be taken for scores."""
    csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(
        io.StringIO(text),
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
        strict=True,
    )
    lines: list[_Line] = []
    start = 1
    try:
        for cells in reader:
            if any(cells):
                lines.append(_Line(start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        what = "a quotation mark has no partner" if "end of data" in str(error) else str(error)
        raise UnreadableDataset(f"{path}, line {start}: {what}") from error
    width = len(lines[0].cells)
    for line in lines:
        # Spreadsheets end rows with separators of empty columns.
        if len(line.cells) < width or any(line.cells[width:]):
            raise UnreadableDataset(
                f"{path}, line {line.number}: {len(line.cells)} cells, but line {lines[0].number} has "
                f"{width}; a text that holds {separator!r} or a line end must stand in quotes"
            )
    return lines


def _xml(path: Path) -> list[Record]:
    """Short-answer XML: questionText, referenceAnswer, studentAnswer with response and score, or with the
    text itself and an attribute `accuracy`."""
    files = sorted(path.rglob("*.xml")) if path.is_dir() else [path]
    if not files:
        raise UnreadableDataset(f"{path} is a folder without XML files")
    records: list[Record] = []
    for file in files:
        try:
            root = ElementTree.parse(file).getroot()  # noqa: S314 - expat here expands no outside entity
        except ElementTree.ParseError as error:
            raise UnreadableDataset(f"{file} is no XML: {error}") from error
        shared = {
            "q_id": root.get("id") or file.stem,
            "question": root.findtext("questionText") or "",
            "reference": [item.text or "" for item in root.iter("referenceAnswer")],
        }
        for number, answer in enumerate(root.iter("studentAnswer"), 1):
            response = answer.find("response")
            text = (response.text if response is not None else answer.text) or ""
            score = answer.findtext("score") or answer.get("accuracy")
            place = f"answer {number} of {file.name}"
            records.append(Record(place, {**shared, "answer": text, "score": score}))
    return records
