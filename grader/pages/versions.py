"""A problem's versions, for authors: what changed from one to the next, which answers are judged again."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from grader.errors import CannotRejudge
from grader.models import Rejudge
from grader.pages.problem import logged_in
from grader.rejudging import MAX_NOTE, start_rejudge
from grader.verdict import Stage
from questionbank.access import may_author
from questionbank.models import Problem, ProblemVersion, User
from questionbank.packages.comparing import compare_files, compare_tests
from questionbank.packages.model import Kind
from questionbank.services import files_of, package_of

NOTHING = "nothing"


def author(request: HttpRequest) -> User:
    user = logged_in(request)
    if not may_author(user):
        raise PermissionDenied
    return user


@login_required
@require_safe
def versions(request: HttpRequest, slug: str) -> HttpResponse:
    author(request)
    return _versions_page(request, slug)


def _versions_page(request: HttpRequest, slug: str, refused: str = "") -> HttpResponse:
    problem = get_object_or_404(Problem.objects.select_related("current"), slug=slug)
    judged = Count("submissions", filter=Q(submissions__stage=Stage.DONE))
    listed = list(problem.versions.annotate(judged=judged).order_by("-number"))
    rejudges = problem.rejudges.select_related("source", "target", "started_by").defer(
        "source__search_text", "target__search_text"
    )
    older = [one for one in listed if one.pk != problem.current_id and one.judged]
    chosen = request.POST or {
        "source": str((older or listed)[0].number) if listed else "",
        "target": str(problem.current.number) if problem.current else "",
    }
    context = {
        "nav": "authoring",
        "problem": problem,
        "versions": listed,
        "rejudges": rejudges,
        "open": any(rejudge.state == Rejudge.State.OPEN for rejudge in rejudges),
        "may_rejudge": any(one.judged for one in listed) and all(one.kind != Kind.OPEN for one in listed),
        "source": chosen["source"],
        "target": chosen["target"],
        "refused": refused,
        "max_note": MAX_NOTE,
    }
    return render(request, "grader/versions.html", context, status=400 if refused else 200)


@login_required
@require_safe
def difference(request: HttpRequest, slug: str, old: int, new: int) -> HttpResponse:
    """What of files and tests is another in version `new`."""
    author(request)
    before, after = _version(slug, str(old)), _version(slug, str(new))
    context = {
        "nav": "authoring",
        "problem": after.problem,
        "old": before,
        "new": after,
        "files": compare_files(files_of(before), files_of(after)),
        "tests": compare_tests(package_of(before), package_of(after)),
    }
    return render(request, "grader/version_difference.html", context)


@login_required
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Begins a rejudge, or keeps every verdict as it is."""
    user = author(request)
    if request.POST.get("scope") == NOTHING:
        messages.success(request, _("Every answer keeps its verdict."))
        return redirect("versions", slug)
    source = _version(slug, request.POST.get("source", ""))
    target = _version(slug, request.POST.get("target", ""))
    scope, note = request.POST.get("scope", ""), request.POST.get("note", "")
    try:
        rejudge = start_rejudge(user=user, source=source, target=target, scope=scope, note=note)
    except CannotRejudge as error:
        return _versions_page(request, slug, str(error))
    return redirect("rejudge", rejudge.pk)


def _version(slug: str, number: str) -> ProblemVersion:
    rows = ProblemVersion.objects.select_related("problem").filter(problem__slug=slug)
    known = number.isdecimal() and len(number) < 10
    return get_object_or_404(rows, number=int(number) if known else 0)
