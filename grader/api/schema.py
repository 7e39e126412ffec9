"""The event streams in the OpenAPI document: they are plain views, which drf-spectacular does not see."""

from __future__ import annotations

from typing import Any

_SAID = {
    "submissions": (
        "A submission's events",
        "Server-sent events, as they come and again to whoever comes later: `stage` {stage}, for each test "
        "`case` {position, name, group, verdict, …}, at last `finished` {stage, verdict, score, message, "
        "metrics, compiler_output}. The stage `compiling` begins anew: what was told before it is void. Send "
        "the last event's id as `Last-Event-ID` to go on after it.",
        "uuid",
    ),
    "runs": ("A run's events", "Server-sent events: one `finished` with the run's result.", None),
}


def describe_streams(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: adds the streams' operations."""
    for name, (summary, description, format) in _SAID.items():
        identifier: dict[str, Any] = {"type": "string"} | ({"format": format} if format else {})
        result["paths"][f"/api/v1/{name}/{{id}}/events/"] = {
            "get": {
                "operationId": f"{name}_events",
                "summary": summary,
                "description": description,
                "parameters": [
                    {"in": "path", "name": "id", "schema": identifier, "required": True},
                    {"in": "header", "name": "Last-Event-ID", "schema": {"type": "string"}},
                ],
                "tags": [name],
                "security": result["paths"][f"/api/v1/{name}/"]["post"]["security"],
                "responses": {
                    "200": {
                        "description": "The stream, open until `finished`.",
                        "content": {"text/event-stream": {"schema": {"type": "string"}}},
                    }
                },
            }
        }
    result["paths"] = dict(sorted(result["paths"].items()))
    return result
