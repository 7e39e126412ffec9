"""How an evaluator reports: figures, a refusal, or nothing, which is the exercise's own failure."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

ARTIFACT, INPUTS, OUT = Path("artifact"), Path("inputs"), Path("out")
REJECTED = 43


class Unusable(Exception):
    """The artifact cannot be measured; the message is for the candidate."""


def measuring() -> None:
    """Says that everything from here on depends on the artifact: a death is its doing."""
    (OUT / "measuring").touch()


def run(measure: Callable[[], Mapping[str, float | str]]) -> NoReturn:
    """Runs the evaluator's one function and ends the process as the judge expects it.

    `measure` leaves arrays below OUT itself and returns the figures of measured.json.
    """
    try:
        report = measure()
    except Unusable as error:
        refuse(str(error))
    except MemoryError:
        if (OUT / "measuring").exists():
            refuse("the artifact needs more memory than its measurement has")
        raise
    (OUT / "measured.json").write_text(json.dumps(dict(report)), encoding="utf-8")
    sys.exit(0)


def refuse(message: str) -> NoReturn:
    """Ends the evaluation: the artifact is unusable."""
    (OUT / "rejected.json").write_text(json.dumps({"message": message}), encoding="utf-8")
    sys.exit(REJECTED)


def contents(path: Path, most_bytes: int) -> bytes:
    """The file's bytes; `Unusable` where there are more than `most_bytes`."""
    check_size(path, most_bytes)
    return path.read_bytes()


def check_size(path: Path, most_bytes: int) -> None:
    """Refuses a file that is too large, and notes that measuring began where it is the artifact's."""
    if path.parts[:1] == ARTIFACT.parts:
        measuring()
    if not path.is_file():
        raise Unusable(f"{shown(path)} is missing")
    size = path.stat().st_size
    if size > most_bytes:
        raise Unusable(f"{shown(path)} has {size:,} bytes, the most is {most_bytes:,}")


def shown(path: Path) -> str:
    """The file's name as the candidate knows it."""
    return path.relative_to(ARTIFACT).as_posix() if path.parts[:1] == ARTIFACT.parts else path.as_posix()
