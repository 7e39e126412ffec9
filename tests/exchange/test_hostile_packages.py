"""Whatever an archive holds: it is imported whole, or not at all with an error that names the place."""

from __future__ import annotations

import io
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from questionbank.exchange.archives import write_archive
from questionbank.exchange.drafts import Draft, Refused
from questionbank.exchange.importing import Imported, Staged, State, place, stage
from questionbank.exchange.reading import Found, read_data
from questionbank.packages.reader import read_package
from tests.exchange.banks import humaneval_records, jsonl
from tests.packages.writing import write_package

NASTY = [
    b"",
    b"\x00\xff\xfe",
    b"!!python/object/apply:os.system [id]",
    b"a: &a [*a, *a]",
    b"x: " + b"[" * 3000,
    b"{" * 3000,
    b"- \t: :\n:",
    b'{"a": 1e999, "b": 1' + b"0" * 5000 + b"}",
    b"kind: [function]\ntopics: 3\n",
    b"problem_format_version: 2025-09\nname: 3\nuuid: []\n",
    b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
    "名字: \ud800".encode("utf-8", "surrogatepass"),
]
PATHS = [
    "problem.yaml",
    "touchstone.yaml",
    "statement/problem.en.md",
    "data/secret/cases.jsonl",
    "data/sample/cases.jsonl",
    "submissions/accepted/double.py",
    "data/secret/test_group.yaml",
    "data/secret",
    "submissions/submissions.yaml",
    "rubric.yaml",
    "../outside.txt",
    "/etc/passwd",
    "a\\b",
    "hints/1.en.md",
    "x" * 280,
    "imsmanifest.xml",
]


@pytest.fixture(scope="module")
def sound() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as parent:
        folder = write_package(Path(parent))
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }


def imported(found: list[Found], into: Path) -> list[Imported]:
    """As the command does it, for what needs no sandbox."""
    staging = into / ".staging"
    staging.mkdir()
    done = []
    for one in found:
        if isinstance(one, Draft | Refused):
            brought = stage(one, staging, lambda package: ())
            done.append(place(brought, into) if isinstance(brought, Staged) else brought)
    return done


def check(data: bytes, name: str = "package.zip") -> list[Imported]:
    """No crash, nothing half imported, and an error that names the place."""
    with tempfile.TemporaryDirectory() as parent:
        into = Path(parent) / "into"
        into.mkdir()
        done = imported(read_data(data, name), into)
        there = {path.name for path in into.iterdir()} - {".staging"}
        assert there == {one.slug for one in done if one.state is not State.FAILED}
        assert {path.name for path in Path(parent).iterdir()} == {"into"}
        for one in done:
            if one.state is State.FAILED:
                assert one.findings
                assert all(finding.message for finding in one.findings)
                assert any(finding.path or one.slug for finding in one.findings)
            else:
                read_package(into / one.slug)
        return done


@given(data=st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_changed_package_crashes_the_import(sound: dict[str, bytes], data: st.DataObject) -> None:
    files = dict(sound)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(PATHS))
        match data.draw(st.integers(0, 3)):
            case 0:
                files.pop(path, None)
            case 1:
                files[path] = data.draw(st.sampled_from(NASTY))
            case 2:
                old = files.get(path, b"")
                files[path] = old[: data.draw(st.integers(0, len(old)))] + data.draw(st.binary(max_size=8))
            case _:
                files[path] = files.get(path, b"") + data.draw(st.text(max_size=20)).encode()
    archive = write_archive(
        {f"example/{path}" if path in sound else path: body for path, body in files.items()}
    )
    if data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(archive) - 1))
        torn = archive[:place] if data.draw(st.booleans()) else archive[:place] + b"?" + archive[place + 1 :]
        archive = torn
    check(archive)


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_bank_crashes_the_import(data: st.DataObject) -> None:
    record = dict(humaneval_records()[0])
    key = data.draw(st.sampled_from([*record, "license", "code", "test_list"]))
    record[key] = data.draw(
        st.none() | st.integers() | st.text(max_size=9) | st.lists(st.text(max_size=3)) | st.just({"a": [1]})
    )
    text = jsonl([record]).encode()
    check(text[: data.draw(st.integers(0, len(text)))] + data.draw(st.sampled_from(NASTY)), "bank.jsonl")


def test_a_folder_around_all_packages_is_no_hindrance(sound: dict[str, bytes]) -> None:
    files = {f"bank-main/{slug}/{path}": data for slug in ("one", "two") for path, data in sound.items()}
    assert [(one.slug, one.state) for one in check(write_archive(files))] == [
        ("one", State.IMPORTED),
        ("two", State.IMPORTED),
    ]


def archive_of(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return target.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("data", "path", "said"),
    [
        (archive_of(("../up/problem.yaml", b"x")), "../up/problem.yaml", "leads out"),
        (archive_of(("/etc/cron.d/x", b"x")), "/etc/cron.d/x", "leads out"),
        (archive_of((link("a/problem.yaml"), b"/etc/passwd")), "a/problem.yaml", "no regular file"),
        (archive_of(("a/big.in", bytes(65 * 2**20))), "a/big.in", "larger than a package may be"),
        (archive_of(("a/problem.yaml", b"x"), ("a", b"y")), "a/problem.yaml", "which is a file"),
        (archive_of(("a/notes.txt", b"x")), "package.zip", "holds no problem package"),
        (b"PK\x03\x04" + bytes(40), "package.zip", "no readable zip"),
    ],
)
def test_an_archive_that_would_harm_is_refused_by_the_entrys_name(data: bytes, path: str, said: str) -> None:
    (found,) = check(data)
    assert [(one.path, said in one.message) for one in found.findings] == [(path, True)]
