"""The type `object` holds whatever a Python function takes or returns, compared as Python compares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.judge.judging import judge
from grader.judge.model import Answer
from questionbank.packages import anything
from questionbank.packages.errors import PackageError
from questionbank.packages.reader import read_package
from sandbox.client import Sandbox
from tests.packages.writing import function_package


def verdict(parent: Path, sandbox: Sandbox, source: str, *, args: list[Any], expected: Any) -> str | None:
    folder = function_package(
        parent,
        returns="object",
        expected=expected,
        parameters={f"x{place}": "object" for place in range(len(args))},
        args=args,
    )
    return judge(read_package(folder), Answer("python", source), sandbox=sandbox, hidden_root=Path()).verdict


@pytest.mark.parametrize(
    ("given", "check"),
    [
        ({"$tuple": [1, [2.5]]}, "x == (1, [2.5])"),
        ({"$set": [1, {"$tuple": [2, "a"]}]}, "x == {1, (2, 'a')} and type(x) is set"),
        ({"$dict": [[1, None], [{"$tuple": [1, 2]}, {"$set": []}]]}, "x == {1: None, (1, 2): set()}"),
        ({"$complex": [1, -2.5]}, "x == 1 - 2.5j"),
        ({"$float": "inf"}, "x == float('inf')"),
        ([True, "a", None], "x == [True, 'a', None]"),
    ],
)
def test_a_value_comes_in_and_goes_out_as_what_it_is(
    tmp_path: Path, sandbox: Sandbox, given: Any, check: str
) -> None:
    source = f"def solve(x):\n    assert {check}\n    return x\n"
    assert verdict(tmp_path, sandbox, source, args=[given], expected=given) == "AC"


@pytest.mark.parametrize(
    ("returned", "expected", "said"),
    [
        ("1", 1.0, "AC"),
        ("True", 1, "AC"),
        ("2", 1.0, "WA"),
        ("10 ** 400", 1.0, "WA"),
        ("[1]", {"$tuple": [1]}, "WA"),
        ("frozenset([1])", {"$set": [1]}, "AC"),
        ("{1: 2.0}", {"$dict": [[1, 2]]}, "AC"),
        ("object()", None, "WA"),
        ("b'x'", "x", "WA"),
    ],
)
def test_numbers_of_different_types_are_equal_and_collections_are_not(
    tmp_path: Path, sandbox: Sandbox, returned: str, expected: Any, said: str
) -> None:
    assert (
        verdict(tmp_path, sandbox, f"def solve():\n    return {returned}\n", args=[], expected=expected)
        == said
    )


@pytest.mark.parametrize(
    "value", [{"$set": [[1]]}, {"$tuple": 1}, {"a": 1}, {"$dict": [[1]]}, {"$float": "x"}]
)
def test_what_stands_for_no_value_is_a_fault_of_the_package(tmp_path: Path, value: Any) -> None:
    with pytest.raises(PackageError, match=r"cases.jsonl:1: argument 1"):
        read_package(
            function_package(tmp_path, returns="int", expected=1, parameters={"x": "object"}, args=[value])
        )


def test_items_that_were_chosen_to_have_one_hash_are_no_set_and_no_dict() -> None:
    alike = [number * (2**61 - 1) for number in range(anything.MAX_ALIKE + 1)]
    assert len(anything.decode({"$set": alike[:-1]})) == anything.MAX_ALIKE
    for value in ({"$set": alike}, {"$dict": [[key, 0] for key in alike]}):
        with pytest.raises(anything.NoValue, match="same hash"):
            anything.decode(value)


def test_optional_arguments_may_be_left_out(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = function_package(tmp_path, returns="int", expected=5, parameters={"x": "int"}, args=[4])
    text = (folder / "touchstone.yaml").read_text()
    more = text.replace(
        "  - name: x\n    type: int", "  - name: x\n    type: int\n  - {name: y, type: int, optional: true}"
    )
    assert more != text
    (folder / "touchstone.yaml").write_text(more)
    answer = Answer("python", "def solve(x, y=1):\n    return x + y\n")
    assert judge(read_package(folder), answer, sandbox=sandbox, hidden_root=Path()).verdict == "AC"
