"""Workers run a draft's reference for its expected results, and prove it by the gate."""

from __future__ import annotations

import json

import pytest

from fixtures.demo import load_topics
from grader.authoring import request_expected, request_generated, request_proof
from questionbank import drafting
from questionbank.models import ProblemDraft, User
from questionbank.packages.editing import Changes, draft_tests
from tests import bank
from tests.stack import Stack, wait_until

REFERENCE = "submissions/accepted/reference.py"
CASES = "data/secret/cases.jsonl"


@pytest.fixture
def author(transactional_db: None) -> User:
    load_topics()
    return bank.candidate("author", is_author=True)


@pytest.fixture
def draft(author: User) -> ProblemDraft:
    """Double a number, with two hidden tests whose results are to come."""
    names = {"en": "Twice", "zh": "两倍"}
    draft = drafting.create_draft(user=author, slug="twice", kind="function", names=names)
    changes: Changes = {
        REFERENCE: b"def solve(x):\n    return 2 * x\n",
        "data/sample/cases.jsonl": b'{"name": "one", "args": [1], "expected": 2}\n',
        CASES: b'{"name": "two", "args": [2]}\n{"name": "minus", "args": [-7]}\n',
        "submissions/wrong_answer/one_more.py": b"def solve(x):\n    return x + 1\n",
    }
    return drafting.save_files(draft, user=author, revision=0, changes=changes)


def worked(draft: ProblemDraft) -> ProblemDraft:
    wait_until(lambda: not ProblemDraft.objects.get(pk=draft.pk).work, 60, "the worker to be done")
    draft.refresh_from_db()
    return draft


def test_the_reference_answers_the_tests_that_lack_a_result_and_the_gate_proves_the_draft(
    stack: Stack, draft: ProblemDraft, author: User
) -> None:
    request_expected(draft, user=author)
    assert worked(draft).trouble == ""
    expected = {test.name: test.expected for test in draft_tests(drafting.contents_of(draft), draft.kind)}
    assert expected == {"one": "2", "two": "4", "minus": "-14"}
    request_proof(draft)
    proof = worked(draft).proof
    assert proof is not None
    assert proof["findings"] == []
    assert {one["path"]: one["verdict"] for one in proof["submissions"]} == {
        REFERENCE: "AC",
        "submissions/wrong_answer/one_more.py": "WA",
    }
    assert drafting.is_proven(draft)


def test_a_reference_that_fails_says_on_which_test(stack: Stack, draft: ProblemDraft, author: User) -> None:
    changes: Changes = {REFERENCE: b"def solve(x):\n    return 1 // (x - 2)\n"}
    drafting.save_files(draft, user=author, revision=1, changes=changes)
    request_expected(draft, user=author)
    assert "secret/two: the reference ends with RE" in worked(draft).trouble


def test_a_package_that_cannot_be_read_gets_the_readers_words(
    stack: Stack, draft: ProblemDraft, author: User
) -> None:
    drafting.save_files(draft, user=author, revision=1, changes={"editorial.en.md": None})
    request_proof(draft)
    proof = worked(draft).proof
    assert proof is not None
    assert not proof["ready"]
    assert "editorial.en.md" in {one["path"] for one in proof["findings"]}


def test_a_generator_makes_tests_by_seed_and_the_reference_answers_them(
    stack: Stack, draft: ProblemDraft, author: User
) -> None:
    sound = b"import random, sys\nprint([random.Random(sys.argv[1]).randrange(100)])\n"
    by_chance = b"import random\nprint([random.randrange(10**9)])\n"
    changes: Changes = {"generators/any.py": sound, "generators/chance.py": by_chance}
    drafting.save_files(draft, user=author, revision=1, changes=changes)
    request_generated(draft, user=author, path="generators/any.py", group="secret/made", first=3, count=2)
    assert worked(draft).trouble == ""
    made = [test for test in draft_tests(drafting.contents_of(draft), draft.kind) if "made" in test.group]
    assert [test.name for test in made] == ["any-3", "any-4"]
    for test in made:
        (x,) = json.loads(test.given)
        assert test.expected == str(2 * x)
    # Once more makes the same.
    before = drafting.contents_of(draft)
    request_generated(draft, user=author, path="generators/any.py", group="secret/made", first=3, count=2)
    assert worked(draft).trouble == ""
    assert drafting.contents_of(draft) == before
    request_generated(draft, user=author, path="generators/chance.py", group="secret", first=1, count=1)
    assert "prints something else in a second run" in worked(draft).trouble
