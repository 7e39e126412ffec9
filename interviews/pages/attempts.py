"""Taking a set: the shared link, the problems under the clock, the end."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from grader.errors import AnswerRefused
from grader.pages.panels import panel_response
from grader.pages.problem import logged_in
from grader.pages.sending import SubmitRate, answer_of, refusal, too_fast
from grader.pages.wording import VERDICT_WORDS
from grader.pages.workbench import Addresses, workbench
from interviews import services
from interviews.errors import AttemptClosed
from interviews.models import Attempt, QuestionSet, SetItem


def own_attempt(request: HttpRequest, attempt_id: str) -> Attempt:
    rows = Attempt.objects.select_related("question_set", "candidate").filter(candidate=logged_in(request))
    return get_object_or_404(rows, pk=attempt_id)


def item_at(attempt: Attempt, position: int) -> SetItem:
    rows = attempt.question_set.items.select_related("version__problem")
    return get_object_or_404(rows, position=position - 1)


def seconds_left(attempt: Attempt) -> int:
    if attempt.finished_at is not None:
        return 0
    return max(0, int((attempt.deadline - timezone.now()).total_seconds()))


@require_safe
def shared(request: HttpRequest, share_token: str) -> HttpResponse:
    """What the shared link opens: the introduction and the button that starts the clock."""
    question_set = get_object_or_404(QuestionSet.objects.select_related("owner"), share_token=share_token)
    user = request.user
    if user.is_authenticated:
        attempt = question_set.attempts.filter(candidate=user).first()
        if attempt is not None:
            return redirect("attempt", attempt.pk)
    context = {"nav": "sets", "question_set": question_set, "size": question_set.items.count()}
    return render(request, "interviews/shared.html", context)


@login_required
@require_POST
def start(request: HttpRequest, share_token: str) -> HttpResponse:
    question_set = get_object_or_404(QuestionSet, share_token=share_token)
    try:
        attempt = services.start_attempt(question_set=question_set, candidate=logged_in(request))
    except AttemptClosed:
        # The page itself says that the set is closed.
        return redirect("shared-set", share_token)
    return redirect("attempt", attempt.pk)


@login_required
@require_safe
def attempt(request: HttpRequest, attempt_id: str) -> HttpResponse:
    """The list of problems while the clock runs; afterwards one's own result."""
    found = own_attempt(request, attempt_id)
    row = services.results_of(found)
    context = {
        "nav": "sets",
        "attempt": found,
        "open": services.is_open(found),
        "seconds_left": seconds_left(found),
        "row": row,
        "cells": [(cell, str(VERDICT_WORDS.get(cell.verdict, ""))) for cell in row.cells],
    }
    return render(request, "interviews/attempt.html", context)


@login_required
@require_safe
def item(request: HttpRequest, attempt_id: str, position: int) -> HttpResponse:
    """One problem of a running attempt: no hints, no editorial."""
    found = own_attempt(request, attempt_id)
    if not services.is_open(found):
        return redirect("attempt", found.pk)
    chosen = item_at(found, position)
    slug = chosen.version.problem.slug
    addresses = Addresses(
        submit=reverse("attempt-submit", args=[found.pk, position]),
        run=reverse("version-run", args=[chosen.version_id]),
        draft=reverse("problem-draft", args=[slug]),
    )
    answered = set(found.submissions.values_list("item_id", flat=True))
    places = [(one.position + 1, one.pk in answered) for one in found.question_set.items.all()]
    context = workbench(request, chosen.version, addresses, alone=False) | {
        "nav": "sets",
        "attempt": found,
        "position": position,
        "places": places,
        "seconds_left": seconds_left(found),
    }
    return render(request, "interviews/item.html", context)


@login_required
@require_POST
def submit(request: HttpRequest, attempt_id: str, position: int) -> HttpResponse:
    refused = too_fast(request, SubmitRate)
    if refused:
        return refused
    found = own_attempt(request, attempt_id)
    language, source = answer_of(request)
    try:
        submission = services.submit_in_attempt(
            attempt=found, item=item_at(found, position), language=language, source=source
        )
    except (AttemptClosed, AnswerRefused) as error:
        return refusal(request, str(error))
    if not request.headers.get("HX-Request"):
        return redirect("attempt-item", found.pk, position)
    return panel_response(request, submission)


@login_required
@require_POST
def finish(request: HttpRequest, attempt_id: str) -> HttpResponse:
    found = own_attempt(request, attempt_id)
    services.finish_attempt(found)
    return redirect("attempt", found.pk)
