"""Every error of the API as RFC 9457 `application/problem+json`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

CONTENT_TYPE = "application/problem+json"


class Conflict(exceptions.APIException):
    """409: the request contradicts what is stored."""

    status_code = HTTPStatus.CONFLICT
    default_code = "conflict"


def document(status: int, detail: str, **more: Any) -> dict[str, Any]:
    """The body: type, title, status, detail, and `errors` by field where a field is at fault."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The exception handler of REST framework."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    headers = {}
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        headers["WWW-Authenticate"] = "Token"
    wait = getattr(error, "wait", None)
    if wait:
        headers["Retry-After"] = str(int(wait) + 1)
    if isinstance(error, exceptions.ValidationError) and isinstance(error.detail, dict):
        body = document(error.status_code, "A field is at fault.", errors=error.detail)
    elif isinstance(error, exceptions.ValidationError):
        body = document(error.status_code, " ".join(str(item) for item in error.detail))
    else:
        body = document(error.status_code, str(error.detail))
    response = Response(body, status=error.status_code, headers=headers)
    response.content_type = CONTENT_TYPE
    return response


def answer(status: int, detail: str) -> JsonResponse:
    """The same for views outside REST framework."""
    return JsonResponse(document(status, detail), status=status, content_type=CONTENT_TYPE)
