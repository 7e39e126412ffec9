"""Clients with real tokens, and problems of each kind. Nobody judges: what is sent stays in the queue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from knox.models import AuthToken

from questionbank.models import ProblemVersion, User
from tests import bank
from tests.stack import Part

PROBLEM_JSON = "application/problem+json"


class Api:
    """Speaks JSON to the API, as one account or as nobody."""

    def __init__(self, user: User | None = None) -> None:
        self.token = AuthToken.objects.create(user=user)[1] if user else None
        headers = {"authorization": f"Token {self.token}"} if self.token else {}
        self._client = Client(headers=headers)

    def get(self, path: str, **headers: str) -> Any:
        return self._client.get(f"/api/v1/{path}", headers=_named(headers))

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        data = json.dumps(body) if not isinstance(body, bytes) else body
        kind = headers.pop("content_type", "application/json")
        return self._client.post(f"/api/v1/{path}", data=data, content_type=kind, headers=_named(headers))

    def submit(self, source: str = bank.RIGHT[bank.FUNCTION], **changes: str) -> Any:
        """An answer to the function problem, but for `changes`; names with `_` are headers."""
        headers = {name: changes.pop(name) for name in list(changes) if name == "idempotency_key"}
        body = {"problem": bank.FUNCTION, "language": "python", "source": source} | changes
        return self.post("submissions/", body, **headers)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def refused(answer: HttpResponse, status: int) -> dict[str, Any]:
    """The problem document of a refusal, after the checks that every one must pass."""
    assert answer.status_code == status, answer.content[:500]
    assert answer["Content-Type"] == PROBLEM_JSON
    document: dict[str, Any] = json.loads(answer.content)
    assert document["status"] == status
    assert document["type"] == "about:blank"
    assert document["title"]
    assert document["detail"]
    return document


@pytest.fixture(autouse=True)
def counts_of_throttles(broker: Part) -> None:
    cache.clear()


@pytest.fixture
def versions(db: None, tmp_path: Path) -> dict[str, ProblemVersion]:
    return bank.published(tmp_path)


@pytest.fixture
def candidate(db: None) -> User:
    return bank.candidate()


@pytest.fixture
def api(versions: dict[str, ProblemVersion], candidate: User) -> Api:
    """The candidate's client."""
    return Api(candidate)


@pytest.fixture
def visitor(versions: dict[str, ProblemVersion]) -> Api:
    """The client of someone who is not logged in."""
    return Api()
