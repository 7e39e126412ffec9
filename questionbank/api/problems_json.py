"""Every error of the API as RFC 9457 `application/problem+json`."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import redis
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, JsonResponse
from kombu.exceptions import OperationalError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

CONTENT_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)


_BROKER_AWAY = (redis.ConnectionError, redis.TimeoutError, OperationalError)
_RETRY_AFTER_S = 5


class Conflict(exceptions.APIException):
    """409: the request contradicts what is stored."""

    status_code = HTTPStatus.CONFLICT
    default_code = "conflict"


class BodyTooLarge(exceptions.APIException):
    """413: nothing that the API takes is as large."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Unavailable(exceptions.APIException):
    """503: the broker is away, which also counts how often one may ask."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "The task queue is away for the moment. Try again in a few seconds."
    wait = _RETRY_AFTER_S


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
    elif isinstance(error, RequestDataTooBig):
        error = BodyTooLarge(f"The body has more than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")
    elif isinstance(error, _BROKER_AWAY):
        _log.warning("the broker is away: %s", error)
        error = Unavailable()
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    headers = {}
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        # REST framework says 403 where a view takes no credentials, as the one that gives tokens.
        error.status_code = HTTPStatus.UNAUTHORIZED
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
