"""Judges a submission, once or again, and runs samples."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from itertools import count
from typing import Any

from celery import Task, shared_task

from grader import queue, rejudging, runs, services
from grader.errors import Fenced, RunUnknown
from grader.judge.artifact import DataMissing
from grader.judge.choices import MalformedChoice
from grader.judge.compiling import LanguageMissing
from grader.judge.functions import InvalidInput
from grader.judge.judging import UnsupportedAnswer, judge, run_samples
from grader.judge.model import Answer, CaseResult, Judgement, Observer
from grader.lacks import Lack
from grader.models import RejudgedAnswer, Submission
from grader.rejudging import Trouble
from grader.tasks.claims import renewing
from grader.tasks.installation import builds, hidden_root, jail
from grader.tasks.open_answers import grade_submission
from grader.verdict import Stage
from questionbank.models import ProblemVersion
from questionbank.packages.model import Kind
from questionbank.services import package_of
from sandbox.errors import MissingRuntime, NoDevice

_log = logging.getLogger(__name__)


@shared_task(bind=True, name=queue.JUDGE_TASK, max_retries=None)
def judge_submission(self: Task[Any, None], submission_id: str) -> None:
    """Judges one submission under a fenced attempt."""
    attempt = services.claim(submission_id)
    if attempt is None:
        return
    _under_claim(
        self,
        f"submission {submission_id}",
        partial(_judge, submission_id, attempt),
        give_up=partial(services.give_up_attempt, submission_id, attempt),
        fail=partial(services.fail_attempt, submission_id, attempt),
    )


def _under_claim(
    task: Task[Any, None],
    name: str,
    work: Callable[[], None],
    *,
    give_up: Callable[[str], None],
    fail: Callable[[], float | None],
) -> None:
    """Does `work`, which judges `name`: `give_up` is told what is missing here, `fail` how long to wait for
    another try."""
    try:
        work()
    except Fenced:
        _log.info("the attempt at %s was overtaken", name)
    except (NoDevice, MissingRuntime, DataMissing, LanguageMissing) as error:
        _log.warning("%s cannot be judged here: %s", name, error)
        with suppress(Fenced):
            give_up(_lack(error))
    except Exception:
        _log.exception("judging %s failed", name)
        try:
            wait_s = fail()
        except Fenced:
            return
        if wait_s is not None:
            raise task.retry(countdown=wait_s) from None


def _judge(submission_id: str, attempt: int) -> None:
    submission = Submission.objects.select_related("version__problem").get(pk=submission_id)
    if submission.version.kind == Kind.OPEN:
        grade_submission(submission, attempt)
        return
    positions = count()

    def case(result: CaseResult) -> None:
        services.record_case(submission_id, attempt, next(positions), result)

    def stage(reached: Stage) -> None:
        if reached is not Stage.COMPILING:
            services.set_stage(submission_id, attempt, reached)

    with renewing(submission_id, partial(services.renew_claim, submission_id, attempt)):
        judgement = _judged(submission, submission.version, observer=Observer(stage, case))
    for position in range(next(positions), len(judgement.cases)):
        services.record_case(submission_id, attempt, position, judgement.cases[position])
    services.finish(submission_id, attempt, judgement)


def _judged(
    submission: Submission,
    version: ProblemVersion,
    *,
    observer: Observer | None = None,
    kept: Mapping[tuple[str, str], CaseResult] | None = None,
) -> Judgement:
    """What `version` says of the submission, in this worker's jail."""
    return judge(
        package_of(version),
        Answer(submission.language, submission.source),
        sandbox=jail(),
        hidden_root=hidden_root(),
        builds=builds(),
        observer=observer,
        kept=kept,
    )


@shared_task(bind=True, name=queue.REJUDGE_TASK, max_retries=None)
def rejudge_answer(self: Task[Any, None], answer_id: int) -> None:
    """Judges one answer of a rejudge under a fenced attempt; its submission stays as it is."""
    attempt = rejudging.claim_answer(answer_id)
    if attempt is None:
        return
    _under_claim(
        self,
        f"answer {answer_id} of a rejudge",
        partial(_rejudge, answer_id, attempt),
        give_up=partial(rejudging.give_up_answer, answer_id, attempt),
        fail=partial(rejudging.fail_answer, answer_id, attempt),
    )


def _rejudge(answer_id: int, attempt: int) -> None:
    related = ("rejudge__source__problem", "rejudge__target__problem", "submission")
    answer = RejudgedAnswer.objects.select_related(*related).get(pk=answer_id)
    kept = rejudging.results_kept(answer)
    try:
        with renewing(str(answer_id), partial(rejudging.renew_answer, answer_id, attempt)):
            judgement = _judged(answer.submission, answer.rejudge.target, kept=kept)
    except (UnsupportedAnswer, MalformedChoice):
        rejudging.give_up_answer(answer_id, attempt, Trouble.REFUSED)
        return
    rejudging.finish_answer(answer_id, attempt, judgement)


@shared_task(name=queue.RUN_TASK)
def run_samples_task(run_id: str) -> None:
    """Runs samples or own input; the result lives for an hour."""
    try:
        request = runs.run_request(run_id)
    except RunUnknown:
        return
    found: list[dict[str, Any]] = []
    error, message, lack = None, "", ""
    try:
        version = ProblemVersion.objects.select_related("problem").get(pk=request["version"])
        outcome = run_samples(
            package_of(version),
            Answer(request["language"], request["source"]),
            sandbox=jail(),
            own_input=request["own_input"],
            builds=builds(),
        )
        found = [asdict(run) for run in outcome]
    except InvalidInput as refused:
        error, message = "input", str(refused)
    except (NoDevice, MissingRuntime, LanguageMissing) as lacking:
        lack = _lack(lacking)
    except Exception:
        _log.exception("run %s failed", run_id)
        error = "internal"
    runs.finish_run(run_id, runs=found, error=error, message=message, lack=lack)


def _lack(error: NoDevice | MissingRuntime | DataMissing | LanguageMissing) -> str:
    """What this installation has not."""
    if isinstance(error, DataMissing):
        return f"{Lack.DATA}:{error.name}"
    if isinstance(error, LanguageMissing):
        return f"{Lack.LANGUAGE}:{error.name}"
    return Lack.GPU if isinstance(error, NoDevice) else Lack.ASSURANCE
