"""What of a grade is told to whom: the candidate's own words for points met, hints for those missed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from grader.access import feedback_is_open
from grader.models import Grade, Submission
from grader.verdict import FINAL_STAGES, Stage
from questionbank.packages.model import Localised, OpenSpec, PointLevel, RubricPoint
from questionbank.services import package_of


class Standing(StrEnum):
    """How far a grade can be relied on: a machine's that waits for a person, a machine's that stands by
    itself, a person's."""

    PROVISIONAL = "provisional"
    PUBLISHED = "published"
    MARKED = "marked"


@dataclass(frozen=True, slots=True)
class PointFeedback:
    """One point as its candidate may see it. `answer[start:end]` are the words it was found in.

    `statement` is None for what was missed, as long as no person has marked it: the point would give the
    model answer away. Then `hint` may help.
    """

    point_id: str
    weight: float
    level: PointLevel
    statement: Localised | None
    hint: Localised | None
    start: int | None
    end: int | None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """`score`, `low` and `high` are shares from 0 to 1; `follow_up` is the question to think about next."""

    standing: Standing
    score: float
    low: float
    high: float
    points: tuple[PointFeedback, ...]
    follow_up: Localised | None


def feedback_on(submission: Submission) -> Feedback | None:
    """What its candidate may know; None before there is a grade, and while an attempt is running."""
    rubric = package_of(submission.version).open
    if rubric is None or submission.stage not in FINAL_STAGES or not feedback_is_open(submission):
        return None
    grade = grade_of(submission)
    if is_marked(submission):
        return _marked(submission, rubric, grade)
    return _graded(submission, rubric, grade) if grade else None


def grade_of(submission: Submission) -> Grade | None:
    """The machine's grade, where there is one."""
    return Grade.objects.filter(submission=submission).first()


def is_marked(submission: Submission) -> bool:
    """Whether a person has marked every point."""
    rubric = package_of(submission.version).open
    marked = {mark.point_id for mark in submission.marks.all()}
    return rubric is not None and all(point.id in marked for point in rubric.points)


def _marked(submission: Submission, rubric: OpenSpec, grade: Grade | None) -> Feedback:
    marks = {mark.point_id: mark for mark in submission.marks.all()}
    places = _places(grade)
    points = []
    for point in rubric.points:
        mark = marks[point.id]
        level = PointLevel(mark.level)
        start, end = places.get(point.id, (None, None)) if _earned(level) else (None, None)
        hint = None if level is PointLevel.MET else point.hint
        points.append(
            PointFeedback(point.id, point.weight, level, point.statement, hint, start, end, mark.comment)
        )
    score = (submission.score or 0.0) / 100
    return Feedback(
        Standing.MARKED, score, score, score, tuple(points), _follow_up(submission, rubric, points)
    )


def _graded(submission: Submission, rubric: OpenSpec, grade: Grade) -> Feedback:
    levels = {found["point_id"]: PointLevel(found["level"]) for found in grade.points}
    places = _places(grade)
    points = []
    for point in rubric.points:
        level = levels.get(point.id, PointLevel.UNSURE)
        start, end = places.get(point.id, (None, None)) if _earned(level) else (None, None)
        statement = point.statement if level is PointLevel.MET else None
        hint = None if level is PointLevel.MET else point.hint
        points.append(PointFeedback(point.id, point.weight, level, statement, hint, start, end))
    standing = Standing.PUBLISHED if submission.stage == Stage.DONE else Standing.PROVISIONAL
    return Feedback(
        standing, grade.score, grade.low, grade.high, tuple(points), _follow_up(submission, rubric, points)
    )


def _earned(level: PointLevel) -> bool:
    return level in (PointLevel.MET, PointLevel.PARTLY)


def _places(grade: Grade | None) -> dict[str, tuple[int | None, int | None]]:
    return {found["point_id"]: (found["start"], found["end"]) for found in grade.points} if grade else {}


def _follow_up(submission: Submission, rubric: OpenSpec, points: Sequence[PointFeedback]) -> Localised | None:
    """The question to ask next: about the heaviest point that was missed, a required one first; where none
    was missed, or nothing is asked about it, one of the rubric's own, the same one each time."""
    by_id = {point.id: point for point in rubric.points}
    missed = sorted(
        (by_id[point.point_id] for point in points if point.level is not PointLevel.MET), key=_urgency
    )
    asked = next((point.follow_up for point in missed if point.follow_up), None)
    if asked or not rubric.follow_ups:
        return asked
    drawn = hashlib.sha256(str(submission.pk).encode()).digest()[0]
    return rubric.follow_ups[drawn % len(rubric.follow_ups)]


def _urgency(point: RubricPoint) -> tuple[bool, float]:
    return not point.required, -point.weight
