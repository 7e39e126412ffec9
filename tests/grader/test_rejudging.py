"""Answers are judged again in the background; nothing shows before it is applied, then everything does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from grader import rejudging
from grader.errors import CannotRejudge
from grader.models import Rejudge, RejudgedAnswer, Submission
from grader.rejudging import apply_rejudge, cancel_rejudge, progress_of, retry_failed, start_rejudge
from grader.verdict import Verdict
from questionbank.models import ProblemVersion, User
from questionbank.services import publish
from tests import bank
from tests.grader.conftest import finished
from tests.packages.writing import CASES, write_package
from tests.stack import Stack, wait_until, worker

RIGHT = bank.RIGHT[bank.FUNCTION]
SHIFTED = "def solve(x):\n    return 2 * x + (x == 8)"
"""Right for every test but that which the second version adds."""
State = RejudgedAnswer.State


@pytest.fixture
def author(transactional_db: None) -> User:
    return bank.candidate("author", is_author=True)


def second_version(
    parent: Path, cases: list[dict[str, object]] | None = None, **parts: object
) -> ProblemVersion:
    """The function problem with other hidden tests, by default one more: 8."""
    cases = [*CASES[1:], {"name": "8", "args": [8], "expected": 16}] if cases is None else cases
    files: dict[str, str | None] = {"data/secret/cases.jsonl": "\n".join(map(json.dumps, cases))}
    folder = write_package(parent / "second", slug=bank.FUNCTION, files=files, **parts)  # type: ignore[arg-type]
    return publish(folder)


def judged_again(rejudge: Rejudge) -> None:
    wait_until(lambda: progress_of(rejudge).waiting == 0, 60, "every answer to be judged again")


def stored(submission: Submission) -> tuple[object, ...]:
    """Everything that there is to see of a submission."""
    row = Submission.objects.values().get(pk=submission.pk)
    return row, list(submission.cases.values())


@pytest.fixture
def answers(judged: Callable[..., Submission]) -> dict[str, Submission]:
    return {"right": judged(RIGHT), "shifted": judged(SHIFTED)}


def test_a_new_test_changes_verdicts_only_once_it_is_applied(
    answers: dict[str, Submission], versions: dict[str, ProblemVersion], author: User, tmp_path: Path
) -> None:
    before = {name: stored(answer) for name, answer in answers.items()}
    target = second_version(tmp_path)
    rejudge = start_rejudge(
        user=author,
        source=versions[bank.FUNCTION],
        target=target,
        scope="affected",
        note="A test was missing.",
    )
    judged_again(rejudge)
    assert {name: stored(answer) for name, answer in answers.items()} == before
    progress = progress_of(rejudge)
    assert (progress.judged, progress.changed, progress.failed) == (2, 1, 0)
    # Four of five results were taken over, to the last figure.
    kept = RejudgedAnswer.objects.get(submission=answers["right"]).after["cases"]
    was = [case["wall_s"] for case in before["right"][1]]  # type: ignore[attr-defined]
    assert [case["wall_s"] for case in kept[:4]] == was
    assert [case["name"] for case in kept] == ["1", "0", "-7", str(10**30), "8"]

    apply_rejudge(rejudge, user=author)
    shifted = answers["shifted"]
    shifted.refresh_from_db()
    assert (shifted.verdict, shifted.score, shifted.version) == (Verdict.WA, 0, target)
    assert [case.verdict for case in shifted.cases.all()] == ["AC"] * 4 + ["WA"]
    row = RejudgedAnswer.objects.get(submission=shifted)
    assert (row.before["verdict"], row.before["score"], len(row.before["cases"])) == ("AC", 100, 4)
    assert row.before["version"] == versions[bank.FUNCTION].pk
    assert list(rejudging.changes_told(list(answers.values()))) == [shifted.pk]


def test_the_same_version_is_judged_again_after_a_fault_of_the_machine(
    answers: dict[str, Submission], versions: dict[str, ProblemVersion], author: User
) -> None:
    version = versions[bank.FUNCTION]
    Submission.objects.filter(pk=answers["right"].pk).update(verdict=Verdict.IE, score=0)
    with pytest.raises(CannotRejudge):
        start_rejudge(user=author, source=version, target=version, scope="affected")
    rejudge = start_rejudge(user=author, source=version, target=version, scope="all")
    judged_again(rejudge)
    apply_rejudge(rejudge, user=author)
    answers["right"].refresh_from_db()
    assert (answers["right"].verdict, answers["right"].score) == (Verdict.AC, 100)


def test_a_failure_of_ours_changes_nothing_for_the_candidate_and_can_be_tried_again(
    stack: Stack,
    answers: dict[str, Submission],
    versions: dict[str, ProblemVersion],
    author: User,
    tmp_path: Path,
) -> None:
    target = second_version(tmp_path)
    stack.worker.stop()
    folder = settings.VERSION_STORE / target.content_hash
    statement = folder / "statement" / "problem.en.md"
    sound = statement.read_text()
    statement.write_text("Damaged.")
    rejudge = start_rejudge(user=author, source=versions[bank.FUNCTION], target=target, scope="all")
    stack.worker.start()
    judged_again(rejudge)
    before = {name: stored(answer) for name, answer in answers.items()}
    assert progress_of(rejudge).failed == 2
    statement.write_text(sound)
    assert retry_failed(rejudge) == 2
    judged_again(rejudge)
    assert progress_of(rejudge).judged == 2
    assert {name: stored(answer) for name, answer in answers.items()} == before
    cancel_rejudge(rejudge, user=author)
    assert {name: stored(answer) for name, answer in answers.items()} == before
    shutil.rmtree(folder)


def test_a_killed_workers_answer_is_judged_by_another(
    stack: Stack, judged: Callable[..., Submission], versions: dict[str, ProblemVersion], author: User
) -> None:
    slow = judged("import time\ndef solve(x):\n    time.sleep(0.6)\n    return 2 * x")
    stack.worker.stop()
    victim = worker("victim").start()
    version = versions[bank.FUNCTION]
    rejudge = start_rejudge(user=author, source=version, target=version, scope="all")
    wait_until(lambda: rejudge.answers.get().attempt == 1, 30, "the victim to take the answer")
    victim.kill()
    stack.worker.start()
    judged_again(rejudge)
    answer = rejudge.answers.get()
    assert (answer.state, answer.verdict_after, answer.attempt) == (State.JUDGED, Verdict.AC, 2)
    assert finished(slow).attempt == 1
