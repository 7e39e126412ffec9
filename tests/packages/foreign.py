"""Writes packages of the Kattis/ICPC problem package format, without anything of ours beside it."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import yaml

CURRENT: dict[str, Any] = {
    "problem_format_version": "2025-09",
    "name": "Doubling",
    "uuid": "00000000-0000-4000-8000-000000000001",
    "license": "cc by-sa",
    "credits": "Some Body <some@body.example>",
    "limits": {"time_limit": 1, "memory": 128},
}
LEGACY: dict[str, Any] = {"license": "cc by-sa", "author": "Some Body", "limits": {"memory": 128}}
DOUBLE = "print(2 * int(input()))\n"
PLAIN: dict[str, str | None] = {
    "statement/problem.en.md": "Double it.\n",
    "data/sample/1.in": "1\n",
    "data/sample/1.ans": "2\n",
    "data/secret/1.in": "5\n",
    "data/secret/1.ans": "10\n",
    "input_validators/number.py": "int(input())\nraise SystemExit(42)\n",
    "submissions/accepted/double.py": DOUBLE,
}
AS_LEGACY: dict[str, str | None] = {
    "statement/problem.en.md": None,
    "problem_statement/problem.en.tex": "\\problemname{Doubling}\nDouble $n$.\n",
}


def foreign_package(
    parent: Path,
    files: dict[str, str | None] | None = None,
    *,
    problem: dict[str, Any] | None = None,
    legacy: bool = False,
    slug: str = "doubling",
) -> Path:
    """A sound package ("double a number") with parts replaced; what is given as None is left out."""
    document = {**(LEGACY if legacy else CURRENT), **(problem or {})}
    contents: dict[str, str | None] = {
        **PLAIN,
        **(AS_LEGACY if legacy else {}),
        "problem.yaml": yaml.safe_dump({key: value for key, value in document.items() if value is not None}),
        **(files or {}),
    }
    folder = parent / slug
    for path, text in contents.items():
        if text is not None:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder
