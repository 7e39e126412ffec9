"""What workers do: judge a submission, once or again, run samples. Our own failures are never charged."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from typing import Any

from celery import Task, shared_task
from celery.signals import beat_embedded_init, worker_ready
from django.conf import settings
from django.db import DatabaseError, connection

from grader import devices, grading, importing, previews, queue, rejudging, runs, services, trials
from grader.errors import Fenced, RunUnknown
from grader.gate import filling, generating
from grader.gate.bringing import bring
from grader.gate.proof import document
from grader.gate.proving import Demands
from grader.gate.summary import prove_folders
from grader.judge.artifact import DataMissing
from grader.judge.builds import Builds
from grader.judge.choices import MalformedChoice
from grader.judge.compiling import LanguageMissing, prepare_languages
from grader.judge.functions import InvalidInput
from grader.judge.judging import UnsupportedAnswer, judge, run_samples
from grader.judge.model import Answer, CaseResult, Judgement, Observer
from grader.judge.toolchains import survey
from grader.lacks import Lack
from grader.ledger import installed_judge
from grader.llm.errors import JudgeUnavailable
from grader.llm.judging import opinion_on
from grader.llm.model import Opinion
from grader.models import RejudgedAnswer, Submission
from grader.open.encoding import EncoderMissing
from grader.open.grading import grade
from grader.open.model import Flag, OpenGrade, OpenQuestion
from grader.open.texts import language_of
from grader.rejudging import Trouble
from grader.verdict import Stage
from questionbank import drafting, offering
from questionbank.exchange.reading import Format, Origin, read_data
from questionbank.intake import pointed_out
from questionbank.models import ProblemDraft, ProblemImport, ProblemVersion, User
from questionbank.packages.model import Kind
from questionbank.services import package_of
from sandbox.client import Sandbox, connect
from sandbox.errors import MissingRuntime, NoDevice, SandboxError
from sandbox.syscalls import die_with_parent

_log = logging.getLogger(__name__)
_one_grade = threading.Lock()
_TOLD_EVERY = 5
"""Problems of an import between two words of how far it is."""


@lru_cache(maxsize=1)
def jail() -> Sandbox:
    """This worker's connections to the sandbox."""
    return connect(Path(settings.SANDBOX_SOCKET))


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
        _grade(submission, attempt)
        return
    positions = count()

    def case(result: CaseResult) -> None:
        services.record_case(submission_id, attempt, next(positions), result)

    def stage(reached: Stage) -> None:
        if reached is not Stage.COMPILING:
            services.set_stage(submission_id, attempt, reached)

    with _renewing(submission_id, partial(services.renew_claim, submission_id, attempt)):
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
        hidden_root=settings.DATA_ROOT / "hidden",
        builds=Builds(settings.BUILDS_ROOT),
        observer=observer,
        kept=kept,
    )


def _grade(submission: Submission, attempt: int) -> None:
    """Grades prose by its rubric, point by point."""
    pk = str(submission.pk)
    with _renewing(pk, partial(services.renew_claim, pk, attempt)):
        question = grading.question_for(submission.version, language_of, leave_out=pk)
        try:
            found = _graded(question, submission.source)
        except EncoderMissing as error:
            _log.warning("%s is for a person alone: %s", pk, error)
            services.hand_to_person(pk, attempt)
            return
        opinion = _second_opinion(question, submission.source, found)
    grading.finish_graded(pk, attempt, found, opinion)


def _graded(question: OpenQuestion, text: str, language: str = "") -> OpenGrade:
    """The local grade. One at a time: the grader keeps what it has taken apart, for one thread."""
    with _one_grade:
        return grade(question, text, language, store=settings.DATA_ROOT / "public")


def _second_opinion(question: OpenQuestion, text: str, found: OpenGrade) -> Opinion | None:
    """The language model's, where there is one and it answers; else the local grade stands alone."""
    judge = installed_judge()
    if judge is None or {Flag.EMPTY, Flag.COPY_OF_QUESTION} & set(found.flags):
        return None
    try:
        return opinion_on(judge, question, text, found.language, local_score=found.score)
    except JudgeUnavailable as error:
        _log.warning("no opinion of the language model: %s", error)
        return None


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
        with _renewing(str(answer_id), partial(rejudging.renew_answer, answer_id, attempt)):
            judgement = _judged(answer.submission, answer.rejudge.target, kept=kept)
    except (UnsupportedAnswer, MalformedChoice):
        rejudging.give_up_answer(answer_id, attempt, Trouble.REFUSED)
        return
    rejudging.finish_answer(answer_id, attempt, judgement)


@contextmanager
def _renewing(key: str, renew_claim: Callable[[], None]) -> Iterator[None]:
    """Keeps the claim alive while judging takes its time."""
    over = threading.Event()
    every_s = services.lease().total_seconds() / 4

    def renew() -> None:
        try:
            while not over.wait(every_s):
                try:
                    renew_claim()
                except DatabaseError as error:
                    # The lease outlasts a database that is away for a moment.
                    _log.warning("the claim on %s is not renewed: %s", key, error)
        except Fenced:
            _log.info("the attempt at %s lost its claim", key)
        finally:
            connection.close()

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@shared_task(name=queue.PROVE_TASK)
def prove_draft(draft_id: str) -> None:
    """The gate over a draft as it is now."""
    draft = ProblemDraft.objects.filter(pk=draft_id).first()
    if draft is None:
        return
    try:
        (proof,) = prove_folders(
            [drafting.folder_of(draft)],
            sandbox=jail(),
            hidden_root=settings.DATA_ROOT / "hidden",
            demands=Demands(),
            builds=Builds(settings.BUILDS_ROOT),
        )
    except Exception as error:
        _log.exception("the gate failed on draft %s", draft_id)
        drafting.end_work(draft_id, trouble=f"{type(error).__name__}: {error}")
        return
    # Changed meanwhile, the hash is another one, and the report counts for nothing.
    drafting.keep_proof(draft_id, content_hash=draft.content_hash, proof=document(proof))


@shared_task(name=queue.FILL_TASK)
def fill_expected(draft_id: str, user_id: int) -> None:
    """Expected results of a draft's tests, from its reference."""
    _write_tests(draft_id, user_id, _fill)


@shared_task(name=queue.GENERATE_TASK)
def generate_tests(draft_id: str, user_id: int, path: str, group: str, first: int, count: int) -> None:
    """Tests from a draft's generator, and their expected results."""

    def make(draft: ProblemDraft, user: User) -> None:
        seeds = range(first, first + min(count, generating.MAX_SEEDS))
        contents = drafting.contents_of(draft)
        tests = generating.generate(contents, path=path, group=group, seeds=seeds, sandbox=jail())
        drafting.keep_generated(draft, user=user, tests=list(tests))
        _fill(draft, user)

    _write_tests(draft_id, user_id, make)


def _fill(draft: ProblemDraft, user: User) -> None:
    tests = filling.fill_expected(
        drafting.contents_of(draft),
        slug=draft.slug,
        kind=draft.kind,
        sandbox=jail(),
        builds=Builds(settings.BUILDS_ROOT),
    )
    drafting.keep_expected(draft, user=user, tests=tests)


def _write_tests(draft_id: str, user_id: int, write: Callable[[ProblemDraft, User], None]) -> None:
    """Lets `write` write tests of a draft, and says where it could not."""
    draft = ProblemDraft.objects.filter(pk=draft_id).first()
    user = User.objects.filter(pk=user_id).first()
    if draft is None or user is None:
        return
    try:
        write(draft, user)
    except (generating.CannotGenerate, filling.CannotFill, drafting.InvalidDraft) as error:
        drafting.end_work(draft_id, trouble=str(error))
    except Exception as error:
        _log.exception("the tests of draft %s could not be written", draft_id)
        drafting.end_work(draft_id, trouble=f"{type(error).__name__}: {error}")
    else:
        drafting.end_work(draft_id)


@shared_task(name=queue.IMPORT_TASK)
def bring_problems(import_id: str) -> None:
    """An author's file of problems, brought in whole or not at all."""
    attempt = importing.claim_import(import_id)
    if attempt is None:
        return
    try:
        with _renewing(import_id, partial(importing.renew_import, import_id, attempt)):
            _bring(ProblemImport.objects.get(pk=import_id), attempt)
    except Fenced:
        _log.info("the attempt at import %s was overtaken", import_id)
    except Exception as error:
        _log.exception("import %s failed", import_id)
        importing.fail_import(import_id, attempt, f"{type(error).__name__}: {error}")


def _bring(row: ProblemImport, attempt: int) -> None:
    import_id = str(row.pk)

    def tell(done: int, total: int) -> None:
        if done in (0, total) or done % _TOLD_EVERY == 0:
            importing.renew_import(import_id, attempt, done=done, total=total)

    with importing.workspace(row, attempt) as folder:
        data = importing.file_of(row).read_bytes()
        found = read_data(data, row.name, Format(row.format), Origin(row.license, row.attribution, row.url))
        brought = bring(found, folder, jail, tell)
        importing.finish_import(import_id, attempt, pointed_out(brought))


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
            builds=Builds(settings.BUILDS_ROOT),
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


@shared_task(name=queue.PREVIEW_TASK)
def preview_grade(preview_id: str) -> None:
    """Grades an author's answer by the rubric at hand; the result lives for an hour."""
    try:
        request = previews.preview_request(preview_id)
    except RunUnknown:
        return
    found = None
    try:
        question = previews.preview_question(request, language_of)
        found = asdict(_graded(question, request["answer"]))
    except Exception:
        _log.exception("preview %s failed", preview_id)
    previews.finish_preview(preview_id, found)


@shared_task(name=queue.TRIAL_TASK)
def try_grader() -> None:
    """Tries the grader on the bank's graded answers."""
    _log.info("the grader was tried on %s answers", trials.try_samples(_graded, language_of))


@worker_ready.connect
def worker_is_ready(**_: Any) -> None:
    """A worker that starts looks for answers left waiting, says what it has, and tells whoever started it."""
    requeue_forgotten()
    devices.tell(device.name for device in jail().devices())
    threading.Thread(target=_prepare_languages, name="languages", daemon=True).start()
    ready_file = os.environ.get("TOUCHSTONE_READY_FILE")
    if ready_file:
        Path(ready_file).touch()


def _prepare_languages() -> None:
    """Says which languages can be judged here, and builds what all answers of one share."""
    try:
        offering.tell(finding.language.key for finding in survey(jail()) if finding.toolchain)
        prepare_languages(jail(), Builds(settings.BUILDS_ROOT))
    except SandboxError:
        _log.exception("the languages could not be looked for; answers are taken in all of them")


@beat_embedded_init.connect
def clock_has_started(**_: Any) -> None:
    """The worker's clock is a process of its own: without this it would outlive a worker that is killed."""
    die_with_parent()


@shared_task(name=queue.REQUEUE_TASK)
def requeue_forgotten() -> None:
    """Queues again what waits without a living worker."""
    number = services.requeue_forgotten()
    rejudging.send_due()
    importing.send_due()
    if number:
        _log.warning("%s forgotten submissions were queued again", number)
