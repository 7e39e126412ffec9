"""Export, import, export: the second file equals the first, byte by byte, and what is lost is named."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from questionbank.exchange.exporting import Exported, export
from questionbank.exchange.importing import Staged, stage
from questionbank.exchange.reading import Format, read_data
from questionbank.packages.model import Kind
from questionbank.packages.reader import read_package
from tests.fixtures.bank import PROBLEMS, SLUGS, package

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
