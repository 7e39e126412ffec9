"""`manage.py problem validate` says of one package, or of a folder of them, whether they may be published."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from grader.gate.records import read_records
from tests.gate.test_proving import package
from tests.packages.writing import write_package


@pytest.fixture(autouse=True)
def here(sandbox: object, sandbox_socket: Path, tmp_path: Path, settings: Settings) -> None:
    """The running sandbox is found where an installation's would be."""
    settings.SANDBOX_SOCKET = sandbox_socket
    settings.BUILDS_ROOT = tmp_path / "builds"


def validated(*arguments: object) -> tuple[dict[str, Any], int]:
    """The JSON document and the exit code."""
    said = io.StringIO()
    try:
        call_command("problem", "validate", *map(str, arguments), "--json", stdout=said)
    except CommandError as error:
        return json.loads(said.getvalue() or "{}"), error.returncode
    return json.loads(said.getvalue()), 0


def test_a_package_that_proves_itself_ends_0_with_its_report(tmp_path: Path) -> None:
    report, code = validated(package(tmp_path))
    assert (code, report["ready"], report["findings"]) == (0, True, [])
    assert report["mutation"]["killed"] == report["mutation"]["total"] == 4


def test_a_folder_ends_1_with_a_summary_that_names_file_and_line_of_each_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package(tmp_path)
    write_package(tmp_path, slug="torn", files={"data/secret/cases.jsonl": '{"name": "a", "args": [1]}\n'})
    kept = tmp_path / "proven.json"
    report, code = validated(tmp_path, "--record", kept)
    assert code == 1
    assert (report["problems"], report["failed"], report["flaky"]) == (2, 1, [])
    assert [line.partition(",")[0] for line in capsys.readouterr().err.splitlines()] == [
        "1 of 2 example: ready",
        "2 of 2 torn: not ready",
    ]
    records = read_records(kept)
    assert (records["example"].killed, records["example"].total, records["example"].ready) == (4, 4, True)
    assert not records["torn"].ready
    assert (report["mutation_score_min"], report["languages_missing"]) == (1.0, [])
    assert [one["slug"] for one in report["reports"]] == ["example", "torn"]
    (finding,) = (one for one in report["findings"] if one["line"])
    assert (finding["problem"], finding["path"], finding["line"]) == ("torn", "data/secret/cases.jsonl", 1)


def test_a_path_without_packages_ends_2(tmp_path: Path) -> None:
    assert validated(tmp_path)[1] == 2
    assert validated(tmp_path / "nowhere")[1] == 2
