"""A problem that demands high assurance has every run of an answer contained, its compile step too."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.judge.judging import judge
from grader.judge.model import Answer
from grader.verdict import Verdict
from questionbank.packages.model import Package
from questionbank.packages.reader import read_package
from sandbox import Config, Runtime, Sandbox
from sandbox.client import private_sandbox
from sandbox.oci.runtimes import find_runtimes
from tests.packages.writing import write_package

pytestmark = pytest.mark.skipif(
    "crun" not in {runtime.name for runtime in find_runtimes()}, reason="crun is not here: apt install crun"
)
DOUBLE = "def solve(x):\n    return 2 * x\n"


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return replace(read_package(write_package(tmp_path)), high_assurance=True)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        config = Config(
            Path(folder) / "sandbox.sock", parked={Runtime.PYTHON: 1}, devices=(), oci_runtime="crun"
        )
        with private_sandbox(config) as running:
            yield running


def test_its_runs_are_contained_and_judged_the_same(package: Package, sandbox: Sandbox) -> None:
    result = judge(package, Answer("python", DOUBLE), sandbox=sandbox, hidden_root=Path())
    assert result.verdict is Verdict.AC
    assert "runtime:crun" in result.guarantees


def test_its_compile_step_is_contained_too(package: Package, sandbox: Sandbox) -> None:
    result = judge(package, Answer("python", "def solve(x:"), sandbox=sandbox, hidden_root=Path())
    assert result.verdict is Verdict.CE
    assert "runtime:crun" in result.guarantees
