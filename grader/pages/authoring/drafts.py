"""Drafts: the list, a draft's overview with the gate's report, and its way through review to publication."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from grader.authoring import request_proof
from grader.pages.authoring.shown import draft_of, draft_page
from grader.pages.problem import current_version
from grader.pages.versions import author
from questionbank import drafting
from questionbank.drafting import InvalidDraft, may_decide
from questionbank.markup import render as render_markdown
from questionbank.models import Problem, ProblemDraft, ProblemVersion
from questionbank.packages.comparing import compare_files
from questionbank.packages.editing import MAX_FILE_BYTES
from questionbank.packages.files import Files
from questionbank.pages.words import KIND_NAMES
from questionbank.services import files_of


@login_required
@require_safe
def drafts(request: HttpRequest) -> HttpResponse:
    author(request)
    return _list_page(request)


def _list_page(request: HttpRequest, refused: InvalidDraft | None = None) -> HttpResponse:
    rows = ProblemDraft.objects.select_related("author", "version__problem").defer("proof")
    context = {
        "nav": "authoring",
        "open": rows.exclude(state=ProblemDraft.State.PUBLISHED),
        "published": Problem.objects.filter(current__isnull=False).select_related("current").order_by("slug"),
        "kinds": KIND_NAMES.items(),
        "given": request.POST,
        "refused": refused,
    }
    return render(request, "authoring/drafts.html", context, status=400 if refused else 200)


@login_required
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    user = author(request)
    given = request.POST
    names = {language: given.get(f"name_{language}", "").strip()[:200] for language in ("en", "zh")}
    try:
        draft = drafting.create_draft(
            user=user, slug=given.get("slug", ""), kind=given.get("kind", ""), names=names
        )
    except InvalidDraft as error:
        return _list_page(request, error)
    return redirect("draft", draft.pk)


@login_required
@require_POST
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """A draft of a published problem's next version, the one that is open where there is one."""
    user = author(request)
    version = current_version(slug)
    try:
        draft = drafting.draft_from(version, user=user)
    except InvalidDraft:
        rows = ProblemDraft.objects.exclude(state=ProblemDraft.State.PUBLISHED)
        draft = get_object_or_404(rows, slug=slug)
    return redirect("draft", draft.pk)


@login_required
@require_safe
def overview(request: HttpRequest, draft_id: str) -> HttpResponse:
    draft, user = draft_of(request, draft_id)
    context = _standing(draft) | {
        "may_decide": may_decide(draft, user),
        "wrote": draft.author_id == user.pk or draft.revisions.filter(author=user).exists(),
        "files": _changes_to_review(draft),
        "current": _current(draft),
        "max_comment": drafting.MAX_COMMENT,
    }
    return draft_page(request, "authoring/overview.html", draft, "draft", context)


@login_required
@require_safe
def standing(request: HttpRequest, draft_id: str) -> HttpResponse:
    """The gate's report alone, for the page to ask for while a worker is at it."""
    draft, _user = draft_of(request, draft_id)
    response = render(request, "authoring/standing.html", {"draft": draft} | _standing(draft))
    response["Cache-Control"] = "no-store"
    return response


def _standing(draft: ProblemDraft) -> dict[str, Any]:
    return {
        "proof": draft.proof,
        "proof_is_current": draft.proof_hash == draft.content_hash,
        "proven": drafting.is_proven(draft),
    }


def _changes_to_review(draft: ProblemDraft) -> Any:
    """What a reviewer reads: every difference from the version that is published now."""
    if draft.state != ProblemDraft.State.IN_REVIEW:
        return None
    before = Files({})
    current = _current(draft)
    if current is not None:
        before = files_of(current)
    return compare_files(before, Files(drafting.contents_of(draft)))


def _current(draft: ProblemDraft) -> ProblemVersion | None:
    problem = Problem.objects.select_related("current").filter(slug=draft.slug).first()
    return problem.current if problem else None


@login_required
@require_POST
def prove(request: HttpRequest, draft_id: str) -> HttpResponse:
    draft, _user = draft_of(request, draft_id)
    request_proof(draft)
    return redirect("draft", draft.pk)


@login_required
@require_POST
def submit(request: HttpRequest, draft_id: str) -> HttpResponse:
    draft, _user = draft_of(request, draft_id)
    try:
        drafting.ask_for_review(draft)
    except InvalidDraft as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("In review. Another author reads it and publishes it."))
    return redirect("draft", draft.pk)


@login_required
@require_POST
def send_back(request: HttpRequest, draft_id: str) -> HttpResponse:
    draft, user = draft_of(request, draft_id)
    try:
        drafting.send_back(draft, user=user, comment=request.POST.get("comment", ""))
    except InvalidDraft as error:
        messages.error(request, str(error))
    return redirect("draft", draft.pk)


@login_required
@require_POST
def publish(request: HttpRequest, draft_id: str) -> HttpResponse:
    draft, user = draft_of(request, draft_id)
    try:
        version = drafting.publish_draft(draft, user=user)
    except InvalidDraft as error:
        messages.error(request, str(error))
        return redirect("draft", draft.pk)
    messages.success(request, _("Published. Answers to earlier versions keep their verdicts."))
    return redirect("versions", version.problem.slug)


@login_required
@require_POST
def discard(request: HttpRequest, draft_id: str) -> HttpResponse:
    draft, _user = draft_of(request, draft_id)
    try:
        drafting.discard_draft(draft)
    except InvalidDraft as error:
        messages.error(request, str(error))
        return redirect("draft", draft.pk)
    messages.success(request, _("The draft is gone."))
    return redirect("drafts")


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """Markdown as the problem's page will show it."""
    author(request)
    text = request.POST.get("text", "")[:MAX_FILE_BYTES]
    return render(request, "authoring/preview.html", {"html": render_markdown(text)})
