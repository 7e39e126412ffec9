"""What may be done with answers: the only module that writes submissions, drafts and marks."""

from __future__ import annotations

import hashlib
import json
import math
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from grader import events
from grader.errors import AnswerRefused, CannotMark, Fenced, KeyReused, RunUnknown, StaleDraft
from grader.judge.choices import MalformedChoice, chosen_options
from grader.judge.compiling import MAX_SOURCE_BYTES
from grader.judge.model import CaseResult, Judgement
from grader.lacks import lack_of
from grader.models import CaseRecord, Draft, IdempotencyKey, PointMark, Submission
from grader.queue import enqueue_judging, enqueue_run, queue_of
from grader.verdict import FINAL_STAGES, Stage, Verdict
from questionbank.models import Problem, ProblemVersion, User
from questionbank.packages.model import Kind, Package
from questionbank.services import package_of

LEASE = timedelta(seconds=20)
"""A worker that judges says so every few seconds; silent for this long, it counts as lost."""
MAX_INFRASTRUCTURE_FAILURES = 3
RUN_KEPT_S = 3600
_MARK_SHARES = {PointMark.Level.MET: 1.0, PointMark.Level.PARTLY: 0.5, PointMark.Level.NOT_MET: 0.0}


def submit(*, user: User, version: ProblemVersion, language: str, source: str) -> Submission:
    """Takes an answer in and queues it. Raises `AnswerRefused` with a sentence for people."""
    package = package_of(version)
    _check_answer(package, language, source)
    with transaction.atomic():
        _check_share(user, version, package)
        submission = Submission.objects.create(user=user, version=version, language=language, source=source)
        enqueue_judging(str(submission.pk), queue_of(package))
    return submission


def submit_once(
    *, user: User, version: ProblemVersion, language: str, source: str, key: str
) -> tuple[Submission, bool]:
    """`submit`, once for each `key` of the user: a repeated request gets the first one's submission.

    The flag says whether it is new. Raises `KeyReused` where the key came with another answer before.
    """
    body = json.dumps([version.pk, language, source]).encode()
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


def _check_answer(package: Package, language: str, source: str) -> None:
    if lack := lack_of(package):
        raise AnswerRefused(lack)
    if language not in package.languages:
        accepted = ", ".join(package.languages)
        raise AnswerRefused(_("This problem takes answers in: %(languages)s.") % {"languages": accepted})
    if not source.strip():
        raise AnswerRefused(_("The answer is empty."))
    if "\0" in source:
        raise AnswerRefused(_("The answer holds a NUL character."))
    size = len(source.encode(errors="surrogatepass"))
    if size > MAX_SOURCE_BYTES:
        raise AnswerRefused(
            _("The answer has %(size)s bytes, the most is %(most)s.")
            % {"size": size, "most": MAX_SOURCE_BYTES}
        )
    if package.choice:
        try:
            chosen_options(package.choice, source)
        except MalformedChoice as error:
            raise AnswerRefused(_("Choose at least one of the options, and only from them.")) from error


def _check_share(user: User, version: ProblemVersion, package: Package) -> None:
    """Bounds how often hidden labels may be asked: each measured answer tells a little about them."""
    if package.artifact is None:
        return
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


def claim(submission_id: str) -> int | None:
    """Makes the caller the one worker whose results count, by a new attempt number.

    None where there is nothing to do: judged already, or another worker is alive at it.
    """
    now = timezone.now()
    open_rows = Submission.objects.filter(pk=submission_id).exclude(stage__in=FINAL_STAGES)
    free = open_rows.filter(Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE))
    with transaction.atomic():
        if not free.update(attempt=F("attempt") + 1, claimed_at=now, stage=Stage.COMPILING):
            return None
        CaseRecord.objects.filter(submission_id=submission_id).delete()
        attempt = Submission.objects.values_list("attempt", flat=True).get(pk=submission_id)
    _publish(submission_id, "stage", {"stage": Stage.COMPILING})
    return attempt


def is_being_judged(submission_id: str) -> bool:
    """Whether a living worker holds the submission."""
    rows = Submission.objects.filter(pk=submission_id, claimed_at__gte=timezone.now() - LEASE)
    return rows.exclude(stage__in=FINAL_STAGES).exists()


def renew_claim(submission_id: str, attempt: int) -> None:
    """Says that the worker is alive; `Fenced` where it lost the submission."""
    _update(submission_id, attempt, claimed_at=timezone.now())


def set_stage(submission_id: str, attempt: int, stage: Stage) -> None:
    """Records and tells the stage; `Fenced` where the attempt is void."""
    _update(submission_id, attempt, stage=stage, claimed_at=timezone.now())
    _publish(submission_id, "stage", {"stage": stage})


def record_case(submission_id: str, attempt: int, position: int, case: CaseResult) -> None:
    """Records and tells one test's result; `Fenced` where the attempt is void."""
    with transaction.atomic():
        _update(submission_id, attempt, claimed_at=timezone.now())
        CaseRecord.objects.create(submission_id=submission_id, position=position, **_storable(asdict(case)))
    _publish(submission_id, "case", case_event(position, asdict(case)))


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
        message=_clean(judgement.message),
        compiler_output=_clean(judgement.compiler_output),
        metrics=metrics,
        exhibits=asdict(judgement.exhibits),
        guarantees=list(judgement.guarantees),
        device=judgement.device[:200],
        driver=judgement.driver[:200],
        timer=judgement.timer,
        finished_at=timezone.now(),
    )
    _publish(submission_id, "finished", finished_event(Submission.objects.get(pk=submission_id)))


def fail_attempt(submission_id: str, attempt: int) -> bool:
    """Notes that judging failed through our fault. True where another try is due; else the verdict is IE."""
    failures = F("infrastructure_failures") + 1
    _update(submission_id, attempt, infrastructure_failures=failures, stage=Stage.QUEUED, claimed_at=None)
    submission = Submission.objects.get(pk=submission_id)
    if submission.infrastructure_failures < MAX_INFRASTRUCTURE_FAILURES:
        _publish(submission_id, "stage", {"stage": Stage.QUEUED})
        return True
    message = _("Judging failed through no fault of yours. This answer is not counted; please send it again.")
    finish(submission_id, attempt, Judgement(verdict=Verdict.IE, score=0.0, message=message))
    return False


def give_up_attempt(submission_id: str, attempt: int, lack: str) -> None:
    """Ends what no further try can judge on this installation; `lack` is the sentence that says why."""
    message = _("%(lack)s This answer is not counted.") % {"lack": lack}
    finish(submission_id, attempt, Judgement(verdict=Verdict.IE, score=0.0, message=message))


def requeue_forgotten(older_than: timedelta = timedelta(minutes=2)) -> int:
    """Sends again what waits without a living worker: after a broker's loss. The number sent."""
    before = timezone.now() - older_than
    waiting = Submission.objects.exclude(stage__in=FINAL_STAGES).filter(created_at__lt=before)
    forgotten = waiting.filter(Q(claimed_at=None) | Q(claimed_at__lt=before)).select_related(
        "version__problem"
    )
    for submission in forgotten:
        enqueue_judging(str(submission.pk), queue_of(package_of(submission.version)))
    return len(forgotten)


def case_event(position: int, case: Mapping[str, Any]) -> dict[str, Any]:
    """A test's result as pages and the API get it."""
    fields = (
        "name",
        "group",
        "verdict",
        "cpu_s",
        "wall_s",
        "peak_bytes",
        "message",
        "got",
        "expected",
        "stdout",
    )
    return {"position": position, **{field: case[field] for field in fields}}


def finished_event(submission: Submission) -> dict[str, Any]:
    """The end of judging as pages and the API get it."""
    return {
        "stage": submission.stage,
        "verdict": submission.verdict or None,
        "score": submission.score,
        "message": submission.message,
        "metrics": submission.metrics,
        "compiler_output": submission.compiler_output,
    }


def start_run(
    *, user: User, version: ProblemVersion, language: str, source: str, own_input: str | None
) -> str:
    """Queues a run of the samples, or of the candidate's own input, outside the record; the run's id."""
    package = package_of(version)
    if package.kind in (Kind.CHOICE, Kind.OPEN):
        raise AnswerRefused(_("This problem has nothing to run."))
    _check_answer(package, language, source)
    if own_input is not None and len(own_input.encode()) > MAX_SOURCE_BYTES:
        raise AnswerRefused(_("Your input is too long."))
    run_id = uuid.uuid4().hex
    request = {
        "user": user.pk,
        "version": version.pk,
        "language": language,
        "source": source,
        "own_input": own_input,
    }
    events.connection().set(_run_key(run_id), json.dumps({"request": request, "result": None}), ex=RUN_KEPT_S)
    enqueue_run(run_id, queue_of(package))
    return run_id


def run_request(run_id: str) -> dict[str, Any]:
    """What was asked for; `RunUnknown` once it has expired."""
    request: dict[str, Any] = _run(run_id)["request"]
    return request


def finish_run(run_id: str, result: dict[str, Any]) -> None:
    """Stores and tells a run's result."""
    run = _run(run_id) | {"result": result}
    events.connection().set(_run_key(run_id), json.dumps(run), ex=RUN_KEPT_S)
    events.publish(events.stream_key("run", run_id), "finished", result)


def run_result(run_id: str, *, user: User) -> dict[str, Any] | None:
    """The result of the user's own run, None while it is under way; `RunUnknown` for any other."""
    run = _run(run_id)
    if run["request"]["user"] != user.pk:
        raise RunUnknown(_("There is no such run."))
    result: dict[str, Any] | None = run["result"]
    return result


def _run(run_id: str) -> dict[str, Any]:
    stored = events.connection().get(_run_key(run_id))
    if stored is None:
        raise RunUnknown(_("There is no such run."))
    run: dict[str, Any] = json.loads(str(stored))
    return run


def _run_key(run_id: str) -> str:
    return f"touchstone:run:{run_id}"


def save_draft(*, user: User, problem: Problem, language: str, source: str, revision: int) -> int:
    """Keeps an unsent answer; `revision` is the one last seen, 0 for none. The new revision.

    Raises `StaleDraft` where a newer one is kept, `AnswerRefused` where it is too long.
    """
    if len(source.encode(errors="surrogatepass")) > MAX_SOURCE_BYTES or "\0" in source:
        raise AnswerRefused(_("The draft is too long."))
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


def mark_points(
    *, reviewer: User, submission: Submission, marks: Mapping[str, tuple[str, str]]
) -> Submission:
    """Records a reviewer's marks, rubric point to (level, comment); once every point has one, the score.

    Raises `CannotMark` where the submission is no open answer or a mark names no point of its rubric.
    """
    rubric = package_of(submission.version).open
    if rubric is None or submission.stage not in FINAL_STAGES:
        raise CannotMark(_("Only open answers that were handed in are marked."))
    known = {point.id for point in rubric.points}
    for point_id, (level, _comment) in marks.items():
        if point_id not in known or level not in PointMark.Level.values:
            raise CannotMark(_("There is no such point or level: %(name)s.") % {"name": point_id})
    with transaction.atomic():
        for point_id, (level, comment) in marks.items():
            PointMark.objects.update_or_create(
                submission=submission,
                point_id=point_id,
                defaults={"level": level, "comment": comment, "reviewer": reviewer},
            )
        levels = dict(submission.marks.values_list("point_id", "level"))
        if known <= levels.keys():
            shares = (
                point.weight * _MARK_SHARES[PointMark.Level(levels[point.id])] for point in rubric.points
            )
            submission.score = round(100 * sum(shares), 2)
            submission.stage = Stage.DONE
            submission.finished_at = timezone.now()
            submission.save(update_fields=["score", "stage", "finished_at"])
    _publish(str(submission.pk), "finished", finished_event(submission))
    return submission


def _update(submission_id: str, attempt: int, **fields: Any) -> None:
    rows = Submission.objects.filter(pk=submission_id, attempt=attempt).exclude(stage__in=FINAL_STAGES)
    if not rows.update(**fields):
        raise Fenced(f"attempt {attempt} of submission {submission_id} is void")


def _publish(submission_id: str, name: str, data: dict[str, Any]) -> None:
    events.publish(events.stream_key("submission", submission_id), name, data)


def _storable(case: dict[str, Any]) -> dict[str, Any]:
    """Texts without NUL, which PostgreSQL cannot keep."""
    return {key: _clean(value) if isinstance(value, str) else value for key, value in case.items()}


def _clean(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
