"""Open answers that wait for a reviewer, and the page where one is confirmed or marked point by point."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from grader.access import may_review, reviewable_submissions, waiting_for_review
from grader.errors import CannotMark
from grader.feedback import grade_of
from grader.marking import mark_points
from grader.models import Grade, PointMark, RegradeRequest, Submission
from grader.pages.highlighting import pieces_of
from grader.pages.problem import logged_in
from grader.pages.wording import (
    DOUBT_WORDS,
    FLAG_WORDS,
    JUDGE_WORDS,
    LEVEL_CLASSES,
    LEVEL_WORDS,
    OBJECTION_WORDS,
)
from grader.verdict import FINAL_STAGES, Stage
from questionbank.models import User
from questionbank.packages.model import Package, PointLevel, RubricPoint
from questionbank.pages.words import localised
from questionbank.services import package_of

PAGE_SIZE = 40
MAX_COMMENT = 2000
_MET_FROM, _PARTLY_FROM = 0.67, 0.33
"""Where a probability leans to, when the grader was not sure enough to say."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A rubric point before its reviewer: what the grader said of it, and the mark that is offered.

    `graded` is empty where the machine has said nothing; `percent` and `probability` are of 100.
    """

    number: int
    id: str
    percent: int
    required: bool
    statement: str
    graded: str
    graded_word: str
    graded_verdict: str
    probability: int
    quote: str
    opinion: str
    level: str
    comment: str
    reviewer: str


def reviewer(request: HttpRequest) -> User:
    user = logged_in(request)
    if not may_review(user):
        raise PermissionDenied
    return user


@login_required
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Oldest first, so that nobody waits for ever; `?done=1` lists what was marked, newest first."""
    rows = reviewable_submissions(reviewer(request)).defer("source").select_related("grade", "regrade")
    done = request.GET.get("done") == "1"
    if done:
        rows = rows.filter(stage=Stage.DONE).exclude(marks=None).distinct().order_by("-finished_at")
    else:
        rows = waiting_for_review(rows).order_by("created_at", "pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    listed = [(row, why_waiting(row), getattr(row, "grade", None)) for row in page]
    context = {"nav": "review", "page": page, "done": done, "listed": listed}
    return render(request, "grader/review_queue.html", context)


def why_waiting(submission: Submission) -> str:
    """Why a person should look, in a few words."""
    regrade: RegradeRequest | None = getattr(submission, "regrade", None)
    grade: Grade | None = getattr(submission, "grade", None)
    if regrade and regrade.answered_at is None:
        return _("Asked for by the candidate")
    if submission.stage == Stage.AWAITING_REVIEW:
        if grade is None:
            return _("Not graded")
        reasons = [str(DOUBT_WORDS.get(doubt, doubt)) for doubt in grade.doubts]
        return _("Provisional: %(reasons)s") % {"reasons": "; ".join(reasons)}
    return _("Audit: published, drawn by chance") if grade and grade.audited else ""


@login_required
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Opens the answer that has waited longest."""
    first = next_waiting(reviewer(request))
    return redirect("review", first.pk) if first else redirect("review-queue")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, submission_id: str) -> HttpResponse:
    """One answer. Saving a full set of marks opens the next one that waits."""
    user = reviewer(request)
    rows = reviewable_submissions(user).filter(stage__in=FINAL_STAGES)
    submission = get_object_or_404(rows, pk=submission_id)
    package = package_of(submission.version)
    following = next_waiting(user, after=submission)
    context: dict[str, object] = {"nav": "review", "following": following}
    if request.method == "POST":
        marks = marks_in(request, package)
        try:
            mark_points(reviewer=user, submission=submission, marks=marks)
        except CannotMark as error:
            messages.error(request, str(error))
            context |= review_context(submission, package, offered=marks)
            return render(request, "grader/review.html", context, status=400)
        return _saved(request, submission, package, following)
    return render(request, "grader/review.html", context | review_context(submission, package))


def _saved(
    request: HttpRequest, submission: Submission, package: Package, following: Submission | None
) -> HttpResponse:
    left = len(points_of(package)) - submission.marks.count()
    if left:
        text = ngettext("Kept. %(n)s point is left.", "Kept. %(n)s points are left.", left)
        messages.info(request, text % {"n": left})
        return redirect("review", submission.pk)
    messages.success(request, _("Marked: %(score)s of 100.") % {"score": round(submission.score or 0)})
    return redirect("review", following.pk) if following else redirect("review-queue")


def next_waiting(user: User, after: Submission | None = None) -> Submission | None:
    """The next answer in the queue; behind its end, its beginning."""
    rows = waiting_for_review(reviewable_submissions(user)).defer("source").order_by("created_at", "pk")
    if after is None:
        return rows.first()
    rows = rows.exclude(pk=after.pk)
    return rows.filter(created_at__gte=after.created_at).first() or rows.first()


def points_of(package: Package) -> tuple[RubricPoint, ...]:
    return package.open.points if package.open else ()


def marks_in(request: HttpRequest, package: Package) -> dict[str, tuple[str, str]]:
    """Point id to (level, comment), for the points whose level was chosen."""
    return {
        point.id: (
            request.POST[f"level-{point.id}"],
            request.POST.get(f"comment-{point.id}", "").strip()[:MAX_COMMENT],
        )
        for point in points_of(package)
        if request.POST.get(f"level-{point.id}")
    }


def review_context(
    submission: Submission, package: Package, offered: dict[str, tuple[str, str]] | None = None
) -> dict[str, object]:
    """What `grader/review.html` shows; `offered` are marks that were refused, to be mended."""
    rubric = package.open
    grade = grade_of(submission)
    marks = {mark.point_id: mark for mark in submission.marks.select_related("reviewer")}
    points = [
        _reviewed(number, point, submission, grade, marks.get(point.id), (offered or {}).get(point.id))
        for number, point in enumerate(points_of(package), start=1)
    ]
    places = {found["point_id"]: (found["start"], found["end"]) for found in grade.points} if grade else {}
    return {
        "submission": submission,
        "package": package,
        "grade": grade,
        "interval": (round(100 * grade.low), round(100 * grade.high), round(100 * grade.score))
        if grade
        else None,
        "why": why_waiting(submission),
        "judged": _judged(grade) if grade else None,
        "flags": [str(FLAG_WORDS.get(flag, flag)) for flag in grade.flags] if grade else [],
        "regrade": RegradeRequest.objects.filter(submission=submission).first(),
        "pieces": pieces_of(
            submission.source, {point.number: places.get(point.id, (None, None)) for point in points}
        ),
        "points": points,
        "levels": [
            (key, value, LEVEL_WORDS[value]) for key, value in enumerate(PointMark.Level.values, start=1)
        ],
        "model_answer": localised(rubric.model_answer) if rubric else "",
        "follow_ups": [localised(text) for text in rubric.follow_ups] if rubric else [],
    }


def _judged(grade: Grade) -> tuple[int, list[str]] | None:
    """The language model's score of 100 and why it does not confirm the grade; None where none was asked."""
    if not grade.opinion:
        return None
    objections = [str(OBJECTION_WORDS.get(one, one)) for one in grade.opinion["objections"]]
    return round(100 * grade.opinion["scores"][0]), objections


def _reviewed(
    number: int,
    point: RubricPoint,
    submission: Submission,
    grade: Grade | None,
    mark: PointMark | None,
    offered: tuple[str, str] | None,
) -> Reviewed:
    found = next((one for one in (grade.points if grade else []) if one["point_id"] == point.id), None)
    said = next(
        (
            one
            for one in (grade.opinion["points"] if grade and grade.opinion else [])
            if one["point_id"] == point.id
        ),
        None,
    )
    if offered:
        level, comment = offered
    elif mark:
        level, comment = mark.level, mark.comment
    else:
        level, comment = (leaning(found["level"], found["probability"]) if found else ""), ""
    return Reviewed(
        number=number,
        id=point.id,
        percent=round(100 * point.weight),
        required=point.required,
        statement=localised(point.statement),
        graded=found["level"] if found else "",
        graded_word=str(LEVEL_WORDS[found["level"]]) if found else "",
        graded_verdict=LEVEL_CLASSES[found["level"]] if found else "",
        probability=round(100 * found["probability"]) if found else 0,
        quote=submission.source[found["start"] : found["end"]]
        if found and found["start"] is not None
        else "",
        opinion=f"{JUDGE_WORDS[said['verdict']]}: {said['reason']}" if said else "",
        level=level,
        comment=comment,
        reviewer=mark.reviewer.get_username() if mark else "",
    )


def leaning(level: str, probability: float) -> str:
    """The mark that is offered: what the grader said, or where it leans to where it was unsure."""
    if level != PointLevel.UNSURE:
        return level
    if probability >= _MET_FROM:
        return PointLevel.MET
    return PointLevel.PARTLY if probability >= _PARTLY_FROM else PointLevel.NOT_MET
