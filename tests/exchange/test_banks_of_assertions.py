"""Banks in the shapes of HumanEval and MBPP become function problems whose cases say what their tests say."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from grader.gate.bringing import SandboxJail
from grader.gate.mutants import mutants_of
from grader.gate.mutation import reference_to_mutate, run_mutants
from grader.judge.judging import judge
from grader.judge.model import Answer
from questionbank.exchange import recording
from questionbank.exchange.recording import RECORDER
from questionbank.packages.reader import read_package
from sandbox.client import Sandbox
from tests.exchange.banks import FAMILIES, Record, humaneval_records, jsonl, mbpp_records


@pytest.fixture(autouse=True)
def here(sandbox: object, sandbox_socket: Path, settings: Settings) -> None:
    """The running sandbox is found where an installation's would be."""
    settings.SANDBOX_SOCKET = sandbox_socket


def imported(into: Path, *paths: Path, **options: object) -> tuple[dict[str, Any], int]:
    """The JSON report and the exit code."""
    said = io.StringIO()
    arguments = ["problem", "import", *map(str, paths), "--into", str(into)]
    try:
        call_command(*arguments, json=True, stdout=said, **options)
    except CommandError as error:
        return json.loads(said.getvalue() or "{}"), error.returncode
    return json.loads(said.getvalue()), 0


def bank(folder: Path, records: list[Record], name: str = "bank.jsonl") -> Path:
    path = folder / name
    path.write_text(jsonl(records), "utf-8")
    return path


def one(folder: Path, **changes: Any) -> tuple[dict[str, Any], int]:
    """The report on a bank of one HumanEval-shaped record with fields replaced."""
    return imported(folder / "into", bank(folder, [{**humaneval_records()[0], **changes}]))


@pytest.mark.parametrize("records", [humaneval_records, mbpp_records])
def test_every_problem_of_a_bank_is_imported_and_its_solution_accepted(
    tmp_path: Path, sandbox: Sandbox, records: Any
) -> None:
    wanted = records()[: len(FAMILIES)]
    report, code = imported(tmp_path / "into", bank(tmp_path, wanted))
    assert (code, report["imported"], report["failed"]) == (0, len(wanted), 0), report
    for problem in report["problems"]:
        package = read_package(tmp_path / "into" / problem["slug"])
        assert package.untranslated == ("zh",)
        (reference,) = package.submissions
        answer = Answer("python", reference.source.decode())
        assert judge(package, answer, sandbox=sandbox, hidden_root=Path()).verdict == "AC"


def test_cases_kill_every_mutant_that_the_banks_own_assertions_kill(tmp_path: Path, sandbox: Sandbox) -> None:
    wanted = humaneval_records()[: len(FAMILIES)]
    report, _ = imported(tmp_path / "into", bank(tmp_path, wanted))
    jail = SandboxJail(sandbox)
    told = 0
    for record, problem in zip(wanted, report["problems"], strict=True):
        package = read_package(tmp_path / "into" / problem["slug"])
        reference = reference_to_mutate(package)
        assert reference
        proof = run_mutants(package, reference, sandbox, workers=2)
        assert proof
        living = {survivor.name for survivor in proof.survivors}
        for mutant in mutants_of(reference.source.decode()):
            if mutant.name in living:
                job = {
                    "solution": mutant.source,
                    "setup": "",
                    "tests": [record["test"]],
                    "style": "humaneval",
                }
                files = {
                    "recorder.py": RECORDER,
                    "job.json": json.dumps({**job, "entry": record["entry_point"]}).encode(),
                }
                ran = jail.run(files, "recorder.py", "recorded.json", numpy=False, seconds=2)
                assert ran.data
                assert json.loads(ran.data).get("failed") == [], f"{record['entry_point']}: {mutant.name}"
        told += proof.killed
    assert told > 5 * len(wanted)


def test_licence_and_attribution_of_the_source_are_kept(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("Do what you like.\n")
    _, code = one(tmp_path)
    assert code == 0
    folder = tmp_path / "into" / "own-0"
    assert (folder / "LICENSE").read_text() == "Do what you like.\n"
    package = read_package(folder)
    assert (package.license, package.authors) == ("cc by-sa", ("Touchstone's tests",))
    assert "license: CC-BY-SA-4.0" in (folder / "touchstone.yaml").read_text()


def test_mbpp_runs_the_code_then_the_set_up_then_the_assertions(tmp_path: Path) -> None:
    record = {
        "task_id": 7,
        "text": "Grow by the step.",
        "code": "STEP = 1\ndef grow(x):\n    return x + STEP\n",
        "test_setup_code": "STEP = 5",
        "test_list": ["assert grow(1) == 6"],
        "challenge_test_list": [],
    }
    report, code = imported(tmp_path / "into", bank(tmp_path, [record]))
    # The set-up changes what the solution sees: cases of the solution alone would claim something else.
    assert code == 1
    assert "cases made of its tests" in report["problems"][0]["findings"][0]["message"]
    record["code"] = "def grow(x, step=5):\n    return x + step\n"
    assert imported(tmp_path / "into", bank(tmp_path, [record]))[0]["imported"] == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"canonical_solution": "    return 1\n"}, "fails its own test"),
        ({"canonical_solution": "    return (\n"}, "is no Python"),
        ({"canonical_solution": "    while True: pass\n"}, "cannot be run"),
        ({"canonical_solution": None}, "canonical_solution is missing"),
        ({"test": 3}, "test is no text"),
        ({"test": "def check(candidate):\n    pass\n"}, "no call that can be a test case"),
        (
            {
                "canonical_solution": "    numbers.sort()\n",
                "test": "def check(f):\n    x = [2, 1]\n    f(x)\n    assert x == [1, 2]\n",
            },
            "in place",
        ),
        (
            {
                "canonical_solution": "    return (n for n in numbers)\n",
                "test": "def check(f):\n    assert list(f([1])) == [1]\n",
            },
            "returns a value of the type generator",
        ),
        ({"entry_point": "absent"}, "defines no function absent"),
    ],
)
def test_what_cannot_be_held_is_refused_by_name_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    monkeypatch.setattr(recording, "SECONDS", 1.0)
    report, code = one(tmp_path, **changes)
    assert (code, report["imported"], report["failed"]) == (1, 0, 1)
    (problem,) = report["problems"]
    assert any("Own/0" in one["message"] and said in one["message"] for one in problem["findings"]), problem
    assert all((one["path"], one["line"]) == ("bank.jsonl", 1) for one in problem["findings"])
    assert list((tmp_path / "into").iterdir()) == []


def test_the_source_of_a_solution_is_a_module(tmp_path: Path) -> None:
    before = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\n"
        "class Held:\n    numbers: list[int]\n"
    )
    report, code = one(tmp_path, prompt=before + humaneval_records()[0]["prompt"])
    assert code == 0, report


def test_tests_that_accept_several_results_are_pointed_out(tmp_path: Path) -> None:
    test = "def check(candidate):\n    assert set(candidate([1])) == {1}\n"
    report, code = one(tmp_path, canonical_solution="    return list(numbers)\n", test=test)
    assert code == 0
    assert "look at set(…) of a result" in report["problems"][0]["notices"][0]["message"]


def test_a_broken_line_does_not_keep_the_others_out_and_a_second_import_changes_nothing(
    tmp_path: Path,
) -> None:
    path = bank(tmp_path, humaneval_records()[:2])
    path.write_text(path.read_text() + '{"task_id": \n')
    report, code = imported(tmp_path / "into", path)
    assert (code, report["imported"], report["failed"]) == (1, 2, 1)
    assert report["problems"][2]["findings"][0]["line"] == 3
    again, _ = imported(tmp_path / "into", path)
    assert (again["imported"], again["unchanged"]) == (2, 2)
