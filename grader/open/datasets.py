"""Answers that people have graded: JSON lines, JSON, a table with any separator, or a folder of XML."""

from __future__ import annotations

import csv
import io
import json
import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("q_id", "qid", "question_id", "questionid", "id_question", "question_number"),
    "question": ("question", "question_text", "questiontext", "prompt", "query", "q"),
    "reference": (
        *("reference", "references", "reference_answer", "referenceanswer", "reference_answers", "rubric"),
        *(
            "desired_answer",
            "model_answer",
            "ideal_answer",
            "gold_answer",
            "correct_answer",
            "teacher_answer",
        ),
        *("sample_answer", "target", "expected", "instructor_answer", "provided_answer"),
        *(f"reference{number}" for number in range(1, 10)),
    ),
    "answer": (
        *("answer", "student_answer", "studentanswer", "student_response", "response", "student", "text"),
        *("provided_answer", "answer_text", "essay", "candidate_answer"),
    ),
    "score": (
        *("score", "score_avg", "average_score", "score_average", "grade", "grades", "human_score", "mark"),
        *(
            "grades_round",
            "normalized_grade",
            "average",
            "avg",
            "rating",
            "points",
            "label",
            "gold",
            "accuracy",
        ),
        *("verification_feedback", "gold_label", "y"),
    ),
}
_LABELS: Mapping[str, float] = {
    "correct": 1,
    "true": 1,
    "yes": 1,
    "right": 1,
    "pass": 1,
    "entailment": 1,
    "partially_correct_incomplete": 0.5,
    "partially_correct": 0.5,
    "partially correct": 0.5,
    "partial": 0.5,
    "incorrect": 0,
    "contradictory": 0,
    "irrelevant": 0,
    "non_domain": 0,
    "wrong": 0,
    "false": 0,
    "no": 0,
    "fail": 0,
}
_SCALES = (1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0, 100.0)
_STEPS = (1.0, 0.5, 0.25, 0.1)
_ENOUGH = 0.95


class UnreadableDataset(ValueError):
    """The file holds no graded answers that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One graded answer; `score` is what the file says, on its own scale. `references` may be empty.

    Answers to one question share their `question_id`, which is made of its text where there is one: the same
    question under two numbers would be seen in training.
    """

    question_id: str
    question: str
    references: tuple[str, ...]
    answer: str
    score: float


@dataclass(frozen=True, slots=True)
class Dataset:
    """Scores run from 0 to `scale`; people gave them in steps of `step` (in the scale's units)."""

    rows: tuple[Row, ...]
    scale: float
    step: float
    left_out: int
    """Rows without a score that can be read."""


def read_dataset(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    questions: Path | None = None,
    scale: float | None = None,
) -> Dataset:
    """The graded answers at `path`, a file or a folder of XML files.

    `columns` maps id, question, reference, answer, score to a column's name, or to its number, counted
    from 1, in a table without a header; several columns of references are joined by "+". `questions` is a
    table of ids and questions, for files that hold only ids. Raises `UnreadableDataset`.
    """
    given = dict(columns or {})
    if unknown := given.keys() - _NAMES.keys():
        raise UnreadableDataset(f"there is no part {sorted(unknown)[0]!r}: name {', '.join(_NAMES)}")
    try:
        records = _xml(path) if path.is_dir() or path.suffix == ".xml" else _records(path, given)
        texts = _questions(questions) if questions else {}
    except OSError as error:
        raise UnreadableDataset(f"{error.filename} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableDataset(
            f"{path} is no UTF-8 text: byte {error.start} belongs to no character"
        ) from error
    rows = [_row(record, texts) for record in _assigned(records, given, path)]
    kept = tuple(row for row in rows if row is not None)
    if not kept:
        raise UnreadableDataset(f"{path} holds no row with an answer's score")
    largest = max(row.score for row in kept)
    if min(row.score for row in kept) < 0:
        raise UnreadableDataset(f"{path} holds scores below 0")
    found = scale or next((size for size in _SCALES if largest <= size), largest)
    if largest > found:
        raise UnreadableDataset(f"{path} holds the score {largest:g}, above the scale {found:g}")
    return Dataset(kept, found, _step([row.score for row in kept], found), len(rows) - len(kept))


def _step(scores: Sequence[float], scale: float) -> float:
    if scale > 1:
        return 1.0 if scale <= 10 else scale / 10

    def fits(step: float) -> bool:
        return sum(math.isclose(score / step, round(score / step), abs_tol=1e-6) for score in scores) >= (
            _ENOUGH * len(scores)
        )

    return next((step for step in _STEPS if fits(step)), _STEPS[-1])


def _records(path: Path, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix in (".jsonl", ".json", ".ndjson"):
        return _json(text, path)
    return _table(text, header=not any(name.isdigit() for name in columns.values()))


def _json(text: str, path: Path) -> list[dict[str, Any]]:
    try:
        whole = json.loads(text) if text.lstrip().startswith("[") else None
        found = (
            whole if whole is not None else [json.loads(line) for line in text.split("\n") if line.strip()]
        )
    except json.JSONDecodeError as error:
        raise UnreadableDataset(f"{path} is no JSON at line {error.lineno}: {error.msg}") from error
    if not all(isinstance(record, dict) for record in found):
        raise UnreadableDataset(f"{path} holds something that is no object")
    return list(found)


def _table(text: str, *, header: bool) -> list[dict[str, Any]]:
    csv.field_size_limit(10_000_000)
    first = text.partition("\n")[0]
    separator = max("\t,;|", key=first.count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(row)]
    if not header:
        width = max(map(len, rows), default=0)
        return [dict(zip(map(str, range(1, width + 1)), row, strict=False)) for row in rows]
    return [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]


def _xml(path: Path) -> list[dict[str, Any]]:
    """Short-answer XML: questionText, referenceAnswer, studentAnswer with response and score, or with the
    text itself and an attribute `accuracy`."""
    files = sorted(path.rglob("*.xml")) if path.is_dir() else [path]
    if not files:
        raise UnreadableDataset(f"{path} is a folder without XML files")
    records: list[dict[str, Any]] = []
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
        for answer in root.iter("studentAnswer"):
            response = answer.find("response")
            text = (response.text if response is not None else answer.text) or ""
            score = answer.findtext("score") or answer.get("accuracy")
            records.append({**shared, "answer": text, "score": score})
    return records


def _questions(path: Path) -> dict[str, str]:
    rows = _table(path.read_text(encoding="utf-8-sig"), header=False)
    return {row["1"]: row["2"] for row in rows if "2" in row}


def _assigned(
    records: Sequence[Mapping[str, Any]], given: Mapping[str, str], path: Path
) -> Iterable[dict[str, Any]]:
    """Each record by part: what was asked for, else the column with a known name."""
    present = {name: None for record in records for name in record}
    known = {str(name).strip().lower().replace(" ", "_"): name for name in present}
    places: dict[str, list[str]] = {}
    for part, names in _NAMES.items():
        if part in given:
            wanted = given[part].split("+")
            if missing := [name for name in wanted if name not in present]:
                raise UnreadableDataset(
                    f"{path} has no column {missing[0]!r}; it has {', '.join(map(str, present))}"
                )
            places[part] = wanted
        else:
            taken = {place for places_ in places.values() for place in places_}
            found = [known[name] for name in names if name in known and known[name] not in taken]
            places[part] = found if part == "reference" else found[:1]
    for part in ("answer", "score"):
        if not places[part]:
            raise UnreadableDataset(
                f"{path} has no column for the {part}: name it with --columns {part}=NAME; "
                f"it has {', '.join(map(str, present))}"
            )
    if not places["id"] and not places["question"]:
        raise UnreadableDataset(f"{path} says of no answer to which question it belongs")
    for record in records:
        yield {part: [record.get(place) for place in names] for part, names in places.items()}


def _row(parts: Mapping[str, Sequence[Any]], questions: Mapping[str, str]) -> Row | None:
    score = _score(parts["score"][0])
    if score is None:
        return None
    number = _text(parts["id"][0]) if parts["id"] else ""
    question = _text(parts["question"][0]) if parts["question"] else questions.get(number, "")
    references = tuple(
        dict.fromkeys(text for value in parts["reference"] for text in _texts(value) if text.strip())
    )
    return Row(
        " ".join(question.lower().split()) or number, question, references, _text(parts["answer"][0]), score
    )


def _texts(value: Any) -> list[str]:
    """The texts of a reference or a rubric: a text, a list of them, or of objects with a `statement`."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return [value]
    if isinstance(value, Mapping):
        inner = next((value[key] for key in ("points", "statement", "text", "answer") if key in value), None)
        return _texts(inner if inner is not None else list(value.values()))
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return [_text(value)]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _score(value: Any) -> float | None:
    text = _text(value).strip().lower()
    if text in _LABELS:
        return float(_LABELS[text])
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
