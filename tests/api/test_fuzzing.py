"""No request brings the API down, or gets an answer that the OpenAPI document does not name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from rest_framework.throttling import SimpleRateThrottle
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from interviews.models import QuestionSet
from interviews.services import ItemDraft, create_set, start_attempt
from questionbank.models import ProblemVersion, User
from tests import bank
from tests.api.conftest import Api
from tests.api.test_schema import COMMITTED

EXAMPLES = 20
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]


schema = schemathesis.openapi.from_path(COMMITTED).exclude(path_regex="events/$")
"""The streams are left out, for they end when judging does."""
schema.app = get_wsgi_application()


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = dict.fromkeys(("login", "submit", "run"), "100000/min")
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", rates)


@pytest.fixture
def question_set(versions: dict[str, ProblemVersion]) -> QuestionSet:
    drafts = [ItemDraft(bank.FUNCTION), ItemDraft(bank.OPEN, 2)]
    return create_set(
        owner=bank.interviewer(), title="T", introduction="", time_limit_minutes=30, items=drafts
    )


@pytest.fixture
def known(question_set: QuestionSet, candidate: User) -> dict[str, list[Any]]:
    """Words and ids that mean something here, so that examples get past the door."""
    attempt = start_attempt(question_set=question_set, candidate=candidate)
    submission = Api(candidate).submit().json()["id"]
    return {
        "id": [submission, str(attempt.pk), str(question_set.pk)],
        "slug": list(bank.WRITERS),
        "problem": [bank.FUNCTION, bank.CHOICE],
        "language": ["python", "choice"],
        "share_token": [question_set.share_token],
        "item": [item.pk for item in question_set.items.all()],
        "username": ["candidate"],
    }


@pytest.fixture(params=["nobody", "candidate", "interviewer"])
def headers(request: pytest.FixtureRequest, known: dict[str, list[Any]]) -> dict[str, str]:
    if request.param == "nobody":
        return {}
    token = Api(User.objects.get(username=request.param)).token
    return {"Authorization": f"Token {token}"}


@pytest.fixture
def one_connection(headers: dict[str, str]) -> Iterator[None]:
    """The whole test is one transaction: a request's end must not close its connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@schema.given(data=st.data())
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_the_document_names(
    case: Any,
    data: st.DataObject,
    headers: dict[str, str],
    known: dict[str, list[Any]],
    unhurried: None,
    one_connection: None,
) -> None:
    for place in (case.path_parameters, case.body):
        if isinstance(place, dict):
            for name in place.keys() & known.keys():
                if data.draw(st.booleans()):
                    place[name] = data.draw(st.sampled_from(known[name]))
    case.call_and_validate(headers=headers, checks=CHECKS)
