"""The sections in which a draft is written: texts, settings, tests, any file; and its history."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from grader.authoring import request_expected, request_generated
from grader.gate.generating import MAX_SEEDS
from grader.pages.authoring.settings_form import SettingsForm, with_settings
from grader.pages.authoring.shown import draft_of, draft_page, faults, saved, typed
from questionbank import drafting
from questionbank.drafting import contents_of, findings_of
from questionbank.models import ProblemDraft, User
from questionbank.packages.editing import (
    Changes,
    DraftTest,
    NotEditable,
    document,
    draft_tests,
    is_editable_path,
    is_generator,
    is_group,
    with_test,
    without_test,
    written,
)
from questionbank.packages.languages import language_of
from questionbank.packages.model import Kind

MAX_TESTS_SHOWN = 500
_HINT = re.compile(r"hints/([1-9][0-9]*)\.(?:en|zh)\.md")
_TEXTS = {
    "statement": ("statement/problem.{}.md", gettext_lazy("Statement")),
    "editorial": ("editorial.{}.md", gettext_lazy("Editorial")),
}
_LANGUAGES = (("en", gettext_lazy("English")), ("zh", gettext_lazy("Chinese")))


@dataclass(frozen=True, slots=True)
class TextField:
    """One file of Markdown on the page of texts; `field` names it in the form."""

    field: str
    label: str
    language: str
    path: str
    text: str
    faults: list[str]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def texts(request: HttpRequest, draft_id: str) -> HttpResponse:
    draft, user = draft_of(request, draft_id)
    contents = contents_of(draft)
    problem = document(contents, "problem.yaml")
    names = problem.get("name") if isinstance(problem.get("name"), dict) else {}
    refused = ""
    if request.method == "POST":
        changes: Changes = {
            path: (text if text.endswith("\n") else text + "\n").encode() if text.strip() else None
            for field, path, _label in _text_files(contents)
            if (text := typed(request, field)) or path in contents
        }
        given = {language: typed(request, f"name_{language}").strip() for language, _name in _LANGUAGES}
        if given != names:
            names = {**(names or {}), **given}
            changes["problem.yaml"] = written(problem | {"name": names})
        answer = saved(request, draft, user, changes, "draft-texts")
        if isinstance(answer, HttpResponse):
            return answer
        refused = answer
    findings = findings_of(draft)
    fields = [
        TextField(
            field=field,
            label=str(label),
            language=path.split(".")[-2],
            path=path,
            text=typed(request, field) if refused else contents.get(path, b"").decode(errors="replace"),
            faults=faults(findings, path),
        )
        for field, path, label in _text_files(contents)
    ]
    context = {
        "names": [(code, label, (names or {}).get(code, "")) for code, label in _LANGUAGES],
        "name_faults": faults(findings, "problem.yaml"),
        "pairs": list(zip(fields[::2], fields[1::2], strict=True)),
    }
    return draft_page(request, "authoring/texts.html", draft, "draft-texts", context, refused=refused)


def _text_files(contents: dict[str, bytes]) -> list[tuple[str, str, str | Promise]]:
    """(field, path, label) of every text in English and Chinese in turn, with room for one more hint."""
    hints = {int(match.group(1)) for path in contents if (match := _HINT.fullmatch(path))}
    patterns: dict[str, tuple[str, str | Promise]] = {
        name: (pattern, label) for name, (pattern, label) in _TEXTS.items()
    }
    for number in range(1, max(hints, default=0) + 2):
        patterns[f"hint_{number}"] = (f"hints/{number}.{{}}.md", _("Hint %(n)s") % {"n": number})
    return [
        (f"{name}_{language}", pattern.format(language), label)
        for name, (pattern, label) in patterns.items()
        for language, _name in _LANGUAGES
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, draft_id: str) -> HttpResponse:
    """What problem.yaml and touchstone.yaml say, but for what only their text can hold."""
    draft, user = draft_of(request, draft_id)
    contents = contents_of(draft)
    kind = draft.kind
    refused = ""
    if request.method == "POST":
        form = SettingsForm(request.POST, kind=kind)
        if form.is_valid():
            answer = saved(request, draft, user, with_settings(contents, kind, form), "draft-settings")
            if isinstance(answer, HttpResponse):
                return answer
            refused = answer
        else:
            refused = _("A field is at fault.")
    else:
        form = SettingsForm(initial=SettingsForm.read(contents), kind=kind)
    findings = findings_of(draft)
    context = {
        "form": form,
        "own": [form[name] for name in form.own_fields],
        "common": [field for field in form if field.name not in form.own_fields],
        "yaml_faults": [
            (path, fault) for path in ("problem.yaml", "touchstone.yaml") for fault in faults(findings, path)
        ],
    }
    return draft_page(request, "authoring/settings.html", draft, "draft-settings", context, refused=refused)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tests(request: HttpRequest, draft_id: str) -> HttpResponse:
    """The tests in a table; one is added, changed or removed at a time."""
    draft, user = draft_of(request, draft_id)
    contents = contents_of(draft)
    known = draft_tests(contents, draft.kind)
    generators = sorted(path for path in contents if is_generator(path))
    refused, chosen = "", (request.GET.get("group", ""), request.GET.get("name", ""))
    edited = next((test for test in known if (test.group, test.name) == chosen), None)
    if request.method == "POST":
        if request.POST.get("do") == "fill":
            request_expected(draft, user=user)
            messages.success(request, _("The reference is run. Load the page again in a moment."))
            return redirect("draft-tests", draft.pk)
        if request.POST.get("do") == "generate":
            refused = _generate(request, draft, user, generators)
            if not refused:
                messages.success(request, _("The generator is run. Load the page again in a moment."))
                return redirect("draft-tests", draft.pk)
    if request.method == "POST" and request.POST.get("do") != "generate":
        replaces = (request.POST.get("old_group", ""), request.POST.get("old_name", ""))
        edited = DraftTest(
            group=typed(request, "group").strip(),
            name=typed(request, "name").strip(),
            given=typed(request, "given"),
            expected=typed(request, "expected") or None,
        )
        try:
            if request.POST.get("do") == "remove":
                changes = without_test(contents, draft.kind, *replaces)
            else:
                old = replaces if any((one.group, one.name) == replaces for one in known) else None
                changes = with_test(contents, draft.kind, edited, old)
        except NotEditable as error:
            refused, chosen = str(error), replaces
        else:
            answer = saved(request, draft, user, changes, "draft-tests")
            if isinstance(answer, HttpResponse):
                return answer
            refused, chosen = answer, replaces
    findings = findings_of(draft)
    context: dict[str, Any] = {
        "has_tests": draft.kind in (Kind.FUNCTION, Kind.PASS_FAIL),
        "is_function": draft.kind == Kind.FUNCTION,
        "tests": known[:MAX_TESTS_SHOWN],
        "total": len(known),
        "lacking": sum(test.expected is None for test in known),
        "generators": generators,
        "most_seeds": MAX_SEEDS,
        "edited": edited,
        "old": chosen,
        "data_faults": [(one.path, one.line, one.message) for one in findings if one.path.startswith("data")],
    }
    return draft_page(request, "authoring/tests.html", draft, "draft-tests", context, refused=refused)


def _generate(request: HttpRequest, draft: ProblemDraft, user: User, generators: list[str]) -> str:
    """Asks for a generator's tests; the words of a refusal where that cannot be meant."""
    path, group = request.POST.get("generator", ""), typed(request, "into").strip()
    first, count = (request.POST.get(name, "") for name in ("first", "count"))
    if path not in generators:
        return _("Choose a generator.")
    if not is_group(group):
        return _("A group is sample, secret, or a name below one of them such as secret/large.")
    if not (first.isdecimal() and len(first) < 10 and count.isdecimal() and 0 < int(count[:3]) <= MAX_SEEDS):
        return _("Seeds are whole numbers, at most %(most)s at a time.") % {"most": MAX_SEEDS}
    request_generated(draft, user=user, path=path, group=group, first=int(first), count=int(count))
    return ""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def files(request: HttpRequest, draft_id: str) -> HttpResponse:
    """Every file of the package, and a place for another one."""
    draft, _user = draft_of(request, draft_id)
    refused = ""
    if request.method == "POST":
        path = request.POST.get("path", "").strip()
        if is_editable_path(path):
            return redirect("draft-file", draft.pk, path)
        refused = _("%(path)s is no place in a problem package.") % {"path": path[:200]}
    findings = findings_of(draft)
    listed = [(path, len(data), faults(findings, path)) for path, data in sorted(contents_of(draft).items())]
    elsewhere = [one for one in findings if one.path not in contents_of(draft)]
    context = {"listed": listed, "elsewhere": elsewhere, "given": request.POST.get("path", "")}
    return draft_page(request, "authoring/files.html", draft, "draft-files", context, refused=refused)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def file(request: HttpRequest, draft_id: str, path: str) -> HttpResponse:
    """One file as text: a solution, a starter, a document, a validator."""
    draft, user = draft_of(request, draft_id)
    contents = contents_of(draft)
    if path not in contents and not is_editable_path(path):
        raise Http404
    refused = ""
    if request.method == "POST":
        remove = request.POST.get("do") == "remove"
        changes: Changes = {path: None if remove else typed(request, "text").encode()}
        back = ("draft-files",) if remove else ("draft-file", path)
        answer = saved(request, draft, user, changes, *back)
        if isinstance(answer, HttpResponse):
            return answer
        refused = answer
    data = contents.get(path, b"")
    try:
        text: str | None = typed(request, "text") if refused else data.decode()
    except UnicodeDecodeError:
        text = None
    suffix = "." + path.rpartition(".")[2]
    context = {
        "path": path,
        "new": path not in contents,
        "text": text,
        "size": len(data),
        "language": language_of(suffix) or "",
        "is_markdown": suffix == ".md",
        "faults": faults(findings_of(draft), path),
    }
    return draft_page(request, "authoring/file.html", draft, "draft-files", context, refused=refused)


@login_required
@require_POST
def restore(request: HttpRequest, draft_id: str, number: int) -> HttpResponse:
    """All files as they were before a change."""
    draft, user = draft_of(request, draft_id)
    given = request.POST.get("revision", "")
    revision = int(given) if given.isdecimal() and len(given) < 10 else -1
    try:
        drafting.restore(draft, user=user, revision=revision, number=number)
    except drafting.InvalidDraft as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Restored. What was there since is in the history."))
    return redirect("draft-history", draft.pk)


@login_required
@require_safe
def history(request: HttpRequest, draft_id: str) -> HttpResponse:
    """Who changed what, newest first."""
    draft, _user = draft_of(request, draft_id)
    rows = draft.revisions.select_related("author")
    page = Paginator(rows, 10).get_page(request.GET.get("page"))
    return draft_page(request, "authoring/history.html", draft, "draft-history", {"page": page})
