"""Files that a problem hands out beside its statement: attachments, and statements as PDF."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from questionbank.models import ProblemVersion
from questionbank.services import package_of


@require_safe
def version_file(request: HttpRequest, version_id: int, name: str) -> HttpResponse:
    """The file, to be saved and never shown: what authors hand in is no page of ours."""
    version = get_object_or_404(ProblemVersion.objects.select_related("problem"), pk=version_id)
    package = package_of(version)
    data = package.attachments.get(name, package.pictures.get(name))
    if data is None:
        raise Http404
    disposition = content_disposition_header(True, PurePosixPath(name).name)
    return HttpResponse(
        data,
        content_type="application/octet-stream",
        headers={"Content-Disposition": disposition or "attachment", "X-Content-Type-Options": "nosniff"},
    )
