"""Reads an answer from a page's form, and says in a panel why one was refused."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from rest_framework.throttling import UserRateThrottle


class SubmitRate(UserRateThrottle):
    """Shares its count with the API's scope of the same name."""

    scope = "submit"


class RunRate(UserRateThrottle):
    scope = "run"


def answer_of(request: HttpRequest) -> tuple[str, str]:
    """Language and source. Choices come as ticked boxes and are kept as a JSON list of option ids."""
    language = request.POST.get("language", "")
    if language == "choice":
        return language, json.dumps(request.POST.getlist("option"))
    # Browsers send CRLF; answers are kept as they were typed.
    return language, request.POST.get("source", "").replace("\r\n", "\n")


def too_fast(request: HttpRequest, rate: type[UserRateThrottle]) -> HttpResponse | None:
    """A refusal where too much was sent in the last minute, else None."""
    throttle = rate()
    if throttle.allow_request(request, None):  # type: ignore[arg-type]
        return None
    wait = round(throttle.wait() or 60)
    return refusal(
        request, _("That was fast. Try again in %(seconds)s seconds.") % {"seconds": wait}, status=429
    )


def refusal(request: HttpRequest, message: str, *, status: int = 400) -> HttpResponse:
    return render(request, "grader/refusal.html", {"message": message}, status=status)
