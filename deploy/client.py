"""The REST API as a candidate's own script would use it."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_TIMEOUT_S = 60.0
_FINAL_STAGES = ("done", "awaiting_review")


class ApiError(Exception):
    """The API refused a request; the text is its own."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A submission as the API tells it. `seconds` from its arrival to its verdict, None until then."""

    id: str
    stage: str
    verdict: str | None
    seconds: float | None


class Client:
    """One user's session, from `log_in` on."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._token = ""

    def log_in(self, name: str, password: str) -> None:
        """Gets the token that every later request carries."""
        self._token = self._send("/api/v1/auth/login/", {"username": name, "password": password})["token"]

    def submit(self, *, problem: str, language: str, source: str, key: str) -> str:
        """Sends an answer, once however often it is called with `key`; the submission's id."""
        body = {"problem": problem, "language": language, "source": source}
        return str(self._send("/api/v1/submissions/", body, {"Idempotency-Key": key})["id"])

    def submissions(self) -> Iterator[Answered]:
        """One's own submissions, every page."""
        page: str | None = "/api/v1/submissions/?page_size=200"
        while page:
            found = self._send(page)
            yield from (_answered(row) for row in found["results"])
            page = found["next"]

    def _send(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        address = urllib.parse.urljoin(self._address, path)
        request = urllib.request.Request(address, headers=headers or {})  # noqa: S310 - our own server
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self._token:
            request.add_header("Authorization", f"Token {self._token}")
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ApiError(f"{address}: {error.code} {error.read().decode(errors='replace')}") from error
        except urllib.error.URLError as error:
            raise ApiError(f"{address}: {error.reason}") from error


def _answered(row: dict[str, Any]) -> Answered:
    final = row["stage"] in _FINAL_STAGES
    sent, ended = (
        datetime.fromisoformat(row[key]) if row[key] else None for key in ("created_at", "finished_at")
    )
    seconds = (ended - sent).total_seconds() if final and sent and ended else None
    return Answered(row["id"], row["stage"], row["verdict"], seconds)
