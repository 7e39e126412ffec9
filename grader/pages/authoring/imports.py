"""Problems brought in from a file: always tried first, and taken in when the author says so."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from grader.errors import CannotImport
from grader.importing import MAX_UPLOAD_BYTES, remove_import, run_again, start_import
from grader.pages.versions import author
from questionbank.exchange.reading import Format, Origin
from questionbank.models import ProblemImport

LISTED = 20
FORMAT_NAMES = (
    (Format.AUTO, gettext_lazy("told from the content")),
    (Format.KATTIS, gettext_lazy("problem packages")),
    (Format.HUMANEVAL, "HumanEval"),
    (Format.MBPP, "MBPP"),
    (Format.DEEPML, "Deep-ML"),
    (Format.QTI, "QTI"),
)


class ImportForm(forms.Form):
    """A file, and what a bank does not say of itself."""

    file = forms.FileField(label=gettext_lazy("File"), max_length=200)
    format = forms.ChoiceField(label=gettext_lazy("Format"), choices=FORMAT_NAMES, initial=Format.AUTO)
    license = forms.CharField(label=gettext_lazy("Licence"), max_length=200, required=False)
    attribution = forms.CharField(label=gettext_lazy("Attribution"), max_length=200, required=False)
    url = forms.CharField(label=gettext_lazy("Where it is from"), max_length=500, required=False)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    user = author(request)
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file, given = form.cleaned_data["file"], form.cleaned_data
        try:
            row = start_import(
                user=user,
                name=file.name,
                size=file.size,
                chunks=file.chunks(),
                format=Format(given["format"]),
                origin=Origin(given["license"], given["attribution"], given["url"]),
                dry_run=True,
            )
        except CannotImport as error:
            form.add_error(error.field or None, str(error))
        else:
            return redirect("import-show", row.pk)
    context = {
        "nav": "authoring",
        "form": form,
        "most_mib": MAX_UPLOAD_BYTES // 2**20,
        "imports": ProblemImport.objects.select_related("author").defer("report")[:LISTED],
    }
    return render(request, "authoring/import.html", context, status=400 if form.errors else 200)


def _row(request: HttpRequest, import_id: str) -> ProblemImport:
    author(request)
    return get_object_or_404(ProblemImport.objects.select_related("author"), pk=import_id)


@login_required
@require_safe
def show(request: HttpRequest, import_id: str) -> HttpResponse:
    row = _row(request, import_id)
    return render(request, "authoring/import_show.html", {"nav": "authoring", "row": row})


@login_required
@require_safe
def state(request: HttpRequest, import_id: str) -> HttpResponse:
    """What has become of it, for the page to ask for while a worker is at it."""
    response = render(request, "authoring/import_state.html", {"row": _row(request, import_id)})
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def run(request: HttpRequest, import_id: str) -> HttpResponse:
    row = _row(request, import_id)
    dry_run = request.POST.get("do") != "import"
    if _done(request, lambda: run_again(row, dry_run=dry_run)):
        messages.success(
            request, _("The file is read again.") if dry_run else _("The problems are taken in.")
        )
    return redirect("import-show", row.pk)


@login_required
@require_POST
def remove(request: HttpRequest, import_id: str) -> HttpResponse:
    row = _row(request, import_id)
    if not _done(request, lambda: remove_import(row)):
        return redirect("import-show", row.pk)
    messages.success(request, _("The file is gone. Drafts that were made of it stay."))
    return redirect("import")


def _done(request: HttpRequest, act: Callable[[], None]) -> bool:
    try:
        act()
    except CannotImport as error:
        messages.error(request, str(error))
        return False
    return True
