"""An OpenAI-compatible endpoint: a question out, a text and the model's version back, in time and in size."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from grader.llm.errors import EndpointFailed

MAX_REPLY_BYTES = 256 * 1024
MAX_TOKENS = 800
_RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504})
_LONGEST_WAIT_S = 20.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`base_url` ends before /chat/completions; `timeout_s` bounds one call as a whole."""

    base_url: str
    key: str
    model: str
    timeout_s: float = 60.0
    retries: int = 2
    pause_s: float = 1.0
    """Before the first retry; doubled each time, unless the endpoint says how long."""


@dataclass(frozen=True, slots=True)
class Said:
    """`version` names the model as the endpoint reports it."""

    text: str
    version: str


def connect(endpoint: Endpoint) -> httpx.Client:
    """Connections to the endpoint, for several threads; redirects are not followed."""
    return httpx.Client(timeout=endpoint.timeout_s)


def ask(
    client: httpx.Client, endpoint: Endpoint, messages: Sequence[dict[str, str]], schema: dict[str, Any]
) -> Said:
    """One reply at temperature 0. Raises `EndpointFailed` once the retries are used up."""
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": list(messages),
        "temperature": 0,
        "max_tokens": MAX_TOKENS,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "judgement", "strict": True, "schema": schema},
        },
    }
    pause_s = endpoint.pause_s
    for attempt in range(endpoint.retries + 1):
        try:
            status, content, retry_after_s = _post(client, endpoint, body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = f"{type(error).__name__}: {error}"
        else:
            if status == httpx.codes.OK:
                return _said(endpoint, content)
            reason = f"status {status}: {content[:200].decode(errors='replace')}"
            if status == httpx.codes.BAD_REQUEST and "response_format" in body:
                # Some servers know no schemas. The prompt tells the form too, and replies are checked anyway.
                del body["response_format"]
                continue
            if status not in _RETRIED:
                raise EndpointFailed(reason)
            pause_s = min(retry_after_s or pause_s, _LONGEST_WAIT_S)
        if attempt < endpoint.retries:
            _log.info("asking %s again in %.1f s: %s", endpoint.base_url, pause_s, reason)
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_WAIT_S)
    raise EndpointFailed(f"{endpoint.base_url} failed {endpoint.retries + 1} times, at last: {reason}")


def _post(client: httpx.Client, endpoint: Endpoint, body: dict[str, Any]) -> tuple[int, bytes, float | None]:
    """Status, body and the pause that a refusal asks for. A body that drips or swells is cut off."""
    deadline = time.monotonic() + endpoint.timeout_s
    headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
    address = endpoint.base_url.rstrip("/") + "/chat/completions"
    content = bytearray()
    with client.stream("POST", address, json=body, headers=headers) as response:
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > MAX_REPLY_BYTES:
                raise EndpointFailed(f"the reply has more than {MAX_REPLY_BYTES} bytes")
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("the reply came too slowly")
        return response.status_code, bytes(content), _seconds(response.headers.get("Retry-After"))


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None


def _said(endpoint: Endpoint, content: bytes) -> Said:
    try:
        document = json.loads(content)
        text = document["choices"][0]["message"]["content"]
        version = f"{document.get('model') or endpoint.model} {document.get('system_fingerprint') or ''}"
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise EndpointFailed(f"no chat completion came back: {content[:200]!r}") from error
    if not isinstance(text, str):
        raise EndpointFailed("the reply holds no text")
    return Said(text, version.strip()[:200])
