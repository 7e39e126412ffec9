"""Export, import, export: the second file equals the first, byte by byte, and what is lost is named."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from fixtures.demo import load_topics
from grader.gate.bringing import bring
from questionbank.exchange import jsonl_writing
from questionbank.exchange.drafts import Refused
from questionbank.exchange.exporting import Exported, export
from questionbank.exchange.importing import Staged, stage
from questionbank.exchange.reading import Format, read_data
from questionbank.models import User
from questionbank.packages.model import Kind
from questionbank.packages.reader import read_package
from questionbank.services import publish
from sandbox.client import Sandbox
from tests.fixtures.bank import PROBLEMS, SLUGS, package
from tests.packages.writing import write_package
from tests.pages.conftest import client_of

QTI_KINDS = (Kind.CHOICE, Kind.OPEN)


def read_back(exported: Exported, folder: Path) -> Path:
    """The folder of the only package that the file holds."""
    folder.mkdir()
    (found,) = read_data(exported.data, exported.name)
    staged = stage(found, folder, lambda package: ())  # type: ignore[arg-type]
    assert isinstance(staged, Staged), staged
    return staged.folder


def written(folder: Path, format: Format) -> Exported:
    found = export(folder, format)
    assert isinstance(found, Exported), found
    return found


@pytest.mark.parametrize("slug", SLUGS)
def test_our_own_zip_holds_every_shipped_problem_whole(tmp_path: Path, slug: str) -> None:
    first = written(PROBLEMS / slug, Format.AUTO)
    folder = read_back(first, tmp_path / "back")
    assert written(folder, Format.AUTO).data == first.data
    assert read_package(folder).content_hash == package(slug).content_hash
    assert first.lost == ()


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if package(slug).kind in QTI_KINDS])
def test_a_question_comes_back_from_qti_with_its_texts_options_and_rubric(tmp_path: Path, slug: str) -> None:
    first = written(PROBLEMS / slug, Format.QTI)
    folder = read_back(first, tmp_path / "back")
    assert written(folder, Format.QTI).data == first.data
    before, after = package(slug), read_package(folder)
    assert (after.names, after.choice) == (before.names, before.choice)
    assert [text.strip() for text in after.statements.values()] == [
        text.strip() for text in before.statements.values()
    ]
    assert "topics has no place in an item" in [one.message for one in first.lost]


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if package(slug).kind is Kind.PASS_FAIL])
def test_a_program_comes_back_from_the_contests_format_with_its_tests(tmp_path: Path, slug: str) -> None:
    found = export(PROBLEMS / slug, Format.KATTIS)
    if "sql" in package(slug).languages:
        assert not isinstance(found, Exported)
        return
    assert isinstance(found, Exported), found
    folder = read_back(found, tmp_path / "back")
    assert written(folder, Format.KATTIS).data == found.data
    before, after = package(slug), read_package(folder)
    assert [(test.group, test.name, test.input, test.answer) for test in after.tests] == [
        (test.group, test.name, test.input, test.answer) for test in before.tests
    ]
    assert "editorial.en.md" in [one.path for one in found.lost]


def said(*arguments: object) -> tuple[dict[str, Any], int]:
    out = io.StringIO()
    try:
        call_command("problem", *map(str, arguments), "--json", stdout=out)
    except CommandError as error:
        return json.loads(out.getvalue() or "{}"), error.returncode
    return json.loads(out.getvalue()), 0


def test_the_command_writes_what_it_can_and_names_the_rest(tmp_path: Path) -> None:
    report, code = said(
        "export",
        PROBLEMS / "token-bill",
        PROBLEMS / "top-p-sampling",
        "--format",
        "kattis",
        "--into",
        tmp_path,
    )
    assert (code, report["exported"], report["failed"]) == (1, 1, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["token-bill.zip"]
    assert "the format knows programs" in report["problems"][1]["findings"][0]["message"]


def test_two_packages_are_compared_file_by_file(tmp_path: Path) -> None:
    slug = "top-p-sampling"
    archive = tmp_path / f"{slug}.zip"
    archive.write_bytes(written(PROBLEMS / slug, Format.AUTO).data)
    assert said("diff", PROBLEMS / slug, archive) == (
        {"added": [], "removed": [], "changed": {}, "equal": True},
        0,
    )
    folder = read_back(written(PROBLEMS / slug, Format.AUTO), tmp_path / "other")
    (folder / "editorial.en.md").write_text("Short.\n")
    (folder / "statement" / "extra.md").write_text("x")
    report, code = said("diff", archive, folder)
    assert (code, report["added"], list(report["changed"])) == (
        1,
        ["statement/extra.md"],
        ["editorial.en.md"],
    )
    assert "+Short." in report["changed"]["editorial.en.md"]


JSONL = (Format.HUMANEVAL, Format.MBPP, Format.DEEPML)
EVERY_TYPE: dict[str, Any] = {
    "function": {
        "name": "solve",
        "parameters": [
            {"name": "x", "type": "object"},
            {"name": "pair", "type": "tuple[int, str] | None"},
            {"name": "by_name", "type": "dict[str, list[float]]", "optional": True},
        ],
        "returns": "object",
    }
}
PAIRED = {"$dict": [[{"$tuple": [1]}, None]]}
CASES_OF_EVERY_TYPE = [
    {"name": "a", "args": [{"$set": [2, 1]}, [1, "'\"\\n"]], "expected": {"$set": [1, 2]}},
    {"name": "b", "args": [PAIRED, None], "expected": PAIRED},
    {"name": "c", "args": [{"$float": "inf"}, [-3, ""], {"k": [1, 2.5]}], "expected": {"$float": "inf"}},
    {"name": "d", "args": [{"$set": []}, [0, "中"], {}], "expected": {"$set": []}},
]  # fmt: skip


def brought_back(data: bytes, format: Format, into: Path, sandbox: Sandbox) -> Path:
    """The folder that an import makes of a bank of one record, whose tests are run."""
    into.mkdir()
    (staged,) = bring(read_data(data, f"{format}.jsonl", format), into, lambda: sandbox)
    assert isinstance(staged, Staged), staged
    assert not any("is said to print" in one.message for one in staged.draft.notices), staged.draft.notices
    return staged.folder


@pytest.mark.parametrize("format", JSONL)
@pytest.mark.parametrize("slug", ["top-p-sampling", "every-type"])
def test_a_function_comes_back_from_a_record_with_its_tests(
    tmp_path: Path, sandbox: Sandbox, format: Format, slug: str
) -> None:
    folder = PROBLEMS / slug
    if slug == "every-type":
        lines = [json.dumps(case, ensure_ascii=False) for case in CASES_OF_EVERY_TYPE]
        files: dict[str, str | None] = {
            "data/sample/cases.jsonl": lines[0],
            "data/secret/cases.jsonl": "\n".join(lines[1:]),
            "submissions/accepted/double.py": "LEAST = 0\n\ndef solve(x, pair, by_name={}):\n    return x\n",
        }
        folder = write_package(tmp_path, touchstone=EVERY_TYPE, files=files, slug=slug)
    first = written(folder, format)
    back = brought_back(first.data, format, tmp_path / "back", sandbox)
    again = written(back, format)
    assert again.data == first.data
    assert again.lost == ()
    lost = {(one.path, one.message) for one in first.lost}
    assert ("statement/problem.zh.md", "has no place in a record") in lost


def test_tests_that_a_record_has_no_room_for_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl_writing, "MAX_CALLS", 3)
    found = written(write_package(tmp_path), Format.MBPP)
    assert json.loads(found.data)["test_list"][-1] == "assert solve(-7) == -14"
    assert any("1 tests are left out" in one.message for one in found.lost)


def test_functions_that_a_record_cannot_hold_are_refused_by_name(tmp_path: Path) -> None:
    found = export(PROBLEMS / "token-bill", Format.HUMANEVAL)
    assert isinstance(found, Refused)
    assert "the kind pass-fail" in found.findings[0].message
    files: dict[str, str | None] = {"submissions/accepted/double.py": "solve = lambda x: 2 * x\n"}
    found = export(write_package(tmp_path, files=files), Format.HUMANEVAL)
    assert isinstance(found, Refused)
    assert "defines no function solve" in found.findings[0].message


def test_all_functions_of_an_export_share_one_bank(tmp_path: Path) -> None:
    for slug in ("one", "two"):
        write_package(tmp_path / "packages", slug=slug)
    report, code = said("export", tmp_path / "packages", "--format", "humaneval", "--into", tmp_path / "out")
    assert (code, report["exported"]) == (0, 2)
    lines = (tmp_path / "out" / "humaneval.jsonl").read_text().splitlines()
    assert [json.loads(one)["task_id"] for one in lines] == ["one", "two"]


def test_page_and_api_export_published_problems_for_authors_alone(
    db: None, settings: Settings, tmp_path: Path
) -> None:
    settings.VERSION_STORE = tmp_path / "versions"
    load_topics()
    slug = "top-p-sampling"
    publish(PROBLEMS / slug)
    users = [User.objects.create_user(name, is_author=name == "author") for name in ("author", "candidate")]
    author, candidate = map(client_of, users)
    for format in (Format.AUTO, Format.MBPP):
        wanted = written(PROBLEMS / slug, format)
        page = f"/problems/{slug}/versions/1/export/?to={format}"
        assert author.get(f"{page}&download=1").content == wanted.data
        told = author.get(f"/api/v1/problems/{slug}/export/?to={format}").json()
        assert base64.b64decode(told["content"]) == wanted.data
        assert [one["path"] for one in told["lost"]] == [one.path for one in wanted.lost]
        shown = author.get(page).content.decode()
        assert ("statement/problem.zh.md" in shown) is (format is Format.MBPP)
    refused = author.get(f"/api/v1/problems/{slug}/export/?to=qti")
    assert (refused.status_code, "choice and open" in refused.json()["errors"]["to"][0]) == (400, True)
    assert author.get(f"/problems/{slug}/versions/1/export/?to=qti").status_code == 400
    for address in (f"/problems/{slug}/versions/1/export/", f"/api/v1/problems/{slug}/export/"):
        assert candidate.get(address).status_code == 403
