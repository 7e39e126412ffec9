"""What no request may hold, refused before any view sees it."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin


class RefuseNul(MiddlewareMixin):
    """400 for a NUL in the address: no name holds one, and PostgreSQL cannot even look for it."""

    def process_request(self, request: HttpRequest) -> None:
        if "\0" in request.path or "%00" in request.META["QUERY_STRING"]:
            raise BadRequest("The address holds a NUL character.")
