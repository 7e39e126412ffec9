"""What every page of a draft shows: where it stands, its sections, and what the reader finds at fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grader.pages.versions import author
from questionbank.drafting import InvalidDraft, findings_of, save_files
from questionbank.models import ProblemDraft, User
from questionbank.packages.editing import Changes
from questionbank.packages.errors import Finding

SECTIONS = (
    ("draft", gettext_lazy("Overview")),
    ("draft-texts", gettext_lazy("Texts")),
    ("draft-settings", gettext_lazy("Settings")),
    ("draft-tests", gettext_lazy("Tests")),
    ("draft-files", gettext_lazy("Files")),
    ("draft-history", gettext_lazy("History")),
)


def draft_of(request: HttpRequest, draft_id: str) -> tuple[ProblemDraft, User]:
    """The draft, for those who may write the bank."""
    user = author(request)
    rows = ProblemDraft.objects.select_related("author", "reviewer", "based_on", "version__problem")
    return get_object_or_404(rows, pk=draft_id), user


def faults(findings: tuple[Finding, ...], path: str) -> list[str]:
    """What is at fault with one file, to stand beside it."""
    return [_said(one) for one in findings if one.path == path]


def _said(one: Finding) -> str:
    if one.line is None:
        return one.message
    return _("Line %(n)s: %(said)s") % {"n": one.line, "said": one.message}


def draft_page(
    request: HttpRequest,
    template: str,
    draft: ProblemDraft,
    section: str,
    context: Mapping[str, Any],
    *,
    refused: str = "",
) -> HttpResponse:
    shown = {
        "nav": "authoring",
        "draft": draft,
        "section": section,
        "sections": SECTIONS,
        "editable": draft.state == ProblemDraft.State.DRAFT,
        "findings": findings_of(draft),
        "refused": refused,
    }
    return render(request, template, shown | dict(context), status=400 if refused else 200)


def saved(
    request: HttpRequest, draft: ProblemDraft, user: User, changes: Changes, back: str, *arguments: object
) -> HttpResponse | str:
    """Saves what a form of the draft sent and goes back; the words of a refusal where it may not be."""
    given = request.POST.get("revision", "")
    revision = int(given) if given.isdecimal() and len(given) < 10 else -1
    try:
        save_files(draft, user=user, revision=revision, changes=changes)
    except InvalidDraft as error:
        return str(error)
    messages.success(request, _("Saved."))
    return redirect(back, draft.pk, *arguments)


def typed(request: HttpRequest, name: str) -> str:
    """A field's text with the line ends of files."""
    return request.POST.get(name, "").replace("\r\n", "\n")
