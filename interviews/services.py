"""Question sets and attempts: the server's clock decides, the best counted answer to each problem scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from grader import services as grader
from grader.models import Submission
from grader.verdict import Stage, Verdict
from interviews.errors import AttemptClosed, InvalidSet
from interviews.models import Attempt, AttemptSubmission, QuestionSet, SetItem
from questionbank.models import Problem, ProblemVersion, User

MAX_ITEMS = 50
MAX_MINUTES = 24 * 60
MAX_WEIGHT = 1000
MAX_INTRODUCTION = 5000


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """A problem's place in a set that is being made."""

    slug: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """A candidate's best answer to one item. `score` is None while nothing was judged yet."""

    item: SetItem
    score: float | None
    verdict: str
    submissions: tuple[Submission, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate's line of the results table. `total` is the weighted mean, 0 to 100."""

    attempt: Attempt
    cells: tuple[Cell, ...]
    total: float
    provisional: bool
    """Whether an answer still waits for a judge or a reviewer."""


def create_set(
    *, owner: User, title: str, introduction: str, time_limit_minutes: int, items: Sequence[ItemDraft]
) -> QuestionSet:
    """Makes a set; raises `InvalidSet`."""
    versions = _checked(title, time_limit_minutes, items)
    with transaction.atomic():
        question_set = QuestionSet.objects.create(
            owner=owner, title=title.strip(), introduction=introduction, time_limit_minutes=time_limit_minutes
        )
        _write_items(question_set, items, versions)
    return question_set


def update_set(
    question_set: QuestionSet,
    *,
    title: str,
    introduction: str,
    time_limit_minutes: int,
    items: Sequence[ItemDraft],
) -> None:
    """Changes a set that nobody has started; afterwards only its texts. Raises `InvalidSet`.

    Saving pins the problems' current versions, as long as nobody has started.
    """
    versions = _checked(title, time_limit_minutes, items)
    with transaction.atomic():
        QuestionSet.objects.select_for_update().get(pk=question_set.pk)
        kept = [(item.version.problem.slug, item.weight) for item in _items(question_set)]
        changed = [(item.slug, item.weight) for item in items] != kept
        started = question_set.attempts.exists()
        if started and (changed or time_limit_minutes != question_set.time_limit_minutes):
            raise InvalidSet(_("A candidate has started this set: its problems and time stay as they are."))
        question_set.title = title.strip()
        question_set.introduction = introduction
        question_set.time_limit_minutes = time_limit_minutes
        question_set.save(update_fields=["title", "introduction", "time_limit_minutes"])
        if not started:
            question_set.items.all().delete()
            _write_items(question_set, items, versions)


def close_set(question_set: QuestionSet) -> None:
    """Lets nobody start it any more; who has started goes on to the end of the time."""
    with transaction.atomic():
        current = QuestionSet.objects.select_for_update().get(pk=question_set.pk)
        if current.archived_at is None:
            current.archived_at = timezone.now()
            current.save(update_fields=["archived_at"])
    question_set.refresh_from_db(fields=["archived_at"])


def reopen_set(question_set: QuestionSet) -> None:
    """Lets candidates start it again."""
    QuestionSet.objects.filter(pk=question_set.pk).update(archived_at=None)
    question_set.refresh_from_db(fields=["archived_at"])


def start_attempt(*, question_set: QuestionSet, candidate: User) -> Attempt:
    """The candidate's one attempt at the set, started now where it is not yet; raises `AttemptClosed`."""
    with transaction.atomic():
        # The lock keeps the set as it is while the clock starts, and lets nobody start twice.
        current = QuestionSet.objects.select_for_update().get(pk=question_set.pk)
        begun = current.attempts.filter(candidate=candidate).first()
        if begun is not None:
            return begun
        if current.archived_at is not None:
            raise AttemptClosed(_("This set is closed."))
        now = timezone.now()
        deadline = now + timedelta(minutes=current.time_limit_minutes)
        return Attempt.objects.create(
            question_set=current, candidate=candidate, started_at=now, deadline=deadline
        )


def is_open(attempt: Attempt, now: datetime | None = None) -> bool:
    """Whether answers are still taken."""
    return attempt.finished_at is None and (now or timezone.now()) < attempt.deadline


def submit_in_attempt(*, attempt: Attempt, item: SetItem, language: str, source: str) -> Submission:
    """Takes an answer within an attempt; raises `AttemptClosed` or `grader.errors.AnswerRefused`."""
    if item.question_set_id != attempt.question_set_id:
        raise AttemptClosed(_("This problem is not in the set."))
    with transaction.atomic():
        current = Attempt.objects.select_for_update().get(pk=attempt.pk)
        if not is_open(current):
            raise AttemptClosed(_("The time is over: this answer came too late."))
        submission = grader.submit(
            user=current.candidate, version=item.version, language=language, source=source
        )
        AttemptSubmission.objects.create(attempt=current, item=item, submission=submission)
    return submission


def finish_attempt(attempt: Attempt) -> None:
    """Ends the attempt before its time; doing it twice changes nothing."""
    with transaction.atomic():
        # What was taken in before the end was taken in before this moment.
        current = Attempt.objects.select_for_update().get(pk=attempt.pk)
        if current.finished_at is None:
            current.finished_at = min(timezone.now(), current.deadline)
            current.save(update_fields=["finished_at"])
    attempt.refresh_from_db()


def results_table(question_set: QuestionSet) -> tuple[Row, ...]:
    """Every attempt's best scores, in the order they were started. Three queries, however many candidates."""
    items = tuple(_items(question_set))
    attempts = question_set.attempts.select_related("candidate").order_by("started_at")
    links = (
        AttemptSubmission.objects.filter(attempt__question_set=question_set)
        .select_related("submission")
        .defer("submission__source")
        .order_by("submission__created_at")
    )
    handed_in: dict[tuple[object, int], list[Submission]] = defaultdict(list)
    for link in links:
        handed_in[link.attempt_id, link.item_id].append(link.submission)
    return tuple(
        _row(attempt, [_cell(item, handed_in[attempt.pk, item.pk]) for item in items]) for attempt in attempts
    )


def results_of(attempt: Attempt) -> Row:
    """One attempt's line of the table."""
    items = _items(attempt.question_set)
    links = attempt.submissions.select_related("submission").order_by("submission__created_at")
    handed_in: dict[int, list[Submission]] = defaultdict(list)
    for link in links:
        handed_in[link.item_id].append(link.submission)
    return _row(attempt, [_cell(item, handed_in[item.pk]) for item in items])


def _row(attempt: Attempt, cells: list[Cell]) -> Row:
    weights = sum(cell.item.weight for cell in cells)
    earned = sum(cell.item.weight * (cell.score or 0.0) for cell in cells)
    waiting = any(submission.stage != Stage.DONE for cell in cells for submission in cell.submissions)
    return Row(attempt, tuple(cells), round(earned / weights, 2) if weights else 0.0, waiting)


def _cell(item: SetItem, submissions: list[Submission]) -> Cell:
    counted = [one for one in submissions if one.score is not None and one.verdict != Verdict.IE]
    best = max(counted, key=lambda one: one.score or 0.0, default=None)
    return Cell(item, best.score if best else None, best.verdict if best else "", tuple(submissions))


def _items(question_set: QuestionSet) -> Sequence[SetItem]:
    return list(question_set.items.select_related("version__problem").prefetch_related("version__topics"))


def _checked(title: str, minutes: int, items: Sequence[ItemDraft]) -> dict[str, ProblemVersion]:
    if not title.strip():
        raise InvalidSet(_("Give the set a title."))
    if not 1 <= minutes <= MAX_MINUTES:
        raise InvalidSet(_("The time is between 1 and %(most)s minutes.") % {"most": MAX_MINUTES})
    if not 1 <= len(items) <= MAX_ITEMS:
        raise InvalidSet(_("A set has between 1 and %(most)s problems.") % {"most": MAX_ITEMS})
    slugs = [item.slug for item in items]
    if any("\0" in slug for slug in slugs):
        raise InvalidSet(_("There is no problem %(slug)s.") % {"slug": "␀"})
    if len(set(slugs)) != len(slugs):
        raise InvalidSet(_("A problem is in the set twice."))
    if any(not 1 <= item.weight <= MAX_WEIGHT for item in items):
        raise InvalidSet(_("A weight is between 1 and %(most)s.") % {"most": MAX_WEIGHT})
    problems = Problem.objects.filter(slug__in=slugs, current__isnull=False).select_related("current")
    versions = {problem.slug: problem.current for problem in problems if problem.current}
    missing = [slug for slug in slugs if slug not in versions]
    if missing:
        raise InvalidSet(_("There is no problem %(slug)s.") % {"slug": missing[0]})
    return versions


def _write_items(
    question_set: QuestionSet, items: Sequence[ItemDraft], versions: dict[str, ProblemVersion]
) -> None:
    SetItem.objects.bulk_create(
        SetItem(question_set=question_set, version=versions[item.slug], position=position, weight=item.weight)
        for position, item in enumerate(items)
    )
