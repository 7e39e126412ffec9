"""A benchmark that has measured nothing promises nothing: it says so, and does not end well."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import sandbox as benchmark

HOME = Path(__file__).resolve().parents[2]
HELD: dict[str, float | None] = {
    "c_vs_bwrap": 0.9,
    "python_vs_bare": 0.4,
    "tensorflow_first_op_vs_cold": 50.0,
    "tensorflow_throughput_vs_cold": 50.0,
}


@pytest.mark.parametrize(
    ("name", "number"), [("sandbox", "0"), ("soak", "0"), ("soak", "-5"), ("soak", "ten")]
)
def test_no_run_at_all_is_refused_in_words(name: str, number: str) -> None:
    command = [sys.executable, str(HOME / "benchmarks" / f"{name}.py"), "--runs", number]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.endswith(f"argument --runs: '{number}' is not a whole number of 1 or more\n")


@pytest.mark.parametrize(
    ("ratios", "skipped", "code", "told"),
    [
        ({}, {"isolate": "isolate is not installed"}, 0, ""),
        (
            {"c_vs_bwrap": None},
            {"bwrap": "bwrap is not installed"},
            1,
            "c_vs_bwrap was not measured: bwrap is not installed\n",
        ),
        (
            {"tensorflow_first_op_vs_cold": None, "tensorflow_throughput_vs_cold": None},
            {"tensorflow": "it is not here"},
            1,
            "tensorflow_first_op_vs_cold was not measured: it is not here\n"
            "tensorflow_throughput_vs_cold was not measured: it is not here\n",
        ),
        ({"python_vs_bare": 0.7}, {}, 1, "python_vs_bare is 0.7, and at most 0.5 is promised\n"),
    ],
    ids=["all held", "without bubblewrap", "without TensorFlow", "not held"],
)
def test_a_promise_that_is_not_shown_to_hold_is_told_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ratios: dict[str, float | None],
    skipped: dict[str, str],
    code: int,
    told: str,
) -> None:
    def measured(folder: Path, rounds: int) -> dict[str, Any]:
        found = HELD | ratios
        return {"ratios": found, "promises": benchmark._promises(found), "skipped": skipped}

    monkeypatch.setattr(benchmark, "measure", measured)
    monkeypatch.setattr(sys, "argv", ["sandbox.py", "--json"])
    assert benchmark.main() == code
    assert capsys.readouterr().err == told
