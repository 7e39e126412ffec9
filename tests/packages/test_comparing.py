"""Two versions of a package are compared file by file and test by test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from questionbank.packages.comparing import Change, compare_files, compare_tests
from questionbank.packages.errors import Findings
from questionbank.packages.files import read_files
from questionbank.packages.reader import read_package
from tests.packages.writing import CASES, write_package

SECRET = "data/secret/cases.jsonl"


def lines(cases: list[dict[str, object]]) -> str:
    return "\n".join(map(json.dumps, cases))


def test_every_file_that_differs_is_told_with_its_lines(tmp_path: Path) -> None:
    files = {"statement/problem.en.md": "Double it twice.", "hints/1.en.md": "Add.", "hints/1.zh.md": "加。"}
    old = read_files(write_package(tmp_path / "old"), Findings())
    new = read_files(write_package(tmp_path / "new", files={**files, "editorial.en.md": None}), Findings())
    found = {one.path: one for one in compare_files(old, new)}
    assert {path: one.change for path, one in found.items()} == {
        "statement/problem.en.md": Change.CHANGED,
        "hints/1.en.md": Change.ADDED,
        "hints/1.zh.md": Change.ADDED,
        "editorial.en.md": Change.REMOVED,
    }
    assert found["statement/problem.en.md"].lines == ("@@ -1 +1 @@", "-Double it.", "+Double it twice.")
    assert found["hints/1.en.md"].old_size is None


def test_what_is_no_text_is_told_by_its_size(tmp_path: Path) -> None:
    old, new = write_package(tmp_path / "old"), write_package(tmp_path / "new")
    (new / "starter").mkdir()
    (new / "starter" / "solution.py").write_bytes(b"\xff\xfe")
    (found,) = compare_files(read_files(old, Findings()), read_files(new, Findings()))
    assert (found.lines, found.new_size) == ((), 2)


def test_only_tests_with_another_content_are_affected(tmp_path: Path) -> None:
    changed = [{**CASES[1], "expected": 1}, CASES[2], {"name": "new", "args": [3], "expected": 6}]
    old = read_package(write_package(tmp_path / "old"))
    new = read_package(
        write_package(tmp_path / "new", files={SECRET: lines(changed), "editorial.en.md": "Other."})
    )
    found = compare_tests(old, new)
    assert found.changed == {("secret", "0"), ("secret", "new")}
    assert found.removed == {("secret", str(10**30))}
    assert not found.all_affected


def test_a_test_whose_number_has_another_type_is_another_test(tmp_path: Path) -> None:
    old = read_package(write_package(tmp_path / "old"))
    case = {**CASES[1], "explanation": {"en": "said", "zh": "说"}}
    same = read_package(write_package(tmp_path / "same", files={SECRET: lines([case, *CASES[2:]])}))
    assert not compare_tests(old, same)
    function = {"name": "solve", "parameters": [{"name": "x", "type": "float"}], "returns": "float"}
    floats = [{**one, "args": [0.0]} if one["name"] == "0" else one for one in CASES[1:]]
    parts = {"touchstone": {"function": function}}
    before = read_package(write_package(tmp_path / "ints", **parts))  # type: ignore[arg-type]
    after = read_package(write_package(tmp_path / "floats", files={SECRET: lines(floats)}, **parts))  # type: ignore[arg-type]
    assert compare_tests(before, after).changed == {("secret", "0")}


@pytest.mark.parametrize(
    ("parts", "affected"),
    [
        ({"problem": {"limits": {"time_limit": 2, "memory": 128, "output": 1}}}, True),
        ({"touchstone": {"time_multipliers": {"python": 2}}}, True),
        ({"touchstone": {"difficulty": "hard", "topics": ["training"]}}, False),
        ({"touchstone": {"prerequisites": {"en": "Sums.", "zh": "求和。"}}}, False),
        ({"files": {"submissions/wrong_answer/a.py": "def solve(x): return x"}}, False),
    ],
)
def test_a_changed_limit_affects_every_test_and_a_changed_word_none(
    tmp_path: Path, parts: dict[str, object], affected: bool
) -> None:
    old = read_package(write_package(tmp_path / "old"))
    new = read_package(write_package(tmp_path / "new", **parts))  # type: ignore[arg-type]
    assert bool(compare_tests(old, new)) is compare_tests(old, new).all_affected is affected
