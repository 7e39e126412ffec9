"""Tests and test groups of a function problem: `data/sample` and `data/secret`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from questionbank.packages.documents import load_json, load_yaml
from questionbank.packages.errors import Findings
from questionbank.packages.files import Files
from questionbank.packages.model import FunctionSpec, TestCase, TestGroup
from questionbank.packages.schemas import CASE, TEST_GROUP
from questionbank.packages.typed import Mismatch, largest_int
from questionbank.packages.types import TypeWord, parse_type

SAMPLE, SECRET = "sample", "secret"
_GROUP_FILE = "test_group.yaml"


def read_tests(
    files: Files, function: FunctionSpec | None, findings: Findings
) -> tuple[tuple[TestCase, ...], tuple[TestGroup, ...]]:
    """Tests in the order they are judged, samples first, and the groups that earn points."""
    tests: list[TestCase] = []
    for top in (SAMPLE, SECRET):
        found = _read_function_tests(files, top, function, findings)
        if not found:
            findings.add(f"data/{top}", "holds no test")
        tests += found
    _check_names(tests, findings)
    return tuple(tests), _read_groups(files, tests, findings)


def _check_names(tests: list[TestCase], findings: Findings) -> None:
    seen: set[tuple[str, str]] = set()
    for test in tests:
        if (test.group, test.name) in seen:
            findings.add(f"data/{test.group}", f"two tests are called {test.name!r}")
        seen.add((test.group, test.name))


def _read_groups(files: Files, tests: list[TestCase], findings: Findings) -> tuple[TestGroup, ...]:
    groups = []
    for path in files.paths("data"):
        if path.name != _GROUP_FILE:
            continue
        name = _group_of(path)
        document = load_yaml(files, str(path), TEST_GROUP, findings)
        if not any(test.group == name or test.group.startswith(name + "/") for test in tests):
            findings.add(str(path), "is the setting of a group without tests")
        groups.append(TestGroup(name, float(document.get("max_score", 0))))
    return tuple(groups)


def _group_of(path: PurePosixPath) -> str:
    return path.parent.relative_to("data").as_posix()


def _read_function_tests(
    files: Files, top: str, function: FunctionSpec | None, findings: Findings
) -> list[TestCase]:
    assert function is not None
    words = [parse_type(parameter.type) for parameter in function.parameters]
    least = sum(not parameter.optional for parameter in function.parameters)
    returns = parse_type(function.returns)
    tests: list[TestCase] = []
    for path in files.paths(f"data/{top}"):
        if path.name == "cases.jsonl":
            text = files.text(path, findings) or ""
            for number, line in enumerate(text.split("\n"), start=1):
                if line.strip():
                    tests += _case(line, path, number, (words, least), returns, findings)
        elif path.name != _GROUP_FILE:
            findings.add(str(path), "is neither cases.jsonl nor a test_group.yaml")
    return tests


def _case(
    line: str,
    path: PurePosixPath,
    number: int,
    takes: tuple[Sequence[TypeWord], int],
    returns: TypeWord,
    findings: Findings,
) -> list[TestCase]:
    document: dict[str, Any] | None = load_json(line, str(path), number, CASE, findings)
    if document is None:
        return []
    args = document["args"]
    words, least = takes
    if not least <= len(args) <= len(words):
        findings.add(str(path), f"has {len(args)} arguments, the function takes {len(words)}", number)
        return []
    try:
        for position, (value, word) in enumerate(zip(args, words, strict=False), start=1):
            largest_int(value, word, f"argument {position}")
        largest_int(document["expected"], returns, "expected")
    except Mismatch as fault:
        findings.add(str(path), str(fault), number)
        return []
    return [
        TestCase(
            document["name"],
            _group_of(path),
            args=tuple(args),
            expected=document["expected"],
            explanation=document.get("explanation"),
        )
    ]
