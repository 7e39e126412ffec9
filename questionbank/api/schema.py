"""What the OpenAPI document says beside the views' own words: the errors that an operation answers with."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from questionbank.api.problems_json import CONTENT_TYPE

Document = dict[str, Any]
_ERROR = "Error"
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_REFERENCE = {"$ref": f"#/components/schemas/{_ERROR}"}
_ERROR_SCHEMA: Document = {
    "type": "object",
    "description": "RFC 9457. `errors` names the fields at fault, each with sentences.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": True},
    },
    "required": ["type", "title", "status", "detail"],
}


class _Nothing(serializers.Serializer[Any]):
    """Stands where `describe_errors` puts the error's schema."""


def errors(*codes: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Errors that an operation has beside the usual ones, for `extend_schema(responses=…)`."""
    return {(code, CONTENT_TYPE): OpenApiResponse(_Nothing, HTTPStatus(code).phrase) for code in codes}


def describe_errors(result: Document, **_: Any) -> Document:
    """A hook of drf-spectacular: writes the usual errors into each operation."""
    components = result["components"]
    components["schemas"].pop("_Nothing", None)
    components["schemas"][_ERROR] = _ERROR_SCHEMA
    described: Document = {}
    for path, item in result["paths"].items():
        for method in _METHODS & item.keys():
            responses = item[method]["responses"]
            own = {int(code) for code in responses if int(code) >= HTTPStatus.BAD_REQUEST}
            for code in own | _usual(path, item[method]):
                described[f"{_ERROR}{code:d}"] = _described(HTTPStatus(code))
                responses[f"{code:d}"] = {"$ref": f"#/components/responses/{_ERROR}{code:d}"}
            item[method]["responses"] = dict(sorted(responses.items()))
    components["responses"] = dict(sorted(described.items()))
    return result


def _described(code: HTTPStatus) -> Document:
    return {"description": code.phrase, "content": {CONTENT_TYPE: {"schema": _REFERENCE}}}


def _usual(path: str, operation: Document) -> set[int]:
    codes: set[int] = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_ACCEPTABLE}
    parameters = operation.get("parameters", [])
    if operation.get("security"):
        codes.add(HTTPStatus.FORBIDDEN)
    if "{" in path or any(parameter["name"] == "page" for parameter in parameters):
        codes.add(HTTPStatus.NOT_FOUND)
    if "requestBody" in operation:
        codes |= {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}
    return codes
