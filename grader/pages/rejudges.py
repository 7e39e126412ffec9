"""One rejudge: each candidate's verdict before and after; apply it, cancel it, try failures again."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from grader.errors import CannotRejudge
from grader.lacks import sentence
from grader.models import Rejudge, RejudgedAnswer
from grader.pages.versions import author
from grader.pages.wording import TROUBLE_WORDS, VERDICT_WORDS
from grader.rejudging import apply_rejudge, cancel_rejudge, progress_of, retry_failed
from questionbank.models import User

PAGE_SIZE = 100


@login_required
@require_safe
def rejudge(request: HttpRequest, rejudge_id: str) -> HttpResponse:
    author(request)
    rows = Rejudge.objects.select_related("problem", "source", "target", "started_by", "closed_by")
    found = get_object_or_404(rows, pk=rejudge_id)
    answers = found.answers.select_related("submission__user").defer("before", "after", "submission__source")
    shown = request.GET.get("show", "")
    if shown == "changed":
        answers = answers.filter(changed=True)
    elif shown == "failed":
        answers = answers.filter(state=RejudgedAnswer.State.FAILED)
    else:
        shown = ""
    page = Paginator(answers.order_by("submission__user__username", "pk"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {
        "nav": "authoring",
        "rejudge": found,
        "progress": progress_of(found),
        "open": found.state == Rejudge.State.OPEN,
        "page": page,
        "show": shown,
        "listed": [
            (row, _word(row.verdict_before), _word(row.verdict_after), _trouble(row.problem)) for row in page
        ],
    }
    return render(request, "grader/rejudge.html", context)


def _trouble(problem: str) -> str:
    """Why an answer could not be judged again, in words."""
    if not problem:
        return ""
    return str(TROUBLE_WORDS[problem]) if problem in TROUBLE_WORDS else sentence(problem)


def _word(verdict: str) -> str:
    return str(VERDICT_WORDS.get(verdict, "–"))


@login_required
@require_POST
def apply(request: HttpRequest, rejudge_id: str) -> HttpResponse:
    return _act(request, rejudge_id, _apply)


@login_required
@require_POST
def cancel(request: HttpRequest, rejudge_id: str) -> HttpResponse:
    return _act(request, rejudge_id, _cancel)


@login_required
@require_POST
def retry(request: HttpRequest, rejudge_id: str) -> HttpResponse:
    return _act(request, rejudge_id, _retry)


def _act(request: HttpRequest, rejudge_id: str, act: Callable[[Rejudge, User], str]) -> HttpResponse:
    user = author(request)
    found = get_object_or_404(Rejudge, pk=rejudge_id)
    try:
        messages.success(request, act(found, user))
    except CannotRejudge as error:
        messages.error(request, str(error))
    return redirect("rejudge", found.pk)


def _apply(rejudge: Rejudge, user: User) -> str:
    apply_rejudge(rejudge, user=user)
    return _("Applied. Whoever has another result now is told so.")


def _cancel(rejudge: Rejudge, user: User) -> str:
    cancel_rejudge(rejudge, user=user)
    return _("Cancelled. Every answer keeps its verdict.")


def _retry(rejudge: Rejudge, user: User) -> str:
    number = retry_failed(rejudge)
    return ngettext("%(n)s answer is tried again.", "%(n)s answers are tried again.", number) % {"n": number}
