"""Judges answers again after their tests changed, or after a fault of ours: all that writes rejudges.

Until a rejudge is applied nothing of it touches a submission; then everything does, in one transaction, and
what the answers had before is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from grader.answers import clean, storable
from grader.errors import CannotRejudge, Fenced
from grader.judge.model import CaseResult, Judgement
from grader.models import CaseRecord, Rejudge, RejudgedAnswer, Submission
from grader.queue import enqueue_rejudging
from grader.services import KEPT_FIELDS, MAX_INFRASTRUCTURE_FAILURES, MAX_RESENT, lease
from grader.verdict import Stage, Verdict
from questionbank.models import ProblemVersion, User
from questionbank.packages.comparing import TestKey, compare_tests
from questionbank.packages.model import Kind
from questionbank.services import package_of

MAX_NOTE = 500
_AT_ONCE = 200
_RESULT_FIELDS = (
    "message",
    "compiler_output",
    "metrics",
    "exhibits",
    "guarantees",
    "device",
    "driver",
    "timer",
)
State = RejudgedAnswer.State


class Trouble(StrEnum):
    """Why an answer could not be judged again; else it is a `lacks.Lack`."""

    FAILED = "failed"
    LOST = "lost"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Progress:
    """How many answers a rejudge has in which state; `changed` are judged and would get another result."""

    waiting: int
    judged: int
    failed: int
    changed: int

    @property
    def total(self) -> int:
        return self.waiting + self.judged + self.failed


def rejudgeable(version: ProblemVersion) -> QuerySet[Submission]:
    """The answers to `version` that have a final verdict."""
    return Submission.objects.filter(version=version, stage=Stage.DONE)


def start_rejudge(
    *, user: User, source: ProblemVersion, target: ProblemVersion, scope: str, note: str = ""
) -> Rejudge:
    """Queues the answers to `source`, to be judged by the tests of `target`; raises `CannotRejudge`."""
    _check_start(source, target, scope, note)
    try:
        with transaction.atomic():
            rejudge = Rejudge.objects.create(
                problem=source.problem,
                source=source,
                target=target,
                scope=scope,
                note=clean(note.strip()),
                started_by=user,
            )
            RejudgedAnswer.objects.bulk_create(_queued(rejudge), batch_size=_AT_ONCE)
            if not rejudge.answers.exists():
                raise CannotRejudge(_("This version has no judged answers."), field="source")
            transaction.on_commit(send_due)
    except IntegrityError as error:
        message = _("Answers to this problem are being judged again already. Apply or cancel that first.")
        raise CannotRejudge(message) from error
    return rejudge


def _check_start(source: ProblemVersion, target: ProblemVersion, scope: str, note: str) -> None:
    if source.problem_id != target.problem_id:
        raise CannotRejudge(_("Both versions must be of one problem."), field="target")
    if Kind.OPEN in (source.kind, target.kind):
        raise CannotRejudge(_("Open answers are not judged again: reviewers mark them."), field="source")
    if source.kind != target.kind:
        raise CannotRejudge(_("The versions ask for different kinds of answers."), field="target")
    if scope not in Rejudge.Scope.values:
        raise CannotRejudge(_("Choose the affected tests or all."), field="scope")
    if scope == Rejudge.Scope.AFFECTED and not compare_tests(package_of(source), package_of(target)):
        message = _("No test differs between these versions: there is nothing to judge again.")
        raise CannotRejudge(message, field="scope")
    if len(note) > MAX_NOTE:
        raise CannotRejudge(_("The note has at most %(most)s characters.") % {"most": MAX_NOTE}, field="note")


def _queued(rejudge: Rejudge) -> Iterator[RejudgedAnswer]:
    now = timezone.now()
    rows = rejudgeable(rejudge.source).order_by("created_at").values_list("pk", "verdict", "score")
    for pk, verdict, score in rows:
        yield RejudgedAnswer(
            rejudge=rejudge, submission_id=pk, verdict_before=verdict, score_before=score, resend_at=now
        )


def send_due() -> int:
    """Sends what no worker has, some hundreds at a time: also what was lost on the way. The number."""
    now = timezone.now()
    due = RejudgedAnswer.objects.filter(_OPEN, state=State.WAITING, resend_at__lte=now)
    number = 0
    for answer in due.select_related("rejudge").defer("before", "after").order_by("resend_at")[:MAX_RESENT]:
        patience = timedelta(seconds=settings.JUDGING_PATIENCE_S)
        later = now + max(patience, now - answer.rejudge.created_at)
        # Several workers may look at the same moment; one of them sends.
        mine = RejudgedAnswer.objects.filter(pk=answer.pk, resend_at=answer.resend_at)
        if mine.update(resend_at=later):
            enqueue_rejudging(answer.pk)
            number += 1
    return number


_OPEN = Q(rejudge__state=Rejudge.State.OPEN)


def claim_answer(answer_id: int) -> int | None:
    """Makes the caller the one worker whose result counts, by a new attempt number; None: nothing to do."""
    now = timezone.now()
    waiting = RejudgedAnswer.objects.filter(_OPEN, pk=answer_id, state=State.WAITING)
    with transaction.atomic():
        answer = waiting.select_for_update(of=("self",)).defer("before", "after").first()
        if answer is None or (answer.claimed_at and answer.claimed_at >= now - lease()):
            return None
        if answer.claimed_at:
            # Its worker fell silent.
            answer.failures += 1
        answer.attempt += 1
        answer.save(update_fields=["failures", "attempt"])
        renew_answer(answer_id, answer.attempt)
    if answer.failures >= MAX_INFRASTRUCTURE_FAILURES:
        give_up_answer(answer_id, answer.attempt, Trouble.LOST)
        return None
    return answer.attempt


def renew_answer(answer_id: int, attempt: int) -> None:
    """Says that the worker is alive; `Fenced` where it lost the answer, or the rejudge is over."""
    now = timezone.now()
    _update(answer_id, attempt, claimed_at=now, resend_at=now + lease())


def results_kept(answer: RejudgedAnswer) -> dict[TestKey, CaseResult]:
    """The results that stand, by group and name: those of tests that are the same in both versions."""
    rejudge, submission = answer.rejudge, answer.submission
    if rejudge.scope == Rejudge.Scope.ALL or submission.verdict == Verdict.IE:
        return {}
    target = package_of(rejudge.target)
    # What a validator gave for a test is kept in no record.
    earns_points = target.program and (target.program.scoring or target.program.submit_answer)
    changes = compare_tests(package_of(rejudge.source), target)
    if changes.all_affected or earns_points:
        return {}
    return {
        (case.group, case.name): CaseResult(
            **{name: getattr(case, name) for name in KEPT_FIELDS if name != "verdict"},
            verdict=Verdict(case.verdict),
        )
        for case in submission.cases.all()
        if (case.group, case.name) not in changes.changed and case.verdict != Verdict.IE
    }


def finish_answer(answer_id: int, attempt: int, judgement: Judgement) -> None:
    """Keeps the new judgement beside the old one; `Fenced` where the attempt is void."""
    if judgement.verdict in (None, Verdict.IE):
        give_up_answer(answer_id, attempt, Trouble.FAILED)
        return
    row = RejudgedAnswer.objects.only("verdict_before", "score_before").get(pk=answer_id)
    score = judgement.score
    _update(
        answer_id,
        attempt,
        state=State.JUDGED,
        verdict_after=judgement.verdict,
        score_after=score,
        changed=(row.verdict_before, row.score_before) != (judgement.verdict, score),
        after=_kept(judgement),
        problem="",
        resend_at=None,
    )


def fail_answer(answer_id: int, attempt: int) -> float | None:
    """Notes a failure of ours: seconds until another try is due, None after the last. `Fenced` if void."""
    _update(answer_id, attempt, failures=F("failures") + 1, claimed_at=None)
    count = RejudgedAnswer.objects.values_list("failures", flat=True).get(pk=answer_id)
    if count >= MAX_INFRASTRUCTURE_FAILURES:
        give_up_answer(answer_id, attempt, Trouble.FAILED)
        return None
    wait_s: float = settings.JUDGING_RETRY_S * 3 ** (count - 1)
    return wait_s


def give_up_answer(answer_id: int, attempt: int, problem: str) -> None:
    """Leaves the answer as it is; `problem` is a `Trouble` or a `lacks.Lack`. It can be tried again."""
    _update(answer_id, attempt, state=State.FAILED, problem=problem, claimed_at=None, resend_at=None)


def progress_of(rejudge: Rejudge) -> Progress:
    counts = rejudge.answers.aggregate(
        waiting=Count("pk", filter=Q(state=State.WAITING)),
        judged=Count("pk", filter=Q(state=State.JUDGED)),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        changed=Count("pk", filter=Q(changed=True)),
    )
    return Progress(**counts)


def retry_failed(rejudge: Rejudge) -> int:
    """Queues again what failed; the number. Raises `CannotRejudge` where the rejudge is over."""
    with transaction.atomic():
        _locked(rejudge)
        failed = rejudge.answers.filter(state=State.FAILED)
        number = failed.update(
            state=State.WAITING, failures=0, claimed_at=None, resend_at=timezone.now(), problem=""
        )
        transaction.on_commit(send_due)
    return number


def cancel_rejudge(rejudge: Rejudge, *, user: User) -> None:
    """Ends it without a trace in any submission; raises `CannotRejudge` where it is over."""
    with transaction.atomic():
        _close(_locked(rejudge), Rejudge.State.CANCELLED, user)
    rejudge.refresh_from_db()


def apply_rejudge(rejudge: Rejudge, *, user: User) -> None:
    """Gives every judged answer its new result, all or none; raises `CannotRejudge`.

    An answer then belongs to the version that judged it, so that no version's figures mix two sets of tests.
    Answers whose judging failed keep what they have.
    """
    with transaction.atomic():
        locked = _locked(rejudge)
        if locked.answers.filter(state=State.WAITING).exists():
            raise CannotRejudge(_("Some answers are not judged yet. Wait for them, or cancel."))
        judged = list(locked.answers.filter(state=State.JUDGED).values_list("pk", flat=True))
        for start in range(0, len(judged), _AT_ONCE):
            _apply(locked, judged[start : start + _AT_ONCE])
        _close(locked, Rejudge.State.APPLIED, user)
    rejudge.refresh_from_db()


def _apply(rejudge: Rejudge, answer_ids: Sequence[int]) -> None:
    answers = list(rejudge.answers.filter(pk__in=answer_ids).select_related("submission"))
    ids = [answer.submission_id for answer in answers]
    submissions = {
        one.pk: one
        for one in Submission.objects.select_for_update().prefetch_related("cases").filter(pk__in=ids)
    }
    cases = []
    for answer in answers:
        submission = submissions[answer.submission_id]
        answer.before = _judgement_of(submission)
        submission.version = rejudge.target
        submission.verdict, submission.score = answer.verdict_after, answer.score_after
        submission.lack = ""
        for name in _RESULT_FIELDS:
            setattr(submission, name, answer.after[name])
        cases += [
            CaseRecord(submission=submission, position=position, **case)
            for position, case in enumerate(answer.after["cases"])
        ]
    RejudgedAnswer.objects.bulk_update(answers, ["before"])
    Submission.objects.bulk_update(
        submissions.values(), ["version", "verdict", "score", "lack", *_RESULT_FIELDS], batch_size=_AT_ONCE
    )
    CaseRecord.objects.filter(submission__in=ids).delete()
    CaseRecord.objects.bulk_create(cases, batch_size=_AT_ONCE)


def changes_told(submissions: Sequence[Submission]) -> dict[Any, RejudgedAnswer]:
    """By submission the last applied rejudge that gave it another verdict or score: its author is told."""
    rows = RejudgedAnswer.objects.filter(
        submission__in=submissions, changed=True, rejudge__state=Rejudge.State.APPLIED
    )
    told = rows.select_related("rejudge__source", "rejudge__target").defer("before", "after")
    return {row.submission_id: row for row in told.order_by("rejudge__closed_at")}


def _judgement_of(submission: Submission) -> dict[str, Any]:
    """What the submission's judging wrote, for the history."""
    return {
        "version": submission.version_id,
        "verdict": submission.verdict,
        "score": submission.score,
        "lack": submission.lack,
        **{name: getattr(submission, name) for name in _RESULT_FIELDS},
        "cases": [{name: getattr(case, name) for name in KEPT_FIELDS} for case in submission.cases.all()],
    }


def _kept(judgement: Judgement) -> dict[str, Any]:
    """The judgement as its submission will hold it."""
    return {
        "message": clean(judgement.message),
        "compiler_output": clean(judgement.compiler_output),
        "metrics": [asdict(metric) for metric in judgement.metrics],
        "exhibits": asdict(judgement.exhibits),
        "guarantees": list(judgement.guarantees),
        "device": judgement.device[:200],
        "driver": judgement.driver[:200],
        "timer": judgement.timer,
        "cases": [storable({name: getattr(case, name) for name in KEPT_FIELDS}) for case in judgement.cases],
    }


def _locked(rejudge: Rejudge) -> Rejudge:
    current = Rejudge.objects.select_for_update().get(pk=rejudge.pk)
    if current.state != Rejudge.State.OPEN:
        raise CannotRejudge(_("This is over: it was applied or cancelled."))
    return current


def _close(rejudge: Rejudge, state: str, user: User) -> None:
    rejudge.state, rejudge.closed_by, rejudge.closed_at = state, user, timezone.now()
    rejudge.save(update_fields=["state", "closed_by", "closed_at"])


def _update(answer_id: int, attempt: int, **values: Any) -> None:
    rows = RejudgedAnswer.objects.filter(_OPEN, pk=answer_id, attempt=attempt, state=State.WAITING)
    if not rows.update(**values):
        raise Fenced(f"attempt {attempt} of answer {answer_id} of a rejudge is void")
