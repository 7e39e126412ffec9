"""docs/bank.md lists the bank as it is, and each of the 18 points has what asks it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from grader.gate.proof import MutationProof, Proof
from grader.gate.records import keep_records, record_of
from grader.gate.table import read_points
from grader.management.commands.problem import DOCUMENT, POINTS
from questionbank.packages.errors import Findings
from questionbank.packages.files import read_files
from questionbank.packages.model import Kind
from tests.fixtures.bank import SLUGS, package
from tests.packages.writing import write_package


def table(*arguments: object) -> str:
    said = io.StringIO()
    call_command("problem", "table", *map(str, arguments), stdout=said)
    return said.getvalue()


def test_the_document_is_what_the_command_makes_of_the_bank() -> None:
    made = table()
    assert DOCUMENT.read_text("utf-8") == made, "run `manage.py problem table --write`"
    assert all(f"| `{slug}` " in made for slug in SLUGS)


def test_every_point_has_an_open_question_and_a_graded_exercise() -> None:
    points = read_points(POINTS)
    assert [
        sum(point.topic == topic for point in points) for topic in dict.fromkeys(p.topic for p in points)
    ] == [
        5,
        4,
        5,
        4,
    ]
    for point in points:
        assert point.question, point.names["en"]
        asks = (point.topic_question, point.question)
        assert {package(slug).kind for slug in asks} == {Kind.OPEN}, point.names["en"]
        graded = [package(slug) for slug in point.exercises]
        assert Kind.OPEN not in {one.kind for one in graded}, point.names["en"]
        assert any(one.kind is not Kind.CHOICE for one in graded), point.names["en"]


def test_a_score_is_told_until_the_tests_change(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "bank")
    kept = tmp_path / "proven.json"
    mutation = MutationProof("accepted/double.py", killed=19, total=20, equivalent=1, survivors=())
    proof = Proof("example", (), mutation=mutation)
    keep_records(kept, {"example": record_of(proof, read_files(folder, Findings()))})

    def row() -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(table(folder, "--record", kept, "--json"))["problems"]
        return found[0]

    (folder / "statement" / "problem.en.md").write_text("Twice as much.")
    assert (row()["mutation_score"], row()["mutants"], row()["proven"]) == (0.95, 20, True)
    (folder / "data" / "secret" / "cases.jsonl").write_text('{"name": "a", "args": [1], "expected": 2}')
    assert (row()["mutation_score"], row()["proven"]) == (None, False)


def test_a_point_that_names_no_problem_is_refused(tmp_path: Path) -> None:
    points = tmp_path / "points.yaml"
    points.write_text(POINTS.read_text("utf-8").replace("[adult-f1,", "[adult-f2,"), "utf-8")
    with pytest.raises(CommandError, match="adult-f2"):
        table("--points", points)
