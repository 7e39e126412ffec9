"""Workers bring banks in, whose tests and solutions run in the jail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.demo import load_topics
from grader.importing import run_again, start_import
from questionbank import drafting
from questionbank.models import ProblemDraft, ProblemImport, User
from questionbank.packages.reader import read_package
from tests import bank
from tests.exchange.banks import humaneval_records, jsonl
from tests.stack import Stack, wait_until

State = ProblemImport.State
Bring = Callable[..., ProblemImport]


@pytest.fixture
def bring(stack: Stack) -> Bring:
    load_topics()
    author: User = bank.candidate("author", is_author=True)

    def start(text: str, **asked: bool) -> ProblemImport:
        data = text.encode()
        return finished(
            start_import(user=author, name="bank.jsonl", size=len(data), chunks=[data], **asked)  # type: ignore[arg-type]
        )

    return start


def finished(row: ProblemImport) -> ProblemImport:
    ended = ProblemImport.objects.filter(pk=row.pk).exclude(state__in=(State.QUEUED, State.RUNNING))
    wait_until(ended.exists, 60, "the end of the import")
    row.refresh_from_db()
    return row


def test_a_bank_is_tried_and_then_taken_in_as_drafts_that_hold_its_cases(bring: Bring) -> None:
    tried = bring(jsonl(humaneval_records()[:2]), dry_run=True)
    assert tried.state == State.READY, (tried.trouble, tried.report)
    assert not ProblemDraft.objects.exists()
    run_again(tried, dry_run=False)
    assert finished(tried).state == State.IMPORTED
    drafts = list(ProblemDraft.objects.all())
    assert len(drafts) == 2
    for draft in drafts:
        assert read_package(drafting.folder_of(draft)).tests


def test_a_solution_that_fails_its_own_tests_keeps_the_whole_bank_out(bring: Bring) -> None:
    good, bad = (dict(one) for one in humaneval_records()[:2])
    bad["canonical_solution"] = "    return 'nothing of the kind'\n"
    row = bring(jsonl([good, bad]))
    assert row.state == State.REFUSED
    assert row.report is not None
    assert [one["state"] for one in row.report["problems"]] == ["ready", "failed"]
    assert row.report["problems"][1]["findings"][0]["line"] == 2
    assert not ProblemDraft.objects.exists()
