"""A published version as a file of each format; what the format cannot hold is shown before."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from grader.pages.authoring.imports import FORMAT_NAMES
from grader.pages.versions import author
from questionbank.exchange.drafts import Refused
from questionbank.exchange.exporting import export
from questionbank.exchange.reading import Format
from questionbank.models import ProblemVersion
from questionbank.services import folder_of_version


@login_required
@require_safe
def export_version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    author(request)
    rows = ProblemVersion.objects.select_related("problem")
    version = get_object_or_404(rows, problem__slug=slug, number=number)
    wanted = request.GET.get("to", "")
    found = export(folder_of_version(version), Format(wanted), slug=slug) if wanted in set(Format) else None
    if found is not None and not isinstance(found, Refused) and "download" in request.GET:
        response = HttpResponse(found.data, content_type="application/octet-stream")
        response["Content-Disposition"] = f'attachment; filename="{found.name}"'
        return response
    refused = isinstance(found, Refused)
    context = {
        "nav": "authoring",
        "version": version,
        "formats": FORMAT_NAMES,
        "wanted": wanted,
        "found": found,
        "refused": refused,
        "told": () if found is None else found.findings if isinstance(found, Refused) else found.lost,
    }
    return render(request, "grader/export.html", context, status=400 if refused else 200)
