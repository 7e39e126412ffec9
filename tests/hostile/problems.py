"""The problems that attacks are sent to: small, and with limits that are met fast."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from questionbank.packages.model import Package
from questionbank.packages.reader import read_package
from tests.hostile.attack import Target
from tests.packages.writing import PROBLEM, TOUCHSTONE, program_package, write_package

HONEST: Mapping[Target, str] = {
    Target.PROGRAM: "print(2 * int(input()))",
    Target.FUNCTION: "def solve(x): return {1: 10, 2: 903, 3: 8_112_963_841_460_668}[x]",
    Target.ARRAY: "import numpy as np\ndef solve(n): return np.arange(float(n)) ** 2",
    Target.FLOATS: "def solve(n): return [x / 2 for x in range(n)]",
}
SECRET = 8_112_963_841_460_668
"""What the last hidden test of `Target.FUNCTION` expects."""
_TESTS_OF_ANOTHER_PROBLEM = ("data/secret/3.in", "data/secret/3.ans")
_TIGHT = {"time_limit": 0.6, "memory": 128, "output": 1}


def write_problems(parent: Path) -> dict[Target, Package]:
    """Every target as a package that the reader has read."""
    return {target: read_package(_write(parent / target.name.lower(), target)) for target in Target}


def _write(parent: Path, target: Target) -> Path:
    match target:
        case Target.PROGRAM:
            return _program(parent, _TIGHT, wall_s=1.5)
        case Target.ROOMY:
            return _program(parent, _TIGHT | {"memory": 1024}, wall_s=1.5)
        case Target.SLOW:
            return _program(parent, _TIGHT | {"time_limit": 10, "memory": 256}, wall_s=20)
        case Target.FUNCTION:
            return _function(parent, {"x": "int"}, "int", {1: 10, 2: 903, 3: SECRET}, _TIGHT)
        case Target.SLOW_FUNCTION:
            return _function(parent, {"x": "int"}, "int", {1: 10, 2: SECRET}, _TIGHT | {"time_limit": 10})
        case Target.ARRAY:
            squares = {n: [i * i for i in range(n)] for n in (3, 0, 5)}
            return _function(parent, {"n": "int"}, "ndarray", squares, _TIGHT, runtime="numpy")
        case Target.FLOATS:
            halves = {n: [i / 2 for i in range(n)] for n in (2, 0, 4)}
            return _function(parent, {"n": "int"}, "list[float]", halves, _TIGHT)


def _program(parent: Path, limits: dict[str, float], *, wall_s: float) -> Path:
    touchstone = {key: TOUCHSTONE[key] for key in ("topics", "difficulty", "expected_minutes")}
    touchstone |= {"kind": "pass-fail", "languages": ["python", "c", "javascript"], "wall_time": wall_s}
    tests = {"sample/1": 21, "secret/1": -4, "secret/2": 10**12}
    files: dict[str, str | None] = {f"data/{name}.in": f"{given}\n" for name, given in tests.items()}
    files |= {f"data/{name}.ans": f"{2 * given}\n" for name, given in tests.items()}
    files["submissions/accepted/sum.py"] = HONEST[Target.PROGRAM]
    files |= {"touchstone.yaml": yaml.safe_dump(touchstone), **dict.fromkeys(_TESTS_OF_ANOTHER_PROBLEM)}
    return program_package(parent, files=files, problem={"limits": limits})


def _function(
    parent: Path,
    parameters: dict[str, str],
    returns: str,
    expected: Mapping[int, Any],
    limits: dict[str, float],
    runtime: str = "python",
) -> Path:
    """The first entry of `expected` is the sample, the others are hidden."""
    sample, *secret = (
        json.dumps({"name": str(given), "args": [given], "expected": value})
        for given, value in expected.items()
    )
    signature = {
        "name": "solve",
        "parameters": [{"name": name, "type": word} for name, word in parameters.items()],
        "returns": returns,
        "runtime": runtime,
    }
    return write_package(
        parent,
        problem={"limits": {**PROBLEM["limits"], **limits}},
        touchstone={"function": signature, "wall_time": 20 if limits["time_limit"] > 1 else 1.5},
        files={"data/sample/cases.jsonl": sample, "data/secret/cases.jsonl": "\n".join(secret)},
    )
