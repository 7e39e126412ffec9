"""The page of one problem and what its form sends: drafts, runs, submissions, giving up."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from grader import runs, services
from grader.access import is_being_asked
from grader.errors import AnswerRefused, RunUnknown, StaleDraft
from grader.pages.panels import panel_response, run_panel
from grader.pages.sending import RunRate, SubmitRate, answer_of, refusal, too_fast
from grader.pages.workbench import GAVE_UP, Addresses, workbench
from questionbank.models import Problem, ProblemVersion, User


def current_version(slug: str) -> ProblemVersion:
    problem = get_object_or_404(Problem.objects.select_related("current__problem"), slug=slug)
    if problem.current is None:
        raise Http404
    return problem.current


def logged_in(request: HttpRequest) -> User:
    """For views behind `login_required`."""
    if not isinstance(request.user, User):
        raise TypeError("only for people who are logged in")
    return request.user


@require_safe
def problem(request: HttpRequest, slug: str) -> HttpResponse:
    version = current_version(slug)
    addresses = Addresses(
        submit=reverse("problem-submit", args=[slug]),
        run=reverse("version-run", args=[version.pk]),
        draft=reverse("problem-draft", args=[slug]),
        give_up=reverse("problem-give-up", args=[slug]),
    )
    asked = isinstance(request.user, User) and is_being_asked(request.user, version.problem)
    shown = workbench(request, version, addresses, alone=not asked)
    return render(request, "grader/problem.html", {"nav": "problems", "asked": asked} | shown)


@login_required
@require_POST
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    refused = too_fast(request, SubmitRate)
    if refused:
        return refused
    language, source = answer_of(request)
    try:
        submission = services.submit(
            user=logged_in(request), version=current_version(slug), language=language, source=source
        )
    except AnswerRefused as error:
        return refusal(request, str(error))
    if not request.headers.get("HX-Request"):
        return redirect("submission", submission.pk)
    return panel_response(request, submission)


@login_required
@require_POST
def run(request: HttpRequest, version_id: int) -> HttpResponse:
    """Runs the samples, or the own input where the form sends one, on the version that the page shows."""
    refused = too_fast(request, RunRate)
    if refused:
        return refused
    version = get_object_or_404(ProblemVersion.objects.select_related("problem"), pk=version_id)
    language, source = answer_of(request)
    own_input = request.POST.get("own_input")
    try:
        run_id = runs.start_run(
            user=logged_in(request),
            version=version,
            language=language,
            source=source,
            own_input=own_input.replace("\r\n", "\n") if own_input is not None else None,
        )
    except AnswerRefused as error:
        return refusal(request, str(error))
    return render(request, "grader/run.html", {"panel": run_panel(run_id, None)})


@login_required
@require_safe
def run_state(request: HttpRequest, run_id: str) -> HttpResponse:
    try:
        result = runs.run_result(run_id, user=logged_in(request))
    except RunUnknown as error:
        raise Http404(str(error)) from error
    panel = run_panel(run_id, result)
    response = render(request, "grader/run.html", {"panel": panel})
    response["X-Judging"] = "over" if panel["over"] else "on"
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def draft(request: HttpRequest, slug: str) -> HttpResponse:
    """Keeps the unsent text; 409 where another window has saved a newer one."""
    version = current_version(slug)
    language = request.POST.get("language", "")
    revision = request.POST.get("revision", "")
    if language not in version.languages or not revision.isdecimal():
        return JsonResponse({"message": _("This draft cannot be kept.")}, status=400)
    try:
        saved = services.save_draft(
            user=logged_in(request),
            problem=version.problem,
            language=language,
            source=request.POST.get("source", "").replace("\r\n", "\n"),
            revision=int(revision),
        )
    except StaleDraft as error:
        return JsonResponse({"message": str(error)}, status=409)
    except AnswerRefused as error:
        return JsonResponse({"message": str(error)}, status=400)
    return JsonResponse({"revision": saved})


@login_required
@require_POST
def give_up(request: HttpRequest, slug: str) -> HttpResponse:
    """Opens the editorial to someone who has not solved the problem."""
    version = current_version(slug)
    if is_being_asked(logged_in(request), version.problem):
        messages.error(request, _("While a question set asks you this problem, its editorial stays closed."))
        return redirect("problem", slug)
    gave_up = request.session.get(GAVE_UP, [])
    if slug not in gave_up:
        request.session[GAVE_UP] = [*gave_up, slug]
    return redirect(reverse("problem", args=[slug]) + "?tab=editorial")
