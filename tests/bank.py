"""Small published problems of each kind, and people of each role."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from fixtures.demo import load_topics
from questionbank.models import ProblemVersion, User
from questionbank.services import publish
from tests.packages.writing import DOUBLE, write_package

FUNCTION, PROGRAM, CHOICE, OPEN, ARTIFACT = "double", "sum", "pick", "explain", "model"
RIGHT = {
    FUNCTION: DOUBLE,
    PROGRAM: "print(sum(map(int, input().split())))",
    CHOICE: '["right"]',
    OPEN: "Because memory is read once a token.",
    ARTIFACT: "open('out/model.bin', 'wb').write(b'x')",
}
DATA_NAME = "bank-of-tests"
_EVALUATOR = """
from pathlib import Path
import numpy as np
Path("out/measuring").touch()
np.save("out/predictions.npy", np.ones(8, dtype=np.int64))
Path("out/measured.json").write_text("{}")
"""
_NO_DATA: dict[str, str | None] = dict.fromkeys(("data/sample/cases.jsonl", "data/secret/cases.jsonl"))


def _localised(text: str) -> dict[str, str]:
    return {"en": text, "zh": f"{text}（中文）"}


def write_function(parent: Path) -> Path:
    """ "double a number": one sample, three hidden tests."""
    return write_package(parent, slug=FUNCTION)


def write_program(parent: Path) -> Path:
    """ "add the numbers of a line": one sample, one hidden test."""
    files = _NO_DATA | {
        "data/sample/1.in": "1 2\n",
        "data/sample/1.ans": "3\n",
        "data/secret/1.in": "20 22\n",
        "data/secret/1.ans": "42\n",
        "submissions/accepted/double.py": RIGHT[PROGRAM],
    }
    return write_package(
        parent, slug=PROGRAM, touchstone={"kind": "pass-fail", "function": None}, files=files
    )


def write_choice(parent: Path) -> Path:
    """Two options, one of them right."""
    options = [
        {"id": word, "correct": word == "right", "text": _localised(word), "explanation": _localised("why")}
        for word in ("right", "wrong")
    ]
    touchstone = {"kind": "choice", "function": None, "languages": None, "choice": {"options": options}}
    files = _NO_DATA | {"submissions/accepted/double.py": None, "submissions/accepted/a.json": RIGHT[CHOICE]}
    return write_package(parent, slug=CHOICE, touchstone=touchstone, files=files)


def write_open(parent: Path) -> Path:
    """Two rubric points of weight 0.6 and 0.4; the first has a hint and a follow-up question."""
    points: list[dict[str, Any]] = [
        {"id": name, "weight": weight, "statement": _localised(f"says {name}")}
        for name, weight in (("cause", 0.6), ("remedy", 0.4))
    ]
    points[0] |= {"hint": _localised("think of causes"), "follow_up": _localised("What causes it?")}
    rubric = {
        "points": points,
        "model_answer": _localised("The model answer."),
        "follow_ups": [_localised("What else?")],
    }
    graded = [
        {
            "language": "en",
            "text": "Memory is read, and batches help.",
            "points": {"cause": "met", "remedy": "met"},
        },
        {"language": "en", "text": "Every token reads memory.", "points": {"cause": "met"}},
        {"language": "en", "text": "Faster chips are needed.", "points": {}},
    ]
    files = _NO_DATA | {
        "submissions/accepted/double.py": None,
        "rubric.yaml": json.dumps(rubric),
        "graded.yaml": json.dumps({"answers": graded}),
    }
    touchstone = {"kind": "open", "function": None, "languages": None}
    return write_package(parent, slug=OPEN, touchstone=touchstone, files=files)


def write_artifact(parent: Path) -> Path:
    """An exercise whose hidden data no recipe has installed."""
    metric = {
        "key": "accuracy",
        "name": _localised("Accuracy"),
        "measure": "accuracy",
        "inputs": {"predictions": "out/predictions.npy", "labels": "hidden/labels.npy"},
        "direction": "min",
        "threshold": 0.5,
    }
    artifact = {"outputs": ["model.bin"], "hidden": DATA_NAME, "metrics": [metric]}
    files = _NO_DATA | {
        "submissions/accepted/double.py": RIGHT[ARTIFACT],
        "evaluator/evaluate.py": _EVALUATOR,
    }
    touchstone = {"kind": "artifact", "function": None, "artifact": artifact}
    return write_package(parent, slug=ARTIFACT, touchstone=touchstone, files=files)


WRITERS: dict[str, Callable[[Path], Path]] = {
    FUNCTION: write_function,
    PROGRAM: write_program,
    CHOICE: write_choice,
    OPEN: write_open,
    ARTIFACT: write_artifact,
}


def published(parent: Path, *slugs: str) -> dict[str, ProblemVersion]:
    """The named problems in the bank, all where none is named."""
    load_topics()
    _install_data()
    return {slug: publish(WRITERS[slug](parent)) for slug in slugs or WRITERS}


def _install_data() -> None:
    """What a recipe would leave for the artifact problem."""
    hidden: Path = settings.DATA_ROOT / "hidden" / DATA_NAME
    (settings.DATA_ROOT / "public" / DATA_NAME).mkdir(parents=True, exist_ok=True)
    (hidden / "inputs").mkdir(parents=True, exist_ok=True)
    if not (hidden / "labels.npy").exists():
        np.save(hidden / "new.npy", np.ones(8, dtype=np.int64))
        (hidden / "new.npy").replace(hidden / "labels.npy")  # whole at once: another lane may read it now


def candidate(name: str = "candidate", **fields: Any) -> User:
    return User.objects.create_user(name, password="a long enough passphrase", **fields)


def interviewer(name: str = "interviewer") -> User:
    return candidate(name, is_interviewer=True)
