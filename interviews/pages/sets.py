"""An interviewer's sets: list, make, change, share, results."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from grader.access import may_review
from grader.models import Submission
from grader.pages.history import submission_context
from grader.pages.problem import logged_in
from interviews import services
from interviews.errors import InvalidSet
from interviews.models import Attempt, QuestionSet
from interviews.pages.set_form import SetForm, chosen_items, pickable, rows_for
from interviews.services import ItemDraft
from questionbank.models import User


def interviewer(request: HttpRequest) -> User:
    user = logged_in(request)
    if not may_review(user):
        raise PermissionDenied
    return user


def own_sets(user: User) -> QuerySet[QuestionSet]:
    return QuestionSet.objects.all() if user.is_staff else QuestionSet.objects.filter(owner=user)


@login_required
@require_safe
def sets(request: HttpRequest) -> HttpResponse:
    """Sets one has made and attempts one has begun."""
    user = logged_in(request)
    made = QuestionSet.objects.none()
    if may_review(user):
        made = own_sets(user).annotate(
            candidates=Count("attempts", distinct=True), size=Count("items", distinct=True)
        )
    attempts = Attempt.objects.filter(candidate=user).select_related("question_set")
    context = {
        "nav": "sets",
        "made": made,
        "attempts": [(attempt, services.is_open(attempt)) for attempt in attempts],
        "may_make": may_review(user),
    }
    return render(request, "interviews/sets.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    user = interviewer(request)
    form = SetForm(request.POST if request.method == "POST" else None, initial={"time_limit_minutes": 60})
    items = chosen_items(request)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_set(owner=user, items=items, **form.cleaned_data)
        except InvalidSet as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The set is ready. Share its link."))
            return redirect("set", made.pk)
    return _form_page(request, form, items, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, set_id: str) -> HttpResponse:
    question_set = get_object_or_404(own_sets(interviewer(request)), pk=set_id)
    if request.method == "POST":
        form = SetForm(request.POST)
        items = chosen_items(request)
        if form.is_valid():
            try:
                services.update_set(question_set, items=items, **form.cleaned_data)
            except InvalidSet as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Saved."))
                return redirect("set", question_set.pk)
    else:
        form = SetForm(
            initial={
                "title": question_set.title,
                "introduction": question_set.introduction,
                "time_limit_minutes": question_set.time_limit_minutes,
            }
        )
        kept = question_set.items.select_related("version__problem")
        items = [ItemDraft(item.version.problem.slug, item.weight) for item in kept]
    return _form_page(request, form, items, question_set)


def _form_page(
    request: HttpRequest, form: SetForm, items: list[ItemDraft], question_set: QuestionSet | None
) -> HttpResponse:
    problems = pickable()
    context = {
        "nav": "sets",
        "form": form,
        "question_set": question_set,
        "problems": problems,
        "rows": rows_for(items, problems),
    }
    invalid = bool(form.errors)
    return render(request, "interviews/set_form.html", context, status=400 if invalid else 200)


@login_required
@require_safe
def results(request: HttpRequest, set_id: str) -> HttpResponse:
    """The set's link and every candidate's scores."""
    question_set = get_object_or_404(own_sets(interviewer(request)), pk=set_id)
    items = list(question_set.items.select_related("version"))
    weights = sum(item.weight for item in items)
    table = services.results_table(question_set)
    context = {
        "nav": "sets",
        "question_set": question_set,
        "link": request.build_absolute_uri(reverse("shared-set", args=[question_set.share_token])),
        "items": [(item, round(100 * item.weight / weights) if weights else 0) for item in items],
        "table": [(row, services.is_open(row.attempt)) for row in table],
    }
    return render(request, "interviews/results.html", context)


@login_required
@require_POST
def close(request: HttpRequest, set_id: str) -> HttpResponse:
    """Nobody starts it any more."""
    question_set = get_object_or_404(own_sets(interviewer(request)), pk=set_id)
    services.close_set(question_set)
    return redirect("set", question_set.pk)


@login_required
@require_POST
def reopen(request: HttpRequest, set_id: str) -> HttpResponse:
    question_set = get_object_or_404(own_sets(interviewer(request)), pk=set_id)
    services.reopen_set(question_set)
    return redirect("set", question_set.pk)


@login_required
@require_safe
def handed_in(request: HttpRequest, set_id: str, submission_id: str) -> HttpResponse:
    """One answer of a candidate, for the set's owner."""
    question_set = get_object_or_404(own_sets(interviewer(request)), pk=set_id)
    rows = Submission.objects.filter(attempt_link__attempt__question_set=question_set)
    submission = get_object_or_404(rows.select_related("version__problem", "user"), pk=submission_id)
    is_open_answer = submission.version.kind == "open"
    context = submission_context(submission, interviewer(request)) | {
        "nav": "sets",
        "own": False,
        "back": reverse("set", args=[question_set.pk]),
        "review": reverse("review", args=[submission.pk]) if is_open_answer else "",
    }
    return render(request, "grader/submission.html", context)
