"""Changes to a package that is being written leave everything else of its files as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from questionbank.packages.editing import (
    DraftTest,
    NotEditable,
    draft_tests,
    is_editable_path,
    template,
    with_placeholders,
    with_test,
    without_test,
)
from questionbank.packages.model import Kind
from questionbank.packages.reader import read_package

CASES = "data/secret/cases.jsonl"
EXPLAINED = '{"name": "a", "args": [1], "expected": 2, "explanation": {"en": "One.", "zh": "一。"}}\n'
CONTENTS = {CASES: EXPLAINED.encode() + b'not a case\n{"name": "b", "args": [2]}\n'}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_template_of_every_kind_can_be_read(tmp_path: Path, kind: Kind) -> None:
    folder = tmp_path / "example"
    for path, data in template(kind, {"en": "Name", "zh": "名"}, "Somebody").items():
        assert is_editable_path(path)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    assert read_package(folder).kind is kind


def test_tests_are_made_out_in_a_package_that_is_not_sound() -> None:
    a, b = draft_tests(CONTENTS, Kind.FUNCTION)
    assert (a.given, a.expected) == ("[1]", "2")
    assert (b.name, b.expected) == ("b", None)


def test_a_changed_test_keeps_its_place_and_what_the_form_does_not_show() -> None:
    test = DraftTest("secret", "a", "[5]", "10")
    (changed,) = with_test(CONTENTS, Kind.FUNCTION, test, ("secret", "a")).values()
    assert changed is not None
    first, *rest = changed.decode().splitlines()
    assert json.loads(first)["args"] == [5]
    assert json.loads(first)["explanation"]["en"] == "One."
    assert rest == ["not a case", '{"name": "b", "args": [2]}']


def test_a_test_moves_to_another_group() -> None:
    test = DraftTest("secret/large", "b", "[2]", None)
    changes = with_test(CONTENTS, Kind.FUNCTION, test, ("secret", "b"))
    assert set(changes) == {CASES, "data/secret/large/cases.jsonl"}
    assert b'"b"' not in (changes[CASES] or b"")


def test_a_programs_test_is_two_files() -> None:
    test = DraftTest("secret", "1", "1 2", "3")
    changes = with_test({}, Kind.PASS_FAIL, test, None)
    assert changes == {"data/secret/1.in": b"1 2\n", "data/secret/1.ans": b"3\n"}
    kept = {path: data for path, data in changes.items() if data is not None}
    assert without_test(kept, Kind.PASS_FAIL, "secret", "1") == dict.fromkeys(kept)


@pytest.mark.parametrize(
    "test",
    [
        DraftTest("secret", "a", "[1]", "1"),
        DraftTest("secret", "c", "1", "1"),
        DraftTest("secret", "c", "[1", "1"),
        DraftTest("secret", "c", "[1]", "nothing"),
        DraftTest("secret", "../c", "[1]", "1"),
        DraftTest("elsewhere", "c", "[1]", "1"),
        DraftTest("secret/../../x", "c", "[1]", "1"),
    ],
)
def test_a_test_that_fits_nowhere_is_refused(test: DraftTest) -> None:
    with pytest.raises(NotEditable):
        with_test(CONTENTS, Kind.FUNCTION, test, None)


@pytest.mark.parametrize(
    "path", ["../x", "data/../x", "/etc/passwd", "data", "other/x", "data/secret/.hidden", "data//x", "x.py"]
)
def test_no_path_leads_out_of_a_package(path: str) -> None:
    assert not is_editable_path(path)


def test_a_result_to_come_stands_in_with_its_type(tmp_path: Path) -> None:
    contents = template(Kind.FUNCTION, {"en": "Name", "zh": "名"}, "Somebody")
    words = contents["touchstone.yaml"].replace(
        b"returns: int", b"returns: 'tuple[list[int], str, int | None]'"
    )
    contents |= {"touchstone.yaml": words, CASES: b'{"name": "b", "args": [2]}\n'}
    filled = with_placeholders(contents, Kind.FUNCTION)
    assert json.loads(filled[CASES])["expected"] == [[], "", None]
