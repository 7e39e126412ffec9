"""Writes small problem packages for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

PROBLEM: dict[str, Any] = {
    "problem_format_version": "2025-09",
    "name": {"en": "Example", "zh": "示例"},
    "type": "pass-fail",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "license": "cc by-sa",
    "credits": {"authors": "Touchstone"},
    "limits": {"time_limit": 1, "memory": 128, "output": 1},
}
TOUCHSTONE: dict[str, Any] = {
    "kind": "function",
    "topics": ["algorithms"],
    "difficulty": "easy",
    "expected_minutes": 5,
    "languages": ["python"],
    "function": {
        "name": "solve",
        "parameters": [{"name": "x", "type": "int"}],
        "returns": "int",
    },
}
DOUBLE = "def solve(x):\n    return 2 * x\n"
CASES = [{"name": str(x), "args": [x], "expected": 2 * x} for x in (1, 0, -7, 10**30)]


def write_package(
    parent: Path,
    *,
    problem: dict[str, Any] | None = None,
    touchstone: dict[str, Any] | None = None,
    files: dict[str, str | None] | None = None,
    slug: str = "example",
) -> Path:
    """A sound function package ("double a number") with parts replaced; what is given as None is left out."""
    contents: dict[str, str | None] = {
        "problem.yaml": yaml.safe_dump(_merged(PROBLEM, problem), allow_unicode=True),
        "touchstone.yaml": yaml.safe_dump(_merged(TOUCHSTONE, touchstone), allow_unicode=True),
        "statement/problem.en.md": "Double it.",
        "statement/problem.zh.md": "乘以二。",
        "editorial.en.md": "Multiply.",
        "editorial.zh.md": "相乘。",
        "data/sample/cases.jsonl": json.dumps(CASES[0]),
        "data/secret/cases.jsonl": "\n".join(map(json.dumps, CASES[1:])),
        "submissions/accepted/double.py": DOUBLE,
        **(files or {}),
    }
    folder = parent / slug
    for path, text in contents.items():
        if text is not None:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    return folder


def _merged(document: dict[str, Any], changes: dict[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in {**document, **(changes or {})}.items() if value is not None}


def function_package(
    parent: Path,
    *,
    returns: str,
    expected: Any,
    parameters: dict[str, str] | None = None,
    args: list[Any] | None = None,
    runtime: str = "python",
    numeric: dict[str, float] | None = None,
    limits: dict[str, float] | None = None,
    languages: list[str] | str | None = None,
    accepted: str = ".py",
) -> Path:
    """A function package with one case, the same in the sample and in the secret group."""
    function: dict[str, Any] = {
        "name": "solve",
        "parameters": [{"name": name, "type": word} for name, word in (parameters or {}).items()],
        "returns": returns,
        "runtime": runtime,
    }
    if numeric:
        function["numeric"] = numeric
    case = json.dumps({"name": "one", "args": args or [], "expected": expected})
    return write_package(
        parent,
        problem={"limits": {**PROBLEM["limits"], **(limits or {})}},
        touchstone={"function": function, "languages": languages or ["python"]},
        files={
            "data/sample/cases.jsonl": case,
            "data/secret/cases.jsonl": case,
            "submissions/accepted/double.py": None,
            f"submissions/accepted/double{accepted}": DOUBLE,
        },
    )


SUMMED: dict[str, tuple[int, ...]] = {
    "sample/1": (20, 22),
    "secret/1": (1, 2, 3),
    "secret/2": (),
    "secret/3": (-5,),
}


def program_package(parent: Path, *, languages: list[str] | str = "all", **parts: Any) -> Path:
    """A sound program package: the sum of the numbers that follow the first one."""
    data: dict[str, str | None] = {}
    for name, given in SUMMED.items():
        text = f"{len(given)}\n{' '.join(map(str, given))}\n"
        data |= {f"data/{name}.in": text, f"data/{name}.ans": f"{sum(given)}\n"}
    absent = dict.fromkeys(
        ("data/sample/cases.jsonl", "data/secret/cases.jsonl", "submissions/accepted/double.py"), None
    )
    touchstone = {key: TOUCHSTONE[key] for key in ("topics", "difficulty", "expected_minutes")}
    files = {
        "touchstone.yaml": yaml.safe_dump(touchstone | {"kind": "pass-fail", "languages": languages}),
        "submissions/accepted/sum.py": "print(sum(map(int, open(0).read().split()[1:])))",
        **absent,
        **data,
        **parts.pop("files", {}),
    }
    return write_package(parent, files=files, **parts)
