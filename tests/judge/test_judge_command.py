"""`manage.py judge` judges a file against a folder, without a database, and says what it cannot read."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from sandbox.client import Sandbox
from tests import bank
from tests.packages.writing import DOUBLE

HOME = Path(__file__).parents[2]
KEYS = {"verdict", "score", "tests", "guarantees"}
Case = tuple[Path, Path, dict[str, str]]
"""Package, source, options."""
TEST_KEYS = {
    "name",
    "group",
    "verdict",
    "cpu_s",
    "wall_s",
    "peak_bytes",
    "message",
    "points",
    "judge_message",
}


@pytest.fixture
def here(sandbox: Sandbox, sandbox_socket: Path, settings: Settings) -> None:
    """The running sandbox is found where an installation's would be."""
    settings.SANDBOX_SOCKET = sandbox_socket


def judged(package: Path, source: Path, **options: object) -> dict[str, Any]:
    said = io.StringIO()
    call_command("judge", str(package), str(source), json=True, stdout=said, **options)
    document: dict[str, Any] = json.loads(said.getvalue())
    return document


def file_of(folder: Path, text: str | bytes, name: str = "answer.py") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.usefixtures("here")
def test_the_json_has_the_verdict_the_score_and_each_test(tmp_path: Path) -> None:
    document = judged(bank.write_function(tmp_path), file_of(tmp_path, "def solve(x): return abs(2 * x)"))
    assert document.keys() >= KEYS
    assert (document["verdict"], document["score"]) == ("WA", 0)
    assert [test["verdict"] for test in document["tests"]] == ["AC", "AC", "WA", "AC"]
    assert all(set(test) == TEST_KEYS for test in document["tests"])
    assert document["guarantees"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        (DOUBLE, "AC"),
        ("def solve(x): return 1 // 0", "RE"),
        ("def solve(x)", "CE"),
        ("", "RE"),
        ("x = '\0'", "CE"),
        ("#" * (256 * 1024 + 1), "CE"),
    ],
)
def test_any_text_is_judged(tmp_path: Path, source: str, verdict: str) -> None:
    assert judged(bank.write_function(tmp_path), file_of(tmp_path, source))["verdict"] == verdict


@pytest.mark.usefixtures("here")
def test_each_kind_is_judged(tmp_path: Path) -> None:
    assert (
        judged(bank.write_program(tmp_path), file_of(tmp_path, bank.RIGHT[bank.PROGRAM]))["verdict"] == "AC"
    )
    assert judged(bank.write_choice(tmp_path), file_of(tmp_path, '["wrong"]', "a.json"))["verdict"] == "WA"
    waiting = judged(bank.write_open(tmp_path), file_of(tmp_path, "prose", "a.md"))
    assert (waiting["verdict"], waiting["score"], waiting["tests"]) == (None, 0, [])


@pytest.mark.usefixtures("here")
def test_people_read_lines(tmp_path: Path) -> None:
    said = io.StringIO()
    source = file_of(tmp_path, "def solve(x): return 7")
    call_command("judge", str(bank.write_function(tmp_path)), str(source), stdout=said)
    first, *tests = said.getvalue().splitlines()
    assert first == "double: WA, score 0"
    assert "sample/1" in tests[0]
    assert "result is 7, not 2" in tests[0]


def broken_yaml(folder: Path) -> Case:
    package = bank.write_function(folder)
    (package / "problem.yaml").write_text("name: [unclosed\nlicense: x")
    return package, file_of(folder, DOUBLE), {}


def wrong_word(folder: Path) -> Case:
    package = bank.write_function(folder)
    text = (package / "touchstone.yaml").read_text()
    (package / "touchstone.yaml").write_text(text.replace("difficulty: easy", "difficulty: mild"))
    return package, file_of(folder, DOUBLE), {}


def link_to_a_device(folder: Path) -> Case:
    (folder / "endless.py").symlink_to("/dev/zero")
    return bank.write_function(folder), folder / "endless.py", {}


def answered(folder: Path, text: str | bytes = DOUBLE, name: str = "answer.py", **options: str) -> Case:
    """A sound package with a file beside it."""
    return bank.write_function(folder), file_of(folder, text, name), options


BAD_INPUT: dict[str, tuple[Callable[[Path], Case], str]] = {
    "no folder": (lambda f: (f / "absent", file_of(f, DOUBLE), {}), "absent is no problem package"),
    "a file for a folder": (lambda f: (file_of(f, "x"), file_of(f, DOUBLE), {}), "is no folder"),
    "an empty folder": (lambda f: (f, file_of(f, DOUBLE), {}), "problem.yaml: is missing"),
    "broken YAML": (broken_yaml, "problem.yaml:2: not valid YAML"),
    "a word that is none": (wrong_word, "'mild' is not one of"),
    "an unknown language": (
        lambda f: answered(f, language="cobol"),
        "double takes answers in python, not in cobol",
    ),
    "a language that the problem does not take": (
        lambda f: answered(f, "int main;", "a.c"),
        "double takes answers in python, not in c",
    ),
    "an extension of no language": (
        lambda f: answered(f, name="a.txt"),
        "names no language: say --language, one of python",
    ),
    "no file": (
        lambda f: (bank.write_function(f), f / "absent.py", {}),
        "absent.py cannot be read: No such file or directory.",
    ),
    "a folder for a file": (
        lambda f: (bank.write_function(f), f, {"language": "python"}),
        "is no file.",
    ),
    "a device": (link_to_a_device, "endless.py is no file."),
    "a binary file": (
        lambda f: answered(f, b"\x7fELF\x02\xff\xfe"),
        "answer.py is no UTF-8 text: byte 5",
    ),
    "a choice that is none": (
        lambda f: (bank.write_choice(f), file_of(f, "right", "a.json"), {}),
        "A choice is a JSON list of option ids.",
    ),
}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("kind", BAD_INPUT)
def test_bad_input_ends_2_with_a_sentence(tmp_path: Path, kind: str) -> None:
    make, sentence = BAD_INPUT[kind]
    package, source, options = make(tmp_path)
    with pytest.raises(CommandError) as refused:
        judged(package, source, **options)
    assert refused.value.returncode == 2
    assert sentence in str(refused.value)


@pytest.mark.usefixtures("here")
def test_data_that_is_not_installed_is_no_bad_input(tmp_path: Path, settings: Settings) -> None:
    settings.DATA_ROOT = tmp_path / "nothing"
    source = file_of(tmp_path, bank.RIGHT[bank.ARTIFACT])
    with pytest.raises(CommandError, match="not installed") as refused:
        judged(bank.write_artifact(tmp_path), source)
    assert refused.value.returncode == 1


def test_without_an_installation_it_starts_a_sandbox_of_its_own_and_no_database(tmp_path: Path) -> None:
    environment = os.environ | {
        "TOUCHSTONE_VAR": str(tmp_path / "var"),
        "TOUCHSTONE_RUN": str(tmp_path / "run"),
        "DATABASE_URL": "postgresql://nobody@/nothing?host=/nowhere",
        "REDIS_URL": "unix:///nowhere.sock",
        "DJANGO_SETTINGS_MODULE": "questionbank.config.settings",
    }
    command = [sys.executable, "manage.py", "judge", str(bank.write_function(tmp_path)), "--json"]
    run = subprocess.run(
        [*command, str(file_of(tmp_path, DOUBLE))],
        cwd=HOME,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr.decode()
    assert json.loads(run.stdout)["verdict"] == "AC"
    absent = subprocess.run(
        [*command, str(tmp_path / "absent.py")],
        cwd=HOME,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (absent.returncode, absent.stdout) == (2, "")
    assert "cannot be read" in absent.stderr
    assert "Traceback" not in absent.stderr
