"""The pages of drafts write the folder format, tell faults beside the place, and are closed to candidates."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from fixtures.demo import load_topics
from grader.importing import start_import
from grader.tasks.authoring import bring_problems
from questionbank import drafting
from questionbank.exchange.archives import write_archive
from questionbank.models import ProblemDraft, ProblemImport, User
from questionbank.packages.editing import draft_tests
from questionbank.packages.reader import read_package
from tests.packages.foreign import foreign_package
from tests.packages.writing import write_package
from tests.pages.conftest import client_of

SECTIONS = ("draft", "draft-texts", "draft-settings", "draft-tests", "draft-files", "draft-history")
ACTIONS = ("draft-prove", "draft-submit", "draft-send-back", "draft-publish", "draft-discard")


@pytest.fixture
def author(db: None) -> User:
    return User.objects.create_user("author", is_author=True)


@pytest.fixture
def client(author: User) -> Client:
    return client_of(author)


@pytest.fixture
def draft(settings: Settings, tmp_path: Path, author: User, client: Client) -> ProblemDraft:
    settings.VERSION_STORE, settings.DRAFTS_ROOT = tmp_path / "versions", tmp_path / "drafts"
    settings.IMPORTS_ROOT = tmp_path / "imports"
    load_topics()
    form = {"slug": "twice", "kind": "function", "name_en": "Twice", "name_zh": "两倍"}
    client.post(reverse("draft-create"), form)
    return ProblemDraft.objects.get()


def save(client: Client, draft: ProblemDraft, section: str, *path: str, **form: object) -> HttpResponse:
    draft.refresh_from_db()
    return client.post(
        reverse(section, args=[draft.pk, *path]), {"revision": draft.revision, **form}, follow=True
    )  # type: ignore[return-value]


def test_every_section_shows_itself_for_every_kind(
    settings: Settings, tmp_path: Path, client: Client
) -> None:
    settings.DRAFTS_ROOT = tmp_path / "drafts"
    for kind in ("function", "pass-fail", "artifact", "choice", "open"):
        form = {"slug": f"a-{kind}", "kind": kind, "name_en": "A", "name_zh": "甲"}
        assert client.post(reverse("draft-create"), form).status_code == 302
        draft = ProblemDraft.objects.get(slug=f"a-{kind}")
        for section in SECTIONS:
            assert client.get(reverse(section, args=[draft.pk])).status_code == 200, (kind, section)


def test_candidates_and_interviewers_write_nothing(
    draft: ProblemDraft, candidate: User, interviewer: User
) -> None:
    for person, status in ((None, 302), (candidate, 403), (interviewer, 403)):
        reader = client_of(person)
        for section in SECTIONS:
            address = reverse(section, args=[draft.pk])
            assert reader.get(address).status_code == status
            assert reader.post(address).status_code in (status, 405)
        for action in ACTIONS:
            assert reader.post(reverse(action, args=[draft.pk])).status_code == status
        assert reader.post(reverse("draft-preview"), {"text": "x"}).status_code == status
    assert ProblemDraft.objects.get().revision == 0


def test_texts_are_written_into_their_files_and_a_hint_grows_a_field_for_the_next(
    client: Client, draft: ProblemDraft
) -> None:
    page = save(
        client, draft, "draft-texts", name_en="Double", name_zh="加倍", statement_en="**Double** it.\r\nNow.",
        statement_zh="加倍。", editorial_en="So.", editorial_zh="这样。", hint_1_en="Add.",
        hint_1_zh="相加。",
    )  # fmt: skip
    package = read_package(drafting.folder_of(draft))
    assert package.names == {"en": "Double", "zh": "加倍"}
    assert package.statements["en"] == "**Double** it.\nNow.\n"
    assert package.hints[0]["zh"] == "相加。\n"
    assert "<strong>Double</strong>" in page.content.decode()
    assert 'name="hint_2_en"' in page.content.decode()


def test_an_emptied_text_is_told_beside_its_field(client: Client, draft: ProblemDraft) -> None:
    page = save(client, draft, "draft-texts", name_en="Double", name_zh="加倍", statement_en="Double it.")
    assert "is missing" in page.content.decode()
    assert {one.path for one in drafting.findings_of(draft)} >= {"statement/problem.zh.md", "editorial.en.md"}


def test_settings_reach_both_documents_and_leave_other_keys(client: Client, draft: ProblemDraft) -> None:
    before = read_package(drafting.folder_of(draft))
    save(
        client, draft, "draft-settings", difficulty="hard", expected_minutes="25", topics=["training"],
        tags="one, two", time_limit="3", memory="128", output="4", languages=["python", "cpp"],
        function_name="double", parameters="x: float", returns="float", runtime="python", rtol="1e-6",
        prerequisites_en="Sums.", prerequisites_zh="求和。",
        references="https://example.org/a On sums\n\n http://example.org/b  More ",
    )  # fmt: skip
    save(
        client, draft, "draft-file", "submissions/accepted/reference.py", text="def double(x): return 2 * x\n"
    )
    package = read_package(drafting.folder_of(draft))
    assert (package.difficulty, package.topics, package.tags) == ("hard", ("training",), ("one", "two"))
    assert (package.limits.time_limit_s, package.languages) == (3.0, ("python", "cpp"))
    assert package.function is not None
    assert package.function.numeric is not None
    assert (package.function.name, package.function.numeric.rtol) == ("double", 1e-6)
    assert package.license == before.license
    assert (package.prerequisites, package.difficulty_reason) == ({"en": "Sums.", "zh": "求和。"}, None)
    assert [(one.title, one.url) for one in package.references] == [
        ("On sums", "https://example.org/a"),
        ("More", "http://example.org/b"),
    ]
    page = client.get(reverse("draft-settings", args=[draft.pk])).content.decode()
    assert "https://example.org/a On sums\nhttp://example.org/b More</textarea>" in page


@pytest.mark.parametrize(
    "fault",
    [
        {"returns": "number"},
        {"parameters": "x"},
        {"time_limit": "0"},
        {"topics": ["other"]},
        {"prerequisites_en": "Sums."},
        {"references": "javascript:alert(1) Click"},
        {"references": "https://example.org/without-a-title"},
    ],
)
def test_a_faulty_setting_is_told_at_its_field(
    client: Client, draft: ProblemDraft, fault: dict[str, object]
) -> None:
    form: dict[str, object] = {
        "difficulty": "hard", "expected_minutes": "25", "topics": ["training"], "time_limit": "3",
        "memory": "128", "output": "4", "languages": ["python"], "function_name": "f", "parameters": "x: int",
        "returns": "int", "runtime": "python",
    }  # fmt: skip
    answer = save(client, draft, "draft-settings", **(form | fault))
    assert answer.status_code == 400
    assert 'class="errors"' in answer.content.decode()
    assert ProblemDraft.objects.get().revision == 0


def test_a_test_is_added_changed_and_removed(client: Client, draft: ProblemDraft) -> None:
    save(client, draft, "draft-tests", do="save", group="secret", name="big", given="[9]", expected="9")
    changed = {"old_group": "secret", "old_name": "big", "group": "secret", "name": "big", "given": "[8]"}
    page = save(client, draft, "draft-tests", do="save", **changed)
    assert "Let the reference answer 1 test" in page.content.decode()
    save(client, draft, "draft-tests", do="remove", **changed)
    assert [test.name for test in read_package(drafting.folder_of(draft)).tests] == ["one", "two"]


def test_a_test_that_is_no_json_is_refused_with_what_was_typed(client: Client, draft: ProblemDraft) -> None:
    page = save(client, draft, "draft-tests", do="save", group="secret", name="bad", given="[1", expected="")
    assert page.status_code == 400
    assert "[1</textarea>" in page.content.decode()


def test_a_file_is_written_with_its_verdict_in_its_path_and_removed(
    client: Client, draft: ProblemDraft
) -> None:
    path = "submissions/wrong_answer/zero.py"
    answer = client.post(reverse("draft-files", args=[draft.pk]), {"path": path})
    assert answer["Location"] == reverse("draft-file", args=[draft.pk, path])
    save(client, draft, "draft-file", path, text="def solve(x):\r\n    return 0\r\n")
    assert drafting.contents_of(draft)[path] == b"def solve(x):\n    return 0\n"
    save(client, draft, "draft-file", path, do="remove")
    assert path not in drafting.contents_of(draft)
    for place in ("../x", "data/.x", "nowhere/x"):
        assert client.post(reverse("draft-files", args=[draft.pk]), {"path": place}).status_code == 400


def test_a_stale_form_is_refused_with_its_text(client: Client, draft: ProblemDraft, author: User) -> None:
    path = "statement/problem.en.md"
    drafting.save_files(draft, user=author, revision=0, changes={path: b"Newer.\n"})
    address = reverse("draft-file", args=[draft.pk, path])
    answer = client.post(address, {"revision": "0", "text": "From an old tab."})
    assert answer.status_code == 400
    assert "From an old tab." in answer.content.decode()


def test_the_preview_is_what_the_problems_page_would_show(client: Client, draft: ProblemDraft) -> None:
    answer = client.post(reverse("draft-preview"), {"text": "**bold** $x$ <script>alert(1)</script>"})
    assert "<strong>bold</strong>" in answer.content.decode()
    assert "<script" not in answer.content.decode()


def test_the_way_to_publication_needs_the_gate_and_another_author(
    client: Client, draft: ProblemDraft, author: User
) -> None:
    def act(reader: Client, action: str, **form: str) -> str:
        return reader.post(reverse(action, args=[draft.pk]), form, follow=True).content.decode()

    assert "The gate must pass the draft" in act(client, "draft-submit")
    proof = {"ready": True, "findings": []}
    drafting.keep_proof(str(draft.pk), content_hash=draft.content_hash, proof=proof)
    act(client, "draft-submit")
    assert "publishes it" in act(client, "draft-publish")
    reviewer = client_of(User.objects.create_user("reviewer", is_author=True))
    assert "What is to be read" in reviewer.get(reverse("draft", args=[draft.pk])).content.decode()
    assert "Say what is to be changed." in act(reviewer, "draft-send-back")
    act(reviewer, "draft-send-back", comment="Name the unit.")
    assert "Name the unit." in client.get(reverse("draft", args=[draft.pk])).content.decode()
    act(client, "draft-submit")
    assert "Published." in act(reviewer, "draft-publish")
    assert client_of(None).get(reverse("problem", args=["twice"])).status_code == 200
    client.post(reverse("draft-change", args=["twice"]))
    assert ProblemDraft.objects.filter(slug="twice", state="draft").count() == 1


def test_an_input_that_tells_a_wrong_version_apart_is_one_click_from_the_tests(
    client: Client, draft: ProblemDraft
) -> None:
    survivor = {
        "name": "return-0", "operator": "return", "line": 2, "diff": "-    return x\n+    return 0",
        "telling": "[41]", "reference_returns": "41", "mutant_returns": "0",
    }  # fmt: skip
    mutation = {"reference": "reference.py", "killed": 1, "total": 2, "survivors": [survivor]}
    proof = {"ready": False, "findings": [], "mutation": mutation}
    drafting.keep_proof(str(draft.pk), content_hash=draft.content_hash, proof=proof)
    page = client.get(reverse("draft", args=[draft.pk])).content.decode()
    form = re.search(r'action="[^"]*/tests/">(.*?)</form>', page)
    assert form is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.group(1)))
    assert "41, and not 0" in page
    client.post(reverse("draft-tests", args=[draft.pk]), fields | {"do": "save"})
    added = draft_tests(drafting.contents_of(draft), draft.kind)[-1]
    assert (added.group, added.given, added.expected) == ("secret", "[41]", None)


def test_a_file_is_tried_first_and_taken_in_on_a_click(draft: ProblemDraft, client: Client) -> None:
    drafting.discard_draft(draft)
    written = write_package(Path(drafting.settings.DRAFTS_ROOT).parent, slug="brought")
    files = {f"brought/{one.relative_to(written)}": one for one in written.rglob("*") if one.is_file()}
    data = write_archive({path: one.read_bytes() for path, one in files.items()})
    sent = client.post(reverse("import"), {"file": SimpleUploadedFile("a.zip", data), "format": "auto"})
    row = ProblemImport.objects.get()
    assert sent.headers["Location"] == reverse("import-show", args=[row.pk])
    state = reverse("import-state", args=[row.pk])
    assert "data-working" in client.get(state).content.decode()
    bring_problems(str(row.pk))
    assert 'data-import="ready"' in client.get(state).content.decode()
    assert not ProblemDraft.objects.exists()
    client.post(reverse("import-run", args=[row.pk]), {"do": "import"})
    bring_problems(str(row.pk))
    brought = ProblemDraft.objects.get()
    shown = client.get(reverse("import-show", args=[row.pk])).content.decode()
    assert reverse("draft", args=[brought.pk]) in shown
    assert client.get(reverse("import")).status_code == 200
    assert client.post(reverse("import-remove", args=[row.pk])).status_code == 302
    assert (ProblemImport.objects.count(), ProblemDraft.objects.count()) == (0, 1)


def test_a_package_of_contests_comes_in_with_what_is_told_of_it_and_all_its_files_can_be_edited(
    draft: ProblemDraft, client: Client, author: User
) -> None:
    root = Path(drafting.settings.DRAFTS_ROOT).parent
    files: dict[str, str | None] = {"ci/run.sh": "true\n", "submissions/accepted/double.hs": "main = x\n"}
    folder = foreign_package(root, files, legacy=True)
    contents = {str(one.relative_to(root)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}
    archive = write_archive(contents)
    row = start_import(user=author, name="a.zip", size=len(archive), chunks=[archive])
    bring_problems(str(row.pk))
    row.refresh_from_db()
    (report,) = row.report["problems"]
    assert {one["path"] for one in report["notices"]} == {"ci/run.sh", "submissions/accepted/double.hs"}
    brought = ProblemDraft.objects.get(slug="doubling")
    for path in drafting.contents_of(brought):
        assert client.get(reverse("draft-file", args=[brought.pk, path])).status_code == 200, path
    save(client, brought, "draft-file", "ci/run.sh", do="remove")
    save(client, brought, "draft-file", "problem_statement/problem.en.tex", text="\\problemname{Twice}")
    assert "ci/run.sh" not in drafting.contents_of(brought)
    assert read_package(drafting.folder_of(brought)).name_in("en") == "Twice"
    assert client.get(reverse("draft-file", args=[brought.pk, "ci/other.sh"])).status_code == 404


def test_what_is_no_bank_is_refused_beside_the_field(draft: ProblemDraft, client: Client) -> None:
    sent = {"file": SimpleUploadedFile("a.png", b"\x89PNG"), "format": "auto"}
    answer = client.post(reverse("import"), sent)
    assert answer.status_code == 400
    assert 'id="id_file_error"' in answer.content.decode()


def test_the_history_goes_back_to_before_a_change(draft: ProblemDraft, client: Client) -> None:
    before = drafting.contents_of(draft)
    save(client, draft, "draft-file", "hints/1.en.md", text="A hint.")
    assert drafting.contents_of(draft) != before
    address = reverse("draft-restore", args=[draft.pk, 1])
    assert address in client.get(reverse("draft-history", args=[draft.pk])).content.decode()
    client.post(address, {"revision": "0"})
    assert drafting.contents_of(draft) != before
    client.post(address, {"revision": "1"})
    assert drafting.contents_of(draft) == before


def test_a_generator_is_run_for_seeds_that_make_sense(draft: ProblemDraft, client: Client) -> None:
    page = reverse("draft-tests", args=[draft.pk])
    assert "generators/NAME.py" in client.get(page).content.decode()
    save(client, draft, "draft-file", "generators/any.py", text="print([1])")
    form = {"do": "generate", "generator": "generators/any.py", "into": "secret", "first": "1", "count": "3"}
    for wrong in ({"generator": "submissions/accepted/reference.py"}, {"into": "../x"}, {"count": "51"}):
        assert client.post(page, form | wrong).status_code == 400
    assert client.post(page, form | {"first": "-1"}).status_code == 400
    assert not ProblemDraft.objects.get().work
    assert client.post(page, form).status_code == 302
    assert ProblemDraft.objects.get().work == ProblemDraft.Work.FILLING
