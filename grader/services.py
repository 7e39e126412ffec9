"""What may be done with answers: with `grading` and `marking` all that writes submissions and drafts."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from grader import events
from grader.answers import check_answer, check_text, clean, storable
from grader.errors import AnswerRefused, Fenced, KeyReused, StaleDraft
from grader.judge.model import CaseResult, Judgement
from grader.lacks import message_of
from grader.models import CaseRecord, Draft, IdempotencyKey, Submission
from grader.queue import DEFAULT_QUEUE, enqueue_judging, queue_of
from grader.verdict import FINAL_STAGES, Stage, Verdict
from questionbank.models import Problem, ProblemVersion, User
from questionbank.packages.errors import PackageError
from questionbank.packages.model import Kind, Package
from questionbank.packages.testdata import SAMPLE, in_group
from questionbank.services import DamagedVersion, package_of

MAX_INFRASTRUCTURE_FAILURES = 3
MAX_RESENT = 500
FIGURES = ("cpu_s", "wall_s", "peak_bytes")
CASE_FIELDS = ("name", "group", "verdict", *FIGURES, "message", "got", "expected", "stdout")
"""What of a test's result is kept and told to candidates, figures of hidden tests aside."""
KEPT_FIELDS = (*CASE_FIELDS, "judge_message")
"""What is kept of it: the last is for authors."""


def submit(*, user: User, version: ProblemVersion, language: str, source: str) -> Submission:
    """Takes an answer in and queues it. Raises `AnswerRefused` with a sentence for people."""
    package = package_of(version)
    check_answer(package, language, source)
    with transaction.atomic():
        _check_share(user, version, package)
        submission = Submission.objects.create(
            user=user,
            version=version,
            language=language,
            source=source,
            resend_at=timezone.now() + _patience(),
        )
        enqueue_judging(str(submission.pk), queue_of(package))
    return submission


def submit_once(
    *, user: User, version: ProblemVersion, language: str, source: str, key: str
) -> tuple[Submission, bool]:
    """`submit`, once for each `key` of the user: a repeated request gets the first one's submission.

    The flag says whether it is new. Raises `KeyReused` where the key came with another answer before.
    """
    # The problem, not its version: a request sent again is the same, whatever was published in between.
    body = json.dumps([version.problem.slug, language, source]).encode()
    body_hash = hashlib.sha256(body).hexdigest()
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(user=user, key=key, body_hash=body_hash)
            submission = submit(user=user, version=version, language=language, source=source)
            row.submission = submission
            row.save(update_fields=["submission"])
            return submission, True
    except IntegrityError:
        known = IdempotencyKey.objects.select_related("submission__version__problem").get(user=user, key=key)
    if known.body_hash != body_hash or known.submission is None:
        raise KeyReused(_("This idempotency key was used for another answer."))
    return known.submission, False


def _check_share(user: User, version: ProblemVersion, package: Package) -> None:
    """Bounds how often hidden labels may be asked: each measured answer tells a little about them."""
    if package.artifact is None:
        return
    # One answer of a person's after the other: the last to be counted sees all of them.
    User.objects.select_for_update().only("pk").get(pk=user.pk)
    most, since = package.artifact.submissions_per_hour, timezone.now() - timedelta(hours=1)
    rows = Submission.objects.filter(user=user, version__problem=version.problem, created_at__gt=since)
    times = rows.exclude(verdict=Verdict.IE).order_by("-created_at").values_list("created_at", flat=True)
    counted = list(times[:most])
    if len(counted) == most:
        minutes = math.ceil((counted[-1] - since).total_seconds() / 60)
        raise AnswerRefused(
            _(
                "This exercise is measured on hidden data at most %(most)s times an hour. "
                "Try again in %(minutes)s minutes."
            )
            % {"most": most, "minutes": minutes}
        )


def lease() -> timedelta:
    """How long a claim holds without being renewed."""
    return timedelta(seconds=settings.JUDGING_LEASE_S)


def _patience() -> timedelta:
    return timedelta(seconds=settings.JUDGING_PATIENCE_S)


def claim(submission_id: str) -> int | None:
    """Makes the caller the one worker whose results count, by a new attempt number.

    None where there is nothing to do: judged already, another worker is alive at it, or so many workers
    were lost over it that it ends here.
    """
    now = timezone.now()
    open_rows = Submission.objects.exclude(stage__in=FINAL_STAGES).defer("source")
    with transaction.atomic():
        submission = open_rows.select_for_update().filter(pk=submission_id).first()
        if submission is None or (submission.claimed_at and submission.claimed_at >= now - lease()):
            return None
        if submission.claimed_at:
            # Its worker fell silent. An answer that takes every worker down must not go round for ever.
            submission.infrastructure_failures += 1
        submission.attempt += 1
        submission.stage = Stage.COMPILING
        submission.save(update_fields=["infrastructure_failures", "attempt", "stage"])
        renew_claim(submission_id, submission.attempt)
        submission.cases.all().delete()
    if submission.infrastructure_failures >= MAX_INFRASTRUCTURE_FAILURES:
        _give_up(submission_id, submission.attempt)
        return None
    _publish(submission_id, "stage", {"stage": Stage.COMPILING})
    return submission.attempt


def renew_claim(submission_id: str, attempt: int, **fields: Any) -> None:
    """Says that the worker is alive, and writes `fields` with it; `Fenced` where it lost the submission."""
    now = timezone.now()
    _update(submission_id, attempt, claimed_at=now, resend_at=now + lease(), **fields)


def set_stage(submission_id: str, attempt: int, stage: Stage) -> None:
    """Records and tells the stage; `Fenced` where the attempt is void."""
    renew_claim(submission_id, attempt, stage=stage)
    _publish(submission_id, "stage", {"stage": stage})


def record_case(submission_id: str, attempt: int, position: int, case: CaseResult) -> None:
    """Records and tells one test's result; `Fenced` where the attempt is void."""
    result = storable({field: getattr(case, field) for field in KEPT_FIELDS})
    with transaction.atomic():
        renew_claim(submission_id, attempt)
        CaseRecord.objects.create(submission_id=submission_id, position=position, **result)
    _publish(submission_id, "case", case_event(position, result))


def finish(submission_id: str, attempt: int, judgement: Judgement) -> None:
    """Records the end; `Fenced` where the attempt is void."""
    awaiting = judgement.needs_review
    metrics = [asdict(metric) for metric in judgement.metrics]
    _update(
        submission_id,
        attempt,
        stage=Stage.AWAITING_REVIEW if awaiting else Stage.DONE,
        verdict=judgement.verdict or "",
        score=None if awaiting else judgement.score,
        message=clean(judgement.message),
        compiler_output=clean(judgement.compiler_output),
        metrics=metrics,
        exhibits=asdict(judgement.exhibits),
        guarantees=list(judgement.guarantees),
        device=judgement.device[:200],
        driver=judgement.driver[:200],
        timer=judgement.timer,
        finished_at=timezone.now(),
        resend_at=None,
    )
    tell_finished(Submission.objects.get(pk=submission_id))


def tell_finished(submission: Submission) -> None:
    """Tells whoever watches how the submission stands at its end."""
    _publish(str(submission.pk), "finished", finished_event(submission))


def fail_attempt(submission_id: str, attempt: int) -> float | None:
    """Notes that judging failed through our fault: seconds until another try is due, None after the last.

    `Fenced` where the attempt is void. After the last the verdict is IE; prose waits for a person instead.
    """
    failures = F("infrastructure_failures") + 1
    resend_at = timezone.now() + _patience()
    fields: dict[str, Any] = {"stage": Stage.QUEUED, "claimed_at": None, "resend_at": resend_at}
    _update(submission_id, attempt, infrastructure_failures=failures, **fields)
    count = Submission.objects.values_list("infrastructure_failures", flat=True).get(pk=submission_id)
    if count >= MAX_INFRASTRUCTURE_FAILURES:
        _give_up(submission_id, attempt)
        return None
    _publish(submission_id, "stage", {"stage": Stage.QUEUED})
    wait_s: float = settings.JUDGING_RETRY_S * 3 ** (count - 1)
    return wait_s


def give_up_attempt(submission_id: str, attempt: int, lack: str) -> None:
    """Ends what no further try can judge on this installation; `lack` says why, see `grader.lacks.Lack`."""
    renew_claim(submission_id, attempt, lack=lack)
    finish(submission_id, attempt, Judgement(verdict=Verdict.IE, score=0.0))


def _give_up(submission_id: str, attempt: int) -> None:
    """The verdict IE; the pages say in the reader's language what it means. Prose a person can still mark."""
    version = Submission.objects.select_related("version__problem").get(pk=submission_id).version
    if version.kind == Kind.OPEN and _is_readable(version):
        hand_to_person(submission_id, attempt)
    else:
        finish(submission_id, attempt, Judgement(verdict=Verdict.IE, score=0.0))


def hand_to_person(submission_id: str, attempt: int) -> None:
    """Ends the judging of prose without a grade: a person marks it."""
    finish(submission_id, attempt, Judgement(verdict=None, score=0.0, needs_review=True))


def _is_readable(version: ProblemVersion) -> bool:
    try:
        package_of(version)
    except (DamagedVersion, PackageError):
        return False
    return True


def requeue_forgotten() -> int:
    """Sends again what waits without a living worker: after a worker's or the broker's loss. The number sent.

    What nobody has taken may also just wait in a long queue: it is sent again ever more rarely.
    """
    now = timezone.now()
    due = Submission.objects.filter(resend_at__lt=now).select_related("version__problem")
    number = 0
    for submission in due.defer("source", "version__search_text").order_by("resend_at")[:MAX_RESENT]:
        later = now + max(_patience(), now - submission.created_at)
        # Several workers may look at the same moment; one of them sends.
        mine = Submission.objects.filter(pk=submission.pk, resend_at=submission.resend_at)
        if mine.update(resend_at=later):
            enqueue_judging(str(submission.pk), _queue_of(submission.version))
            number += 1
    return number


def _queue_of(version: ProblemVersion) -> str:
    try:
        return queue_of(package_of(version))
    except (DamagedVersion, PackageError):
        # Whichever worker takes it finds the same fault and ends it.
        return DEFAULT_QUEUE


def tells_figures(group: str) -> bool:
    """Whether candidates are told what a test of the group took.

    A program has seen a hidden test's input, and can spend time and memory by it: figures of single tests
    would carry it out.
    """
    return in_group(group, SAMPLE)


def case_event(position: int, case: Mapping[str, Any]) -> dict[str, Any]:
    """A test's result as pages and the API get it."""
    told = {field: case[field] for field in CASE_FIELDS}
    if not tells_figures(case["group"]):
        told |= dict.fromkeys(FIGURES)
    return {"position": position, **told}


def finished_event(submission: Submission) -> dict[str, Any]:
    """The end of judging as pages and the API get it."""
    return {
        "stage": submission.stage,
        "verdict": submission.verdict or None,
        "score": submission.score,
        "message": message_of(submission),
        "metrics": submission.metrics,
        "compiler_output": submission.compiler_output,
    }


def save_draft(*, user: User, problem: Problem, language: str, source: str, revision: int) -> int:
    """Keeps an unsent answer; `revision` is the one last seen, 0 for none. The new revision.

    Raises `StaleDraft` where a newer one is kept, `AnswerRefused` where it is too long or no text.
    """
    check_text(source)
    rows = Draft.objects.filter(user=user, problem=problem, language=language)
    if rows.filter(revision=revision).update(
        source=source, revision=F("revision") + 1, updated_at=timezone.now()
    ):
        return revision + 1
    try:
        with transaction.atomic():
            if revision == 0:
                return Draft.objects.create(
                    user=user, problem=problem, language=language, source=source
                ).revision
    except IntegrityError as error:
        raise StaleDraft(_("Another window has saved a newer draft.")) from error
    raise StaleDraft(_("Another window has saved a newer draft."))


def _update(submission_id: str, attempt: int, **fields: Any) -> None:
    rows = Submission.objects.filter(pk=submission_id, attempt=attempt).exclude(stage__in=FINAL_STAGES)
    if not rows.update(**fields):
        raise Fenced(f"attempt {attempt} of submission {submission_id} is void")


def _publish(submission_id: str, name: str, data: dict[str, Any]) -> None:
    events.publish(events.stream_key("submission", submission_id), name, data)
