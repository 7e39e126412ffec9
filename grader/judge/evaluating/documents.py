"""JSON and CSV files of a candidate: bounded, without duplicates, without numbers that are none."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

from .running import Unusable, contents, shown

MAX_DEPTH = 32


def read_json(path: Path, *, most_bytes: int) -> Any:
    """The document; refuses NaN, infinities, duplicate keys and more than MAX_DEPTH levels."""
    name = shown(path)
    try:
        text = contents(path, most_bytes).decode("utf-8")
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{name} is no JSON: {str(error)[:120]}") from error
    _check_depth(value, name)
    return value


def read_csv(path: Path, *, header: tuple[str, ...], rows: int, most_bytes: int) -> list[list[str]]:
    """The records below a header line that must be exactly `header`; exactly `rows` of them."""
    name = shown(path)
    try:
        text = contents(path, most_bytes).decode("utf-8-sig")
        found = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (ValueError, csv.Error) as error:
        raise Unusable(f"{name} is no CSV file in UTF-8: {str(error)[:120]}") from error
    if not found or tuple(found[0]) != header:
        raise Unusable(f"{name} must begin with the line {','.join(header)}")
    records = found[1:]
    if len(records) != rows:
        raise Unusable(f"{name} must have {rows} records below its header, not {len(records)}")
    if any(len(record) != len(header) for record in records):
        raise Unusable(f"{name}: a record has another number of fields than the header")
    return records


def number(document: Any, key: str, name: str, *, low: float = -math.inf, high: float = math.inf) -> float:
    """A number of a JSON object between two bounds."""
    value = document.get(key) if isinstance(document, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        bounds = "" if math.isinf(low) and math.isinf(high) else f" from {low:g} to {high:g}"
        raise Unusable(f"{name} must hold {key}: a number{bounds}")
    return float(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _check_depth(value: Any, name: str) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return
    raise Unusable(f"{name} is nested more than {MAX_DEPTH} levels deep")
