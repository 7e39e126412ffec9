"""Over the API authors bring files of problems in: all of a file become drafts, or none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT
from pytest_django.fixtures import Settings

from fixtures.demo import load_topics
from grader import importing
from grader.errors import Fenced
from grader.tasks.authoring import bring_problems
from questionbank import drafting
from questionbank.exchange.archives import write_archive
from questionbank.models import ProblemDraft, ProblemImport, User
from questionbank.services import publish
from tests.api.conftest import Api, refused
from tests.exchange.test_hostile_packages import NASTY, archive_of, link
from tests.packages.writing import write_package

Files = Mapping[str, bytes]


@pytest.fixture
def author(db: None, settings: Settings, tmp_path: Path) -> Api:
    settings.DRAFTS_ROOT, settings.IMPORTS_ROOT = tmp_path / "drafts", tmp_path / "imports"
    settings.VERSION_STORE = tmp_path / "versions"
    load_topics()
    return Api(User.objects.create_user("author", is_author=True))


@pytest.fixture
def package(tmp_path: Path) -> Files:
    folder = write_package(tmp_path / "written")
    return {
        one.relative_to(folder).as_posix(): one.read_bytes() for one in folder.rglob("*") if one.is_file()
    }


def zipped(*slugs: str, package: Files, more: Files | None = None) -> bytes:
    files = {f"{slug}/{path}": data for slug in slugs for path, data in package.items()}
    return write_archive({**files, **(more or {})})


def send(api: Api, data: bytes, name: str = "bank.zip", **fields: Any) -> Any:
    return client(api).post("/api/v1/imports/", {"file": SimpleUploadedFile(name, data), **fields})


def client(api: Api) -> Client:
    """One that sends forms."""
    return Client(headers={"authorization": f"Token {api.token}"} if api.token else {})


def worked(api: Api, started: Any) -> dict[str, Any]:
    """What the API says once a worker was at it."""
    assert started.status_code == 202, started.content
    assert started["Location"].endswith(f"/api/v1/imports/{started.json()['id']}/")
    bring_problems(started.json()["id"])
    told: dict[str, Any] = api.get(f"imports/{started.json()['id']}/").json()
    return told


def states(told: dict[str, Any]) -> dict[str, str]:
    return {one["slug"]: one["state"] for one in told["report"]["problems"]}


def test_all_problems_of_a_file_become_drafts_of_who_sent_it(author: Api, package: Files) -> None:
    told = worked(author, send(author, zipped("one", "two", package=package)))
    assert (told["state"], told["done"], told["total"]) == ("imported", 2, 2)
    assert states(told) == {"one": "imported", "two": "imported"}
    drafts = {draft.slug: draft for draft in ProblemDraft.objects.all()}
    assert {slug: draft.author.username for slug, draft in drafts.items()} == {
        "one": "author",
        "two": "author",
    }
    assert drafting.contents_of(drafts["one"]) == package
    assert drafting.findings_of(drafts["one"]) == ()
    assert {one["draft"] for one in told["report"]["problems"]} == {str(one.pk) for one in drafts.values()}
    refused(author.post(f"imports/{told['id']}/run/", {}), 409)


def test_nothing_is_taken_in_where_one_problem_is_at_fault(author: Api, package: Files) -> None:
    broken = {"two/problem.yaml": b"name: [", "two/touchstone.yaml": b""}
    told = worked(author, send(author, zipped("one", package=package, more=broken)))
    assert told["state"] == "refused"
    assert states(told) == {"one": "ready", "two": "failed"}
    places = {one["path"] for one in told["report"]["problems"][1]["findings"]}
    assert "problem.yaml" in places
    assert not ProblemDraft.objects.exists()
    assert not any(Path(drafting.settings.DRAFTS_ROOT).glob("*"))


def test_a_dry_run_changes_nothing_and_can_be_followed_by_the_import(author: Api, package: Files) -> None:
    told = worked(author, send(author, zipped("one", package=package), dry_run="true"))
    assert (told["state"], states(told)) == ("ready", {"one": "ready"})
    assert not ProblemDraft.objects.exists()
    again = author.post(f"imports/{told['id']}/run/", {})
    assert worked(author, again)["state"] == "imported"
    assert ProblemDraft.objects.get().slug == "one"


def test_what_is_there_already_is_told_and_never_written_over(
    author: Api, package: Files, tmp_path: Path
) -> None:
    version = publish(write_package(tmp_path, slug="out"))
    next_of = {**package, "editorial.en.md": b"Multiply by two.\n"}
    first = worked(author, send(author, zipped("out", package=package)))
    assert states(first) == {"out": "unchanged"}
    assert not ProblemDraft.objects.exists()
    second = worked(author, send(author, zipped("out", package=next_of)))
    assert states(second) == {"out": "imported"}
    assert ProblemDraft.objects.get().based_on == version
    assert states(worked(author, send(author, zipped("out", package=next_of)))) == {"out": "unchanged"}
    third = worked(author, send(author, zipped("out", package=package | {"editorial.en.md": b"Else.\n"})))
    assert states(third) == {"out": "failed"}
    assert drafting.contents_of(ProblemDraft.objects.get()) == next_of


def test_a_lost_worker_leaves_nothing_and_the_next_one_does_it(
    author: Api, package: Files, settings: Settings
) -> None:
    started = send(author, zipped("one", package=package))
    pk = started.json()["id"]
    lost = importing.claim_import(pk)
    assert lost is not None
    assert importing.claim_import(pk) is None
    ProblemImport.objects.update(claimed_at="2020-01-01T00:00:00Z")
    # What the lost one had half done on the disk is in nobody's way.
    (Path(settings.IMPORTS_ROOT) / pk / f"attempt-{lost}" / "one").mkdir(parents=True)
    assert worked(author, started)["state"] == "imported"
    with pytest.raises(Fenced):
        importing.finish_import(pk, lost, [])
    assert ProblemDraft.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x7fELF" + bytes(20), "neither a zip archive nor"),
        (b"", "empty"),
    ],
)
def test_what_can_be_no_bank_is_refused_at_the_door(author: Api, data: bytes, said: str) -> None:
    document = refused(send(author, data), 400)
    assert said in document["errors"]["file"][0]
    assert not ProblemImport.objects.exists()


def test_what_is_too_large_is_refused_at_the_door(author: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MAX_UPLOAD_BYTES", 100)
    assert "more than" in refused(send(author, b"[" + b" " * 200), 400)["errors"]["file"][0]
    monkeypatch.setattr("grader.api.imports.MAX_UPLOAD_BYTES", 100)
    monkeypatch.setattr("grader.api.imports._FORM_BYTES", 0)
    refused(send(author, b"[" + b" " * 200), 413)


def test_only_authors_import(author: Api, api: Api, visitor: Api, package: Files) -> None:
    data = zipped("one", package=package)
    refused(send(api, data), 403)
    refused(send(visitor, data), 401)
    pk = send(author, data).json()["id"]
    refused(api.get(f"imports/{pk}/"), 403)
    refused(author.post("imports/", {"file": "x"}), 415)


@pytest.mark.parametrize(
    "data",
    [
        *(body for body in NASTY if body),
        archive_of(("../up/problem.yaml", b"x")),
        archive_of((link("a/problem.yaml"), b"/etc/passwd")),
        archive_of(("a/problem.yaml", b"!!python/object/apply:os.system [id]")),
        archive_of(("a/big.in", bytes(65 * 2**20))),
        archive_of(("a/problem.yaml", b"x"), ("a", b"y")),
        b"PK\x03\x04" + bytes(40),
        b"\x1f\x8b" + bytes(9),
    ],
    ids=lambda data: ascii(data[:16]),
)
def test_a_hostile_file_is_told_of_and_changes_nothing(author: Api, data: bytes) -> None:
    started = send(author, data, "what\u202eever.zip")
    if started.status_code != 202:
        assert refused(started, 400)["errors"]["file"]
        return
    told = worked(author, started)
    assert told["state"] == "refused", told
    assert all(one["findings"] for one in told["report"]["problems"] if one["state"] == "failed")
    assert not ProblemDraft.objects.exists()
    assert author.post(f"imports/{told['id']}/run/", {"dry_run": True}).status_code == 202


def test_a_broken_form_is_no_fault_of_ours(author: Api) -> None:
    for kind in (MULTIPART_CONTENT, "multipart/form-data"):
        for body in (b"", b"--x\r\nnothing", f"--{BOUNDARY}\r\n".encode()):
            refused(client(author).generic("POST", "/api/v1/imports/", body, content_type=kind), 400)
