"""Problems of machine learning in the shape that Deep-ML publishes: a record a problem, tests that print."""

from __future__ import annotations

import ast
import base64
import binascii
from typing import Any

from questionbank.exchange.drafts import Provenance, slug_from
from questionbank.exchange.jsonl import Fields, Record, Unfit, provenance_of, text_of
from questionbank.packages.model import Difficulty

_TESTS = ("test_cases", "tests")
_EXPECTED = ("expected_output", "expected")


def deepml_shaped(record: object) -> bool:
    return isinstance(record, dict) and "solution" in record and any(key in record for key in _TESTS)


def deepml(record: Record, bank: Provenance) -> Fields:
    """title, description, solution and tests of `{test, expected_output}`; some texts may be in base64."""
    title = text_of(record, "title")
    solution = _source(record, "solution")
    tests, printed = _tests(record)
    id = record.get("id", "")
    if isinstance(id, bool) or not isinstance(id, int | str):
        raise Unfit("id is neither a text nor a whole number")
    difficulty = text_of(record, "difficulty", "medium").lower()
    description = _prose(record, "description")
    return {
        "slug": slug_from(f"deepml-{id}-{title}" if str(id) else f"deepml-{title}"),
        "name": title[:200],
        "statement": description + _example(record.get("example")),
        "editorial": _prose(record, "learn_section") or _prose(record, "learn"),
        "entry": _called(solution, tests),
        "solution": solution,
        "setup": "",
        "tests": tuple(tests),
        "printed": tuple(printed),
        "style": "statements",
        "starter": _source(record, "starter_code") if record.get("starter_code") else "",
        "difficulty": difficulty if difficulty in set(Difficulty) else "medium",
        "provenance": provenance_of(_credited(record), bank, str(id) or title[:100]),
    }


def _credited(record: Record) -> Record:
    """Its contributors are its attribution where it names no other."""
    people = record.get("contributor")
    if record.get("attribution") or not isinstance(people, list):
        return record
    names = [one["name"] for one in people if isinstance(one, dict) and isinstance(one.get("name"), str)]
    return {**record, "attribution": ", ".join(names)}


def _tests(record: Record) -> tuple[list[str], list[str]]:
    found = next((record[key] for key in _TESTS if key in record), None)
    if not isinstance(found, list) or not found:
        raise Unfit("holds no test")
    tests, printed = [], []
    for one in found:
        if not isinstance(one, dict):
            raise Unfit("a test is an object with `test` and what it prints")
        tests.append(text_of(one, "test"))
        printed.append(next((str(one[key]) for key in _EXPECTED if key in one), ""))
    return tests, printed


def _called(solution: str, tests: list[str]) -> str:
    """The last of the solution's functions that the first test calls: it prints what that returns."""
    try:
        defined = {node.name for node in ast.parse(solution).body if isinstance(node, ast.FunctionDef)}
        for test in tests:
            for node in ast.walk(ast.parse(test)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in defined:
                    return node.func.id
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unfit(f"solution or tests are no Python: {error}") from error
    raise Unfit("no test calls a function that the solution defines")


def _source(record: Record, key: str) -> str:
    return _decoded(text_of(record, key)).replace("\r\n", "\n")


def _prose(record: Record, key: str) -> str:
    return _decoded(text_of(record, key, "")).strip()


def _decoded(text: str) -> str:
    """What base64 stands for, where the whole text is that; prose and code hold blanks, and are not."""
    packed = text.strip()
    if len(packed) < 16 or any(character.isspace() for character in packed):
        return text
    try:
        return base64.b64decode(packed, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return text


def _example(example: Any) -> str:
    if not isinstance(example, dict):
        return ""
    parts = [
        (key, example[key]) for key in ("input", "output", "reasoning") if isinstance(example.get(key), str)
    ]
    return "".join(f"\n\n**{key.capitalize()}**\n\n```\n{text.strip()}\n```" for key, text in parts)
