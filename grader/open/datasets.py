"""Answers that people have graded, out of a file of any form: each part is found by its column's name."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from grader.open.records import Record, UnreadableDataset, records_of

__all__ = ["Dataset", "Row", "UnreadableDataset", "read_dataset"]

_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("q_id", "question_id", "id_question", "question_number", "题号", "问题编号"),
    "question": ("question", "question_text", "prompt", "query", "q", "问题", "题目", "题干"),
    "answer": (
        *("student_answer", "student_response", "candidate_answer", "student", "response", "provided_answer"),
        *("answer", "answer_text", "text", "essay", "学生答案", "考生答案", "作答", "回答", "答案"),
    ),
    "score": (
        *("score", "score_avg", "average_score", "score_average", "grade", "grades", "human_score", "mark"),
        *("grades_round", "normalized_grade", "average", "avg", "rating", "points", "label", "gold"),
        *("accuracy", "verification_feedback", "gold_label", "y", "得分", "分数", "评分", "标签"),
    ),
    "reference": (
        *("reference", "references", "reference_answer", "reference_answers", "rubric", "desired_answer"),
        *("model_answer", "ideal_answer", "gold_answer", "correct_answer", "teacher_answer"),
        *("sample_answer", "target", "expected", "instructor_answer", "provided_answer", "answer"),
        *("参考答案", "标准答案", "评分标准", *(f"reference{number}" for number in range(1, 10))),
    ),
}
"""Of each part the usual names, the surest first. The answer comes before the reference, which takes all that
is left: where both a `student_answer` and an `answer` are there, the second is the reference."""
_LABELS: Mapping[str, float] = {
    "correct": 1,
    "true": 1,
    "yes": 1,
    "right": 1,
    "pass": 1,
    "entailment": 1,
    "partially_correct_incomplete": 0.5,
    "partially_correct": 0.5,
    "partial": 0.5,
    "正确": 1,
    "对": 1,
    "部分正确": 0.5,
    "incorrect": 0,
    "错误": 0,
    "错": 0,
    "contradictory": 0,
    "irrelevant": 0,
    "non_domain": 0,
    "wrong": 0,
    "false": 0,
    "no": 0,
    "fail": 0,
}
_NO_SCORE = frozenset({"", "-", "–", "?", "nan", "na", "n/a", "null", "none"})
_PERCENT = 100.0
_SCALES = (1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0, 100.0)
_STEPS = (1.0, 0.5, 0.25, 0.1)
_ENOUGH = 0.95


class _Unit(Enum):
    NUMBER = "a number"
    PERCENT = "a percentage"
    LABEL = "a label"


@dataclass(frozen=True, slots=True)
class _Mark:
    value: float
    unit: _Unit


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
    """Rows without a score."""


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
    if scale is not None and not (scale > 0 and math.isfinite(scale)):
        raise UnreadableDataset(f"the scale {scale:g} is no highest score: it must be above 0")
    numbered = any(name.isdigit() for names in given.values() for name in names.split("+"))
    records = records_of(path, header=not numbered)
    places = _places(records, given, path)
    texts = _questions(questions) if questions else {}
    marked = [(record, _mark(record, places["score"][0], path)) for record in records]
    found = [(record, mark) for record, mark in marked if mark is not None]
    if not found:
        raise UnreadableDataset(
            f"{path} holds no row with a score: the column {places['score'][0]!r} has none in "
            f"{len(records)} rows"
        )
    highest = _scale(found, places["score"][0], path, scale)
    rows = tuple(_row(record, places, mark.value, texts, path) for record, mark in found)
    return Dataset(rows, highest, _step([row.score for row in rows], highest), len(records) - len(rows))


def _scale(found: Sequence[tuple[Record, _Mark]], column: str, path: Path, wanted: float | None) -> float:
    """The highest score there may be. Raises `UnreadableDataset` where the scores cannot be on one scale."""
    unit = found[0][1].unit
    for record, mark in found:
        if mark.unit is not unit:
            raise UnreadableDataset(
                f"{_where(path, record, column)}: {record.values[column]!r} is {mark.unit.value}, but before "
                f"it stands {unit.value}: scores must be of one kind"
            )
    largest = _PERCENT if unit is _Unit.PERCENT else max(mark.value for _, mark in found)
    scale = wanted or next((size for size in _SCALES if largest <= size), largest)
    for record, mark in found:
        if not 0 <= mark.value <= scale:
            beyond = "below 0" if mark.value < 0 else f"above the scale {scale:g}"
            raise UnreadableDataset(f"{_where(path, record, column)}: {mark.value:g} is {beyond}")
    return scale


def _step(scores: Sequence[float], scale: float) -> float:
    if scale > 1:
        return 1.0 if scale <= 10 else scale / 10

    def fits(step: float) -> bool:
        return sum(math.isclose(score / step, round(score / step), abs_tol=1e-6) for score in scores) >= (
            _ENOUGH * len(scores)
        )

    return next((step for step in _STEPS if fits(step)), _STEPS[-1])


def _questions(path: Path) -> dict[str, str]:
    records = records_of(path, header=False)
    return {str(record.values["1"]): str(record.values["2"]) for record in records if "2" in record.values}


def _places(records: Sequence[Record], given: Mapping[str, str], path: Path) -> dict[str, list[str]]:
    """The columns of each part: those that were asked for, else those with a usual name."""
    present = {name: None for record in records for name in record.values}
    known = {re.sub(r"[\W_]", "", str(name).lower()): name for name in present}
    places = {part: names.split("+") for part, names in given.items()}
    for name in (name for names in places.values() for name in names):
        if name not in present:
            raise UnreadableDataset(f"{path} has no column {name!r}; it has {', '.join(map(str, present))}")
    for part, names in _NAMES.items():
        if part not in places:
            taken = {name for others in places.values() for name in others}
            usual = (known.get(name.replace("_", "")) for name in names)
            found = [name for name in dict.fromkeys(usual) if name is not None and name not in taken]
            places[part] = found if part == "reference" else found[:1]
    for part in ("answer", "score"):
        if not places[part]:
            raise UnreadableDataset(
                f"{path} has no column for the {part}: name it with --columns {part}=NAME; "
                f"it has {', '.join(map(str, present))}"
            )
    if not places["id"] and not places["question"]:
        raise UnreadableDataset(
            f"{path} says of no answer to which question it belongs: name a column with "
            f"--columns question=NAME or id=NAME; it has {', '.join(map(str, present))}"
        )
    return places


def _row(
    record: Record,
    places: Mapping[str, Sequence[str]],
    score: float,
    questions: Mapping[str, str],
    path: Path,
) -> Row:
    parts = {part: [record.values.get(name) for name in names] for part, names in places.items()}
    number = _text(parts["id"][0]).strip() if parts["id"] else ""
    question = _text(parts["question"][0]) if parts["question"] else questions.get(number, "")
    references = dict.fromkeys(text for value in parts["reference"] for text in _texts(value))
    question_id = " ".join(question.lower().split()) or number
    if not question_id:
        column = (places["question"] or places["id"])[0]
        raise UnreadableDataset(
            f"{_where(path, record, column)}: empty, so the answer belongs to no question"
        )
    wanted = tuple(text for text in references if text.strip().lower() not in ("", "nan"))
    return Row(question_id, question, wanted, _text(parts["answer"][0]), score)


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
    # JSON written by data frames says NaN where there is nothing.
    return "" if value is None or value != value else str(value)


def _mark(record: Record, column: str, path: Path) -> _Mark | None:
    """The score of one row; None where it has none. Raises `UnreadableDataset` where it says what is none."""
    text = _text(record.values.get(column)).strip().lower()
    if text in _NO_SCORE:
        return None
    if (word := re.sub(r"[\s-]+", "_", text)) in _LABELS:
        return _Mark(float(_LABELS[word]), _Unit.LABEL)
    bare = text.removesuffix("%").strip()
    if re.fullmatch(r"-?\d+,\d+", bare):
        bare = bare.replace(",", ".")
    try:
        value = float(bare)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UnreadableDataset(
            f"{_where(path, record, column)}: {text!r:.40} is neither a number nor a label such as "
            "correct or incorrect; leave it empty where there is no score"
        )
    return _Mark(value, _Unit.PERCENT if text.endswith("%") else _Unit.NUMBER)


def _where(path: Path, record: Record, column: str) -> str:
    return f"{path}, {record.place}, column {column!r}"
