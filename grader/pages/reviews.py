"""Open answers that wait for a reviewer, and the page where one is marked point by point."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from grader.access import may_review, reviewable_submissions
from grader.errors import CannotMark
from grader.models import PointMark, Submission
from grader.pages.problem import logged_in
from grader.pages.wording import LEVEL_WORDS
from grader.services import mark_points
from grader.verdict import FINAL_STAGES, Stage
from questionbank.models import User
from questionbank.packages.model import Package
from questionbank.pages.words import localised
from questionbank.services import package_of

PAGE_SIZE = 40
MAX_COMMENT = 2000


def reviewer(request: HttpRequest) -> User:
    user = logged_in(request)
    if not may_review(user):
        raise PermissionDenied
    return user


@login_required
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Oldest first, so that nobody waits for ever; `?done=1` lists what was marked, newest first."""
    rows = reviewable_submissions(reviewer(request)).defer("source")
    done = request.GET.get("done") == "1"
    if done:
        rows = rows.filter(stage=Stage.DONE).order_by("-finished_at")
    else:
        rows = rows.filter(stage=Stage.AWAITING_REVIEW).order_by("created_at")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "grader/review_queue.html", {"nav": "review", "page": page, "done": done})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, submission_id: str) -> HttpResponse:
    user = reviewer(request)
    rows = reviewable_submissions(user).filter(stage__in=FINAL_STAGES)
    submission = get_object_or_404(rows, pk=submission_id)
    package = package_of(submission.version)
    if request.method == "POST":
        marks = marks_in(request, package)
        try:
            mark_points(reviewer=user, submission=submission, marks=marks)
        except CannotMark as error:
            messages.error(request, str(error))
            return redirect("review", submission.pk)
        left = len(points_of(package)) - submission.marks.count()
        if left:
            text = ngettext("Kept. %(n)s point is left.", "Kept. %(n)s points are left.", left)
            messages.info(request, text % {"n": left})
            return redirect("review", submission.pk)
        messages.success(request, _("Marked: %(score)s of 100.") % {"score": round(submission.score or 0)})
        return redirect("review-queue")
    return render(request, "grader/review.html", {"nav": "review"} | review_context(submission, package))


def points_of(package: Package) -> tuple[str, ...]:
    return tuple(point.id for point in package.open.points) if package.open else ()


def marks_in(request: HttpRequest, package: Package) -> dict[str, tuple[str, str]]:
    """Point id to (level, comment), for the points whose level was chosen."""
    return {
        point: (
            request.POST[f"level-{point}"],
            request.POST.get(f"comment-{point}", "").strip()[:MAX_COMMENT],
        )
        for point in points_of(package)
        if request.POST.get(f"level-{point}")
    }


def review_context(submission: Submission, package: Package) -> dict[str, object]:
    marks = {mark.point_id: mark for mark in submission.marks.select_related("reviewer")}
    rubric = package.open
    points = []
    for point in rubric.points if rubric else ():
        mark: PointMark | None = marks.get(point.id)
        points.append(
            {
                "id": point.id,
                "percent": round(100 * point.weight),
                "required": point.required,
                "statement": localised(point.statement),
                "level": mark.level if mark else "",
                "comment": mark.comment if mark else "",
                "reviewer": mark.reviewer.get_username() if mark else "",
            }
        )
    return {
        "submission": submission,
        "package": package,
        "points": points,
        "levels": [(value, LEVEL_WORDS[value]) for value in PointMark.Level.values],
        "model_answer": localised(rubric.model_answer) if rubric else "",
        "follow_ups": [localised(text) for text in rubric.follow_ups] if rubric else [],
    }
