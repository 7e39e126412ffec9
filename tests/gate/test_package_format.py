"""The gate holds a package to what the Kattis/ICPC format lets it say of its submissions and its data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.gate.proof import Proof
from grader.gate.proving import Demands, prove
from questionbank.packages.reader import read_package
from sandbox.client import Sandbox
from tests.packages.foreign import DOUBLE, foreign_package

LISTED: dict[str, str | None] = {
    "data/secret/2-easy.in": "6\n",
    "data/secret/2-easy.ans": "12\n",
    "submissions/accepted/two/main.py": "from twice import twice\nprint(twice(int(input())))\n",
    "submissions/accepted/two/twice.py": "def twice(x):\n    return 2 * x\n",
    "submissions/accepted/elsewhere.hs": "main = interact id\n",
    "submissions/wrong_answer/ten.py": "print(10)\n",
    "submissions/run_time_error/crash.py": "print(2 // 0)\n",
    "submissions/rejected/odd.py": "n = int(input())\nprint(2 * n if n % 2 else n[0])\n",
    "submissions/mixed/said.py": "# @EXPECTED_RESULTS@: WRONG-ANSWER, RUN-ERROR\nprint(1)\n",
    "submissions/submissions.yaml": """
        wrong_answer/{ten,eleven}.py:
          sample:
            required: [WA]
          secret/1:
            permitted: [AC]
          secret/*-easy:
            permitted: [WA]
        rejected/odd.py:
          permitted: [AC, RTE]
    """,
}


def proof(tmp_path: Path, sandbox: Sandbox, files: dict[str, str | None], **parts: Any) -> Proof:
    package = read_package(foreign_package(tmp_path, files, **parts))
    demands = Demands(mutation_score=0.0, text_languages=("en",), known_wrong=0, repetitions=1)
    return prove(package, sandbox=sandbox, hidden_root=Path(), demands=demands)


def told(found: Proof) -> list[str]:
    """What is found at fault, but for texts that the format does not demand."""
    return [f"{one.path}: {one.message}" for one in found.findings if "editorial" not in one.path]


def test_what_submissions_are_said_to_do_is_tried_test_by_test(tmp_path: Path, sandbox: Sandbox) -> None:
    found = proof(tmp_path, sandbox, LISTED)
    assert told(found) == []
    assert {one.path: str(one.verdict) for one in found.submissions} == {
        "submissions/accepted/double.py": "AC",
        "submissions/accepted/two": "AC",
        "submissions/mixed/said.py": "WA",
        "submissions/rejected/odd.py": "RE",
        "submissions/run_time_error/crash.py": "RE",
        "submissions/wrong_answer/ten.py": "WA",
    }
    (notice,) = found.notices
    assert "elsewhere.hs" in notice.path


def test_a_submission_that_does_something_else_is_named(tmp_path: Path, sandbox: Sandbox) -> None:
    files = {
        **LISTED,
        "submissions/run_time_error/crash.py": "n = int(input())\nprint(n // (n - 5))\n",
        "submissions/mixed/said.py": "# @EXPECTED_RESULTS@: RUN-ERROR\nprint(1)\n",
    }
    said = "\n".join(told(proof(tmp_path, sandbox, files)))
    assert "crash.py: gets WA at sample/1, AC or RTE is permitted" in said
    assert "said.py: gets WA, its source says RE" in said


def test_data_is_proved_by_the_packages_validators(tmp_path: Path, sandbox: Sandbox) -> None:
    files: dict[str, str | None] = {
        "input_validators/number.py": """
            import sys
            assert sys.argv[1:] == ["most", "5"], sys.argv
            sys.exit(42 if 0 <= int(input()) <= 5 else 43)
        """,
        "data/sample/test_group.yaml": "input_validator_args: {number: [most, 5]}\n",
        "data/secret/test_group.yaml": "input_validator_args: [most, 5]\n",
        "data/secret/2.in": "6\n",
        "data/secret/2.ans": "12\n",
        "data/invalid_input/test_group.yaml": "input_validator_args: [most, 5]\n",
        "data/invalid_input/below.in": "-1\n",
        "data/invalid_input/fine.in": "3\n",
        "data/invalid_output/test_group.yaml": "input_validator_args: [most, 5]\n",
        "data/invalid_output/same.in": "1\n",
        "data/invalid_output/same.ans": "2\n",
        "data/invalid_output/same.out": " 2\n",
    }
    said = told(proof(tmp_path, sandbox, files))
    assert [one.partition(":")[0] for one in said] == [
        "data/secret/2.in",
        "data/invalid_input/fine.in",
        "data/invalid_output/same.out",
    ]


def test_a_time_limit_that_is_not_stated_follows_from_the_submissions(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    files: dict[str, str | None] = {
        "submissions/accepted/double.py": f"for _ in range(10**7): pass\n{DOUBLE}",
        "submissions/time_limit_exceeded/endless.py": "while True: pass\n",
    }
    limits = {"memory": 128, "time_resolution": 0.1, "time_multipliers": {"ac_to_time_limit": 3}}
    found = proof(tmp_path, sandbox, files, problem={"limits": limits})
    assert told(found) == []
    assert [str(one.verdict) for one in found.submissions] == ["AC", "TLE"]
    accepted, endless = found.submissions
    assert 2 * accepted.slowest_cpu_s < endless.slowest_cpu_s < 20 * accepted.slowest_cpu_s


def test_whatever_ends_a_program_is_a_crash_to_the_format(tmp_path: Path, sandbox: Sandbox) -> None:
    files: dict[str, str | None] = {"submissions/run_time_error/greedy.py": "x = bytearray(2**30)\n"}
    problem = {"limits": {"memory": 128, "time_limit": 1}}
    for legacy in (False, True):
        found = proof(tmp_path / str(legacy), sandbox, files, problem=problem, legacy=legacy)
        assert told(found) == []
        assert [(str(one.verdict), one.agreed) for one in found.submissions] == [("AC", True), ("MLE", True)]


def test_what_goes_on_for_ever_once_it_is_refused_says_nothing_of_the_time_limit(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("questionbank.packages.program_reader.INFERRED_S", 1.0)
    files: dict[str, str | None] = {
        "output_validator/check.py": """
            import sys
            sys.exit(42 if sys.stdin.readline() == "right\\n" else 43)
        """,
        "data/sample/1.in": None,
        "data/sample/1.ans": None,
        "submissions/accepted/double.py": "print('right')\n",
        "submissions/wrong_answer/endless.py": "print('wrong', flush=True)\nwhile True: pass\n",
    }
    problem = {"type": "interactive", "limits": {"memory": 128, "time_resolution": 0.3}}
    found = proof(tmp_path, sandbox, files, problem=problem)
    assert told(found) == []
    assert [str(one.verdict) for one in found.submissions] == ["AC", "WA"]
    assert found.submissions[1].slowest_cpu_s < 0.9


def test_a_submission_that_is_slow_by_too_little_is_named(tmp_path: Path, sandbox: Sandbox) -> None:
    files: dict[str, str | None] = {"submissions/time_limit_exceeded/quick.py": DOUBLE}
    said = told(proof(tmp_path, sandbox, files, problem={"limits": {"memory": 128}}))
    assert "quick.py: is in time at 1.5 times the limit of 1 s: no time limit fits" in "\n".join(said)
