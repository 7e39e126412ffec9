"""The gate lets a package pass that proves itself, and says of every other where it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grader.gate.proof import Proof, document
from grader.gate.proving import Demands, prove
from questionbank.packages.reader import read_package
from sandbox.client import Sandbox
from tests.packages.writing import write_package

LARGER = """\
def solve(x, y):
    if x > y:
        return x
    return y
"""
CASES = [(1, 2), (2, 1), (3, 3), (-4, -5), (-5, -4), (0, 7), (2, 1)]
WRONG = "def solve(x, y):\n    return x\n"
SIGNATURE = {
    "name": "solve",
    "parameters": [{"name": "x", "type": "int"}, {"name": "y", "type": "int"}],
    "returns": "int",
}
EQUIVALENT = {"mutant": "2: x > y → (x >= y)", "reason": "equal numbers are the same"}


def cases(pairs: list[tuple[int, int]]) -> str:
    return "\n".join(
        json.dumps({"name": str(number), "args": list(pair), "expected": max(pair)})
        for number, pair in enumerate(pairs)
    )


def package(
    parent: Path, *, pairs: list[tuple[int, int]] | None = None, gate: Any = None, **files: str
) -> Path:
    return write_package(
        parent,
        touchstone={"function": SIGNATURE, "gate": gate or {"equivalents": [EQUIVALENT]}},
        files={
            "data/sample/cases.jsonl": cases([(1, 2)]),
            "data/secret/cases.jsonl": cases(CASES if pairs is None else pairs),
            "submissions/accepted/double.py": LARGER,
            "submissions/wrong_answer/first.py": WRONG,
            **files,
        },
    )


def proof(folder: Path, sandbox: Sandbox, **demands: Any) -> Proof:
    return prove(read_package(folder), sandbox=sandbox, hidden_root=Path(), demands=Demands(**demands))


def test_a_package_that_keeps_its_word_is_ready(tmp_path: Path, sandbox: Sandbox) -> None:
    found = proof(package(tmp_path), sandbox)
    assert found.ready, found.findings
    assert found.mutation is not None
    assert found.mutation.killed == found.mutation.total == 4
    assert found.mutation.equivalent == 1
    assert found.suggested_time_limit_s == 1.0
    assert json.loads(json.dumps(document(found)))["ready"] is True


@pytest.mark.parametrize(
    ("files", "path", "said"),
    [
        (
            {"submissions/accepted/second.py": "def solve(x, y):\n    return max(x, y) + (x == 3)\n"},
            "submissions/accepted/second.py",
            "gets WA, its folder says AC at secret/2",
        ),
        (
            {"submissions/wrong_answer/right.py": "def solve(x, y):\n    return max(x, y)\n"},
            "submissions/wrong_answer/right.py",
            "gets AC, its folder says WA",
        ),
        (
            {"submissions/run_time_error/slow.py": "def solve(x, y):\n    while True: pass\n"},
            "submissions/run_time_error/slow.py",
            "gets TLE, its folder says RE",
        ),
        (
            {
                "submissions/accepted/slow.py": "import time\ndef solve(x, y):\n    t = time.process_time()\n"
                "    while time.process_time() < t + 0.6: pass\n    return max(x, y)\n"
            },
            "submissions/accepted/slow.py",
            "more than half of the limit",
        ),
        (
            {
                "submissions/accepted/lucky.py": "import os\ndef solve(x, y):\n"
                "    return max(x, y) if os.urandom(1)[0] < 210 else 99\n"
            },
            "submissions/accepted/lucky.py",
            "flaky",
        ),
    ],
)
def test_a_claim_that_does_not_hold_is_named(
    tmp_path: Path, sandbox: Sandbox, files: dict[str, str], path: str, said: str
) -> None:
    found = proof(package(tmp_path, **files), sandbox, repetitions=6)
    assert any(one.path == path and said in one.message for one in found.findings), found.findings


def test_a_known_wrong_solution_runs_no_test_after_the_first_that_it_fails(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    slow = "def solve(x, y):\n    if (x, y) != (1, 2): return 'wrong'\n    return 2\n"
    found = proof(package(tmp_path, **{"submissions/wrong_answer/most.py": slow}), sandbox)
    assert found.ready, found.findings
    scores = {one.path: (one.verdict, one.score) for one in found.submissions}
    assert scores["submissions/wrong_answer/most.py"] == ("WA", None)
    assert {score for path, (_, score) in scores.items() if "accepted" in path} == {100.0}


def test_tests_that_let_wrong_code_live_are_refused_with_the_missing_test(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    found = proof(package(tmp_path, pairs=[(1, 2), (3, 9)]), sandbox)
    assert [one.path for one in found.findings] == ["submissions/wrong_answer/first.py", "data"] or [
        one.path for one in found.findings
    ] == ["data"]
    assert found.mutation is not None
    assert found.mutation.score < 0.95
    told = [one for one in found.mutation.survivors if one.telling]
    assert told
    for survivor in told:
        x, y = json.loads(survivor.telling or "")
        assert survivor.reference_returns == str(max(x, y))
        assert survivor.mutant_returns != survivor.reference_returns
        assert survivor.diff.startswith("--- reference")


def test_missing_wrong_solutions_and_stale_equivalents_are_named(tmp_path: Path, sandbox: Sandbox) -> None:
    stale = {"equivalents": [EQUIVALENT, {"mutant": "9: gone → away", "reason": "once"}]}
    found = proof(package(tmp_path, gate=stale), sandbox)
    assert [one.message for one in found.findings] == ["gate: no mutant is named '9: gone → away' any more"]
    alone = write_package(tmp_path / "alone", files={})
    assert "fewer than 1 known-wrong solutions" in [one.message for one in proof(alone, sandbox).findings]
