"""A submission goes from the queue through a worker and the jail to its verdict, and tells on the way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from grader import events
from grader.models import Submission
from grader.publishing import Doubt
from grader.services import case_event, finished_event
from grader.verdict import Stage, Verdict
from questionbank.models import ProblemVersion
from tests import bank
from tests.grader.conftest import finished, reaches
from tests.stack import Stack, wait_until

SLOW_AT_THE_END = """
import time
def solve(x):
    if x > 10: time.sleep(1.5)
    return 2 * x
"""
BY_VERDICT = {
    Verdict.AC: bank.RIGHT[bank.FUNCTION],
    Verdict.WA: "def solve(x): return x",
    Verdict.TLE: "def solve(x):\n    while True: pass",
    Verdict.MLE: "def solve(x): return bytearray(10**10)",
    Verdict.OLE: "def solve(x):\n    while True: print('x' * 999)",
    Verdict.RE: "def solve(x): return 1 // 0",
    Verdict.CE: "def solve(x) return x",
}


def told(submission: Submission) -> list[tuple[str, dict[str, Any]]]:
    """Every event so far, in order."""
    entries = events.connection().xrange(events.stream_key("submission", str(submission.pk)))
    return [(fields["name"], json.loads(fields["data"])) for _, fields in entries]


@pytest.mark.parametrize("verdict", BY_VERDICT)
def test_each_verdict_is_reached_by_a_submission(judged: Callable[..., Submission], verdict: Verdict) -> None:
    submission = judged(BY_VERDICT[verdict])
    assert (submission.stage, submission.verdict) == (Stage.DONE, verdict)
    assert submission.score == (100 if verdict is Verdict.AC else 0)
    assert submission.finished_at is not None
    assert submission.attempt == 1


@pytest.mark.parametrize("slug", [bank.PROGRAM, bank.CHOICE, bank.ARTIFACT])
def test_the_other_kinds_are_judged_too(judged: Callable[..., Submission], slug: str) -> None:
    assert judged(bank.RIGHT[slug], slug).verdict == Verdict.AC


def test_what_is_broken_on_our_side_ends_as_an_internal_error(
    stack: Stack, send: Callable[..., Submission], versions: dict[str, ProblemVersion]
) -> None:
    """The published files are damaged, which no worker can mend."""
    stack.worker.stop()
    submission = send(bank.RIGHT[bank.FUNCTION])
    damaged = settings.VERSION_STORE / versions[bank.FUNCTION].content_hash
    (damaged / "statement" / "problem.en.md").write_text("Something else.")
    stack.worker.start()
    finished(submission)
    shutil.rmtree(damaged)
    assert (submission.stage, submission.verdict, submission.score) == (Stage.DONE, Verdict.IE, 0)
    assert submission.infrastructure_failures == submission.attempt == 3
    assert submission.resend_at is None


def test_the_stages_and_tests_are_told_in_order(judged: Callable[..., Submission]) -> None:
    submission = judged(bank.RIGHT[bank.FUNCTION])
    names = [name for name, _ in told(submission)]
    assert names == ["stage", "stage", "case", "case", "case", "case", "finished"]
    stages = [data["stage"] for name, data in told(submission) if name == "stage"]
    assert stages == [Stage.COMPILING, Stage.RUNNING]


def test_what_was_told_is_what_is_kept(judged: Callable[..., Submission]) -> None:
    submission = judged("def solve(x): return x")
    kept = [case_event(case.position, vars(case)) for case in submission.cases.all()]
    assert [data for name, data in told(submission) if name == "case"] == kept
    assert told(submission)[-1] == ("finished", finished_event(submission))


def test_a_tests_result_is_there_before_the_last_test_has_run(
    stack: Stack, send: Callable[..., Submission]
) -> None:
    submission = send(SLOW_AT_THE_END)
    wait_until(lambda: submission.cases.count() == 3, 30, "three results")
    submission.refresh_from_db()
    assert (submission.stage, submission.verdict, submission.finished_at) == (Stage.RUNNING, "", None)
    assert [name for name, _ in told(submission)] == ["stage", "stage", "case", "case", "case"]
    assert finished(submission).verdict == Verdict.AC
    assert submission.cases.count() == 4


def test_only_samples_say_what_was_expected(judged: Callable[..., Submission]) -> None:
    submission = judged("def solve(x):\n    print('hello')\n    return 3 if x == 1 else 4")
    sample, *hidden = submission.cases.all()
    assert (sample.group, sample.got, sample.expected, sample.stdout) == ("sample", "3", "2", "hello\n")
    for case in hidden:
        assert (case.group, case.got, case.expected, case.stdout, case.message) == (
            "secret",
            None,
            None,
            None,
            "",
        )
    assert submission.message == "result is 3, not 2"


def test_a_compile_error_says_what_the_compiler_said(judged: Callable[..., Submission]) -> None:
    submission = judged(BY_VERDICT[Verdict.CE])
    assert "SyntaxError" in submission.compiler_output
    assert submission.cases.count() == 0


def test_an_open_answer_that_cannot_be_published_is_graded_and_waits_for_a_person(
    judged: Callable[..., Submission],
) -> None:
    """The question has no graded answers: nothing about it can be sure."""
    submission = judged(bank.RIGHT[bank.OPEN], bank.OPEN)
    assert (submission.stage, submission.verdict, submission.score) == (Stage.AWAITING_REVIEW, "", None)
    grade = submission.grade
    assert [point["point_id"] for point in grade.points] == ["cause", "remedy"]
    assert 0 <= grade.low <= grade.score <= grade.high <= 1
    assert Doubt.FEW_SAMPLES in grade.doubts
    assert not grade.audited


def test_a_queued_answer_says_so_until_a_worker_takes_it(
    stack: Stack, send: Callable[..., Submission]
) -> None:
    stack.worker.stop()
    submission = send(bank.RIGHT[bank.FUNCTION])
    assert (submission.stage, submission.attempt, submission.claimed_at) == (Stage.QUEUED, 0, None)
    stack.worker.start()
    reaches(submission, Stage.DONE)
