"""A draft is a folder of the format; it is published once the gate passed it and another person read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from fixtures.demo import load_topics
from questionbank import drafting
from questionbank.drafting import InvalidDraft, StaleDraftRevision
from questionbank.models import ProblemDraft, ProblemVersion, User
from questionbank.packages.reader import read_package
from tests import bank

NAMES = {"en": "Twice", "zh": "两倍"}
STATEMENT = "statement/problem.en.md"


@pytest.fixture(autouse=True)
def stores(settings: Settings, tmp_path: Path) -> None:
    settings.VERSION_STORE, settings.DRAFTS_ROOT = tmp_path / "versions", tmp_path / "drafts"


@pytest.fixture
def author(db: None) -> User:
    load_topics()
    return bank.candidate("author", is_author=True)


@pytest.fixture
def reviewer(db: None) -> User:
    return bank.candidate("reviewer", is_author=True)


@pytest.fixture
def draft(author: User) -> ProblemDraft:
    return drafting.create_draft(user=author, slug="twice", kind="function", names=NAMES)


def write(draft: ProblemDraft, user: User, text: str, path: str = STATEMENT) -> ProblemDraft:
    revision = ProblemDraft.objects.get(pk=draft.pk).revision
    return drafting.save_files(draft, user=user, revision=revision, changes={path: text.encode()})


def prove(draft: ProblemDraft, *, ready: bool = True) -> None:
    """As the gate leaves it."""
    current = ProblemDraft.objects.get(pk=draft.pk)
    drafting.keep_proof(
        str(draft.pk), content_hash=current.content_hash, proof={"ready": ready, "findings": []}
    )


def test_a_draft_is_a_folder_that_the_reader_reads(draft: ProblemDraft) -> None:
    assert read_package(drafting.folder_of(draft)).names == NAMES
    assert drafting.findings_of(draft) == ()


def test_every_save_is_in_the_history_with_its_difference(draft: ProblemDraft, author: User) -> None:
    write(draft, author, "Double it.\n")
    write(draft, author, "Double it twice.\n")
    last, first = draft.revisions.all()
    assert (first.number, last.number) == (1, 2)
    assert last.changes[0]["lines"][1:] == ["-Double it.", "+Double it twice."]


def test_what_changes_nothing_is_no_revision(draft: ProblemDraft, author: User) -> None:
    text = drafting.contents_of(draft)[STATEMENT].decode()
    assert write(draft, author, text).revision == 0
    assert not draft.revisions.exists()


def test_an_earlier_state_comes_back_as_a_change_of_its_own(draft: ProblemDraft, author: User) -> None:
    states = [drafting.contents_of(draft)]
    for change in (
        {STATEMENT: b"One."},
        {STATEMENT: b"Two.", "hints/1.en.md": b"A hint."},
        {STATEMENT: None},
    ):
        draft = drafting.save_files(draft, user=author, revision=draft.revision, changes=change)
        states.append(drafting.contents_of(draft))
    for number in (2, 1):
        draft = drafting.restore(draft, user=author, revision=draft.revision, number=number)
        assert drafting.contents_of(draft) == states[number - 1]
    assert draft.revision == 5
    # What was undone can be had again.
    draft = drafting.restore(draft, user=author, revision=5, number=4)
    assert drafting.contents_of(draft) == states[3]
    with pytest.raises(StaleDraftRevision):
        drafting.restore(draft, user=author, revision=2, number=1)


def test_a_stale_tab_writes_nothing(draft: ProblemDraft, author: User) -> None:
    write(draft, author, "Mine.\n")
    with pytest.raises(StaleDraftRevision):
        drafting.save_files(draft, user=author, revision=0, changes={STATEMENT: b"Old.\n"})
    assert drafting.contents_of(draft)[STATEMENT] == b"Mine.\n"


@pytest.mark.parametrize("path", ["../../escape", "data/secret/../../../x", "elsewhere/x"])
def test_nothing_is_written_outside_of_the_package(draft: ProblemDraft, author: User, path: str) -> None:
    with pytest.raises(InvalidDraft):
        write(draft, author, "x", path)


def test_a_slug_is_written_by_one_at_a_time(draft: ProblemDraft, author: User) -> None:
    with pytest.raises(InvalidDraft):
        drafting.create_draft(user=author, slug="twice", kind="open", names=NAMES)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slug": "Big One"}, "slug"),
        ({"kind": "other"}, "kind"),
        ({"names": {"en": "x", "zh": " "}}, "name_zh"),
    ],
)
def test_a_new_problem_is_refused_by_its_field(author: User, changes: dict[str, object], field: str) -> None:
    given: dict[str, object] = {"slug": "new", "kind": "open", "names": NAMES}
    with pytest.raises(InvalidDraft) as refused:
        drafting.create_draft(user=author, **(given | changes))  # type: ignore[arg-type]
    assert refused.value.field == field


def test_what_the_gate_has_not_passed_goes_to_no_reviewer(draft: ProblemDraft, author: User) -> None:
    with pytest.raises(InvalidDraft):
        drafting.ask_for_review(draft)
    prove(draft, ready=False)
    with pytest.raises(InvalidDraft):
        drafting.ask_for_review(draft)
    prove(draft)
    write(draft, author, "Changed after the proof.\n")
    with pytest.raises(InvalidDraft):
        drafting.ask_for_review(draft)


def test_another_person_publishes_and_nobody_who_wrote_it(
    draft: ProblemDraft, author: User, reviewer: User
) -> None:
    helper = bank.candidate("helper", is_author=True)
    write(draft, helper, "Double the number.\n")
    prove(draft)
    drafting.ask_for_review(draft)
    for person in (author, helper):
        with pytest.raises(InvalidDraft):
            drafting.publish_draft(draft, user=person)
    with pytest.raises(InvalidDraft):
        write(draft, author, "Slipped in.\n")
    version = drafting.publish_draft(draft, user=reviewer)
    assert (version.problem.slug, version.number) == ("twice", 1)
    draft.refresh_from_db()
    assert (draft.state, draft.reviewer, draft.version) == ("published", reviewer, version)


def test_a_file_changed_behind_the_review_is_not_published(draft: ProblemDraft, reviewer: User) -> None:
    prove(draft)
    drafting.ask_for_review(draft)
    (drafting.folder_of(draft) / STATEMENT).write_text("Something else.\n")
    with pytest.raises(InvalidDraft):
        drafting.publish_draft(draft, user=reviewer)
    assert not ProblemVersion.objects.exists()


def test_a_reviewer_sends_a_draft_back_with_a_word_of_why(draft: ProblemDraft, reviewer: User) -> None:
    prove(draft)
    drafting.ask_for_review(draft)
    with pytest.raises(InvalidDraft):
        drafting.send_back(draft, user=reviewer, comment=" ")
    drafting.send_back(draft, user=reviewer, comment="Name the unit.")
    draft.refresh_from_db()
    assert (draft.state, draft.comment) == ("draft", "Name the unit.")


def test_a_published_problem_is_changed_through_a_draft_of_its_next_version(
    draft: ProblemDraft, author: User, reviewer: User
) -> None:
    prove(draft)
    drafting.ask_for_review(draft)
    first = drafting.publish_draft(draft, user=reviewer)
    following = drafting.draft_from(first, user=reviewer)
    write(following, reviewer, "Said better.\n")
    prove(following)
    drafting.ask_for_review(following)
    second = drafting.publish_draft(following, user=author)
    assert (second.number, second.problem.current) == (2, second)


def test_a_draft_is_thrown_away_with_its_folder(draft: ProblemDraft) -> None:
    folder = drafting.folder_of(draft).parent
    drafting.discard_draft(draft)
    assert not folder.exists()
    assert not ProblemDraft.objects.exists()
