"""Of several workers at one answer of a rejudge a single one's result counts, and only while it is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from grader import rejudging, services
from grader.errors import CannotRejudge, Fenced
from grader.judge.model import CaseResult, Judgement
from grader.models import Rejudge, RejudgedAnswer, Submission
from grader.rejudging import apply_rejudge, cancel_rejudge, start_rejudge
from grader.verdict import Verdict
from questionbank.models import ProblemVersion, User
from tests import bank
from tests.grader.test_rejudging import stored

State = RejudgedAnswer.State


@pytest.fixture
def author(transactional_db: None) -> User:
    return bank.candidate("author", is_author=True)


ACCEPTED = Judgement(verdict=Verdict.AC, score=100.0, cases=(CaseResult("1", "secret", Verdict.AC),))


@pytest.fixture
def waiting(
    send: Callable[..., Submission], versions: dict[str, ProblemVersion], author: User
) -> RejudgedAnswer:
    """An answer of an open rejudge that no worker has taken."""
    submission = send("def solve(x): return x")
    attempt = services.claim(str(submission.pk))
    assert attempt is not None
    services.finish(str(submission.pk), attempt, Judgement(verdict=Verdict.WA, score=0.0))
    version = versions[bank.FUNCTION]
    return start_rejudge(user=author, source=version, target=version, scope="all").answers.get()


def claimed(answer: RejudgedAnswer) -> int:
    attempt = rejudging.claim_answer(answer.pk)
    assert attempt is not None
    return attempt


def test_one_worker_has_an_answer_until_it_falls_silent(waiting: RejudgedAnswer) -> None:
    first = claimed(waiting)
    assert rejudging.claim_answer(waiting.pk) is None
    silent = timezone.now() - services.lease() - timedelta(seconds=1)
    RejudgedAnswer.objects.filter(pk=waiting.pk).update(claimed_at=silent)
    second = claimed(waiting)
    with pytest.raises(Fenced):
        rejudging.finish_answer(waiting.pk, first, ACCEPTED)
    rejudging.finish_answer(waiting.pk, second, ACCEPTED)
    assert rejudging.claim_answer(waiting.pk) is None


def test_an_answer_that_takes_every_worker_down_is_left_as_it_is(waiting: RejudgedAnswer) -> None:
    for _ in range(services.MAX_INFRASTRUCTURE_FAILURES):
        claimed(waiting)
        silent = timezone.now() - services.lease() - timedelta(seconds=1)
        RejudgedAnswer.objects.filter(pk=waiting.pk).update(claimed_at=silent)
    assert rejudging.claim_answer(waiting.pk) is None
    waiting.refresh_from_db()
    assert waiting.state == State.FAILED
    assert waiting.problem


def test_an_internal_error_is_no_verdict_to_apply(waiting: RejudgedAnswer, author: User) -> None:
    before = stored(waiting.submission)
    rejudging.finish_answer(waiting.pk, claimed(waiting), Judgement(verdict=Verdict.IE, score=0.0))
    apply_rejudge(waiting.rejudge, user=author)
    assert stored(waiting.submission) == before


def test_nothing_is_applied_before_all_are_judged(waiting: RejudgedAnswer, author: User) -> None:
    with pytest.raises(CannotRejudge):
        apply_rejudge(waiting.rejudge, user=author)
    assert waiting.rejudge.state == Rejudge.State.OPEN


def test_a_cancelled_rejudge_is_over_for_its_workers_too(waiting: RejudgedAnswer, author: User) -> None:
    attempt = claimed(waiting)
    cancel_rejudge(waiting.rejudge, user=author)
    with pytest.raises(Fenced):
        rejudging.finish_answer(waiting.pk, attempt, ACCEPTED)
    with pytest.raises(CannotRejudge):
        apply_rejudge(waiting.rejudge, user=author)


def test_a_problem_has_one_open_rejudge(
    waiting: RejudgedAnswer, versions: dict[str, ProblemVersion], author: User
) -> None:
    version = versions[bank.FUNCTION]
    with pytest.raises(CannotRejudge):
        start_rejudge(user=author, source=version, target=version, scope="all")
    cancel_rejudge(waiting.rejudge, user=author)
    start_rejudge(user=author, source=version, target=version, scope="all")


def test_what_the_broker_forgets_is_sent_again(waiting: RejudgedAnswer) -> None:
    RejudgedAnswer.objects.update(resend_at=timezone.now())
    assert rejudging.send_due() == 1
    assert rejudging.send_due() == 0


@pytest.mark.parametrize(
    ("kind", "other"), [(bank.OPEN, bank.OPEN), (bank.FUNCTION, bank.PROGRAM), (bank.CHOICE, bank.CHOICE)]
)
def test_what_cannot_be_judged_again_is_refused(
    versions: dict[str, ProblemVersion], author: User, kind: str, other: str
) -> None:
    """Open answers are marked; versions are of one problem; and somebody must have answered."""
    with pytest.raises(CannotRejudge):
        start_rejudge(user=author, source=versions[kind], target=versions[other], scope="all")
    assert not Rejudge.objects.exists()
