"""Charts and confusion matrices that a submission leaves as data in out/exhibits.json.

    {"charts": [{"title", "x_label", "y_label", "series": [{"name", "x": [...], "y": [...]}]}],
     "matrices": [{"title", "labels": [...], "counts": [[...]]}]}

They are drawn by our own pages; no HTML and no image ever comes out of a jail.
"""

from __future__ import annotations

import json
import math
from typing import Any

from grader.judge.model import Chart, ConfusionMatrix, Exhibits, Series

EXHIBITS = "exhibits.json"
MAX_BYTES = 256 * 1024
MAX_ITEMS, MAX_SERIES, MAX_POINTS, MAX_CLASSES, MAX_TEXT = 4, 6, 1000, 30, 60


class _Unfit(Exception):
    """Why the exhibits are not shown, for the candidate."""


def read_exhibits(data: bytes | None) -> Exhibits:
    """What can be shown; never raises, for exhibits decide nothing."""
    if data is None:
        return Exhibits()
    try:
        if len(data) > MAX_BYTES:
            raise _Unfit(f"the file is larger than {MAX_BYTES // 1024} KiB")
        document = json.loads(data)
        charts = tuple(_chart(item) for item in _list(document, "charts", MAX_ITEMS))
        matrices = tuple(_matrix(item) for item in _list(document, "matrices", MAX_ITEMS))
    except (ValueError, RecursionError):
        return Exhibits(problem="out/exhibits.json is no JSON")
    except _Unfit as error:
        return Exhibits(problem=f"out/exhibits.json: {error}")
    return Exhibits(charts, matrices)


def _chart(item: Any) -> Chart:
    return Chart(
        title=_text(item, "title"),
        x_label=_text(item, "x_label"),
        y_label=_text(item, "y_label"),
        series=tuple(_series(line) for line in _list(item, "series", MAX_SERIES)),
    )


def _series(line: Any) -> Series:
    x, y = (tuple(_number(value) for value in _list(line, axis, MAX_POINTS)) for axis in ("x", "y"))
    if len(x) != len(y) or not x:
        raise _Unfit("a series needs as many x as y, and one at least")
    return Series(_text(line, "name"), x, y)


def _matrix(item: Any) -> ConfusionMatrix:
    labels = tuple(_plain(label) for label in _list(item, "labels", MAX_CLASSES))
    counts = tuple(tuple(_count(value) for value in _row(row)) for row in _list(item, "counts", MAX_CLASSES))
    if not labels or len(counts) != len(labels) or any(len(row) != len(labels) for row in counts):
        raise _Unfit("a matrix needs one row and one column for each label")
    return ConfusionMatrix(_text(item, "title"), labels, counts)


def _list(item: Any, key: str, most: int) -> list[Any]:
    if not isinstance(item, dict):
        raise _Unfit("an object was expected")
    value = item.get(key, [])
    if not isinstance(value, list) or len(value) > most:
        raise _Unfit(f"{key} must be a list of at most {most}")
    return value


def _row(row: Any) -> list[Any]:
    if not isinstance(row, list) or len(row) > MAX_CLASSES:
        raise _Unfit("counts must be a list of lists")
    return row


def _text(item: Any, key: str) -> str:
    return _plain(item.get(key, "")) if isinstance(item, dict) else ""


def _plain(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        raise _Unfit(f"a name must be plain text of at most {MAX_TEXT} characters")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Unfit("x and y must be numbers")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _Unfit("x and y must be finite")
    return number


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise _Unfit("counts must be whole numbers, 0 or more")
    return value
