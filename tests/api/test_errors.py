"""What goes wrong is told as `application/problem+json`, by a fitting status, with nothing of the inside."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from questionbank.models import User
from tests import bank
from tests.api.conftest import Api, refused
from tests.stack import Part

LOOSE = (
    "loose",
    "1",
    "00000000-0000-4000-8000-000000000000",
    "%F0%9D%95%8F",
    "a%00b",
    "../../etc/passwd",
    "'--",
)
DETAILS = (
    "submissions/{}/",
    "submissions/{}/events/",
    "runs/{}/",
    "runs/{}/events/",
    "sets/{}/",
    "sets/{}/results/",
    "attempts/{}/",
    "attempts/{}/result/",
    "problems/{}/",
)


@pytest.fixture
def staff(versions: object) -> Api:
    return Api(bank.candidate("admin", is_staff=True, is_interviewer=True))


@pytest.mark.parametrize("path", DETAILS)
def test_loose_ids_are_not_found(staff: Api, path: str) -> None:
    for loose in LOOSE:
        refused(staff.get(path.format(loose)), 400 if "%00" in loose else 404)


@pytest.mark.parametrize("path", ["attempts/{}/submissions/", "attempts/{}/finish/", "submissions/{}/marks/"])
def test_nothing_is_done_to_loose_ids(staff: Api, path: str) -> None:
    for loose in LOOSE:
        refused(staff.post(path.format(loose), {}), 400 if "%00" in loose else 404)


@pytest.mark.parametrize("path", ["/api/", "/api/v2/", "/api/v1/nothing/", "/api/v1/submissions/1/2/3"])
def test_an_unknown_address_is_not_found(db: None, path: str) -> None:
    refused(Client().get(path), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("put", "submissions/"),
        ("delete", "submissions/"),
        ("post", "problems/"),
        ("patch", "problems/double/"),
        ("delete", "attempts/"),
        ("get", "auth/login/"),
        ("put", "sets/"),
        ("post", "topics/"),
    ],
)
def test_a_method_that_is_not_offered_is_named(staff: Api, method: str, path: str) -> None:
    client = Client(headers={"authorization": f"Token {staff.token}"})
    answer = client.generic(method.upper(), f"/api/v1/{path}", "{}", content_type="application/json")
    assert method.upper() in refused(answer, 405)["detail"]
    assert answer["Allow"]


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/xml"],
)
def test_a_body_that_is_no_json_is_not_taken(api: Api, kind: str) -> None:
    refused(api.post("submissions/", b"problem=double", content_type=kind), 415)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'problem': 1}",
        b"\xff\xfe",
        b"NaN",
        b'{"source": Infinity}',
        b"[" * 200_000,
        b'{"a":' * 50_000,
        b"9" * 5000,
        b"\x00",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_json_that_cannot_be_read_is_refused(api: Api, body: bytes) -> None:
    refused(api.post("submissions/", body), 400)


@pytest.mark.parametrize("body", [[], "text", 7, None, [{}]], ids=repr)
def test_json_that_is_no_object_is_refused(api: Api, body: object) -> None:
    refused(api.post("submissions/", body), 400)


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    refused(
        api.post("submissions/", b'{"source": "' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}'), 413
    )


def test_a_kind_of_answer_that_we_do_not_speak_is_refused(api: Api) -> None:
    refused(api.get("submissions/", accept="text/csv"), 406)


@pytest.mark.parametrize("path", ["submissions/", "attempts/", "sets/", "runs/0/"])
def test_who_does_not_say_who_they_are_is_asked(visitor: Api, path: str) -> None:
    answer = visitor.get(path)
    refused(answer, 401)
    assert answer["WWW-Authenticate"] == "Token"


def test_what_one_may_not_do_is_forbidden(api: Api) -> None:
    refused(api.get("sets/"), 403)


@pytest.mark.parametrize("query", ["problem=%00", "page=%00", "page_size=%00", "search=a%00b"])
def test_an_address_with_a_nul_is_refused(api: Api, query: str) -> None:
    refused(api.get(f"submissions/?{query}"), 400)
    refused(api.get(f"problems/?{query}"), 400)


def test_a_failure_of_ours_says_nothing_of_the_inside(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("grader.services.submit", fail)
    client = Client(raise_request_exception=False, headers={"authorization": f"Token {api.token}"})
    body = {"problem": bank.FUNCTION, "language": "python", "source": "x"}
    answer = client.post("/api/v1/submissions/", body, content_type="application/json")
    refused(answer, 500)
    assert b"secret" not in answer.content
    assert "a secret of the inside" in caplog.text


def test_a_broker_that_is_away_is_said_to_be(candidate: User, api: Api, broker: Part) -> None:
    broker.kill()
    answer = api.submit()
    refused(answer, 503)
    assert int(answer["Retry-After"]) > 0
    refused(api.post("runs/", {"problem": bank.FUNCTION, "language": "python", "source": "x"}), 503)


def test_errors_by_field_name_every_field_at_once(api: Api) -> None:
    assert set(refused(api.post("submissions/", {}), 400)["errors"]) == {"problem", "language", "source"}


def test_pages_go_on_speaking_html(db: None) -> None:
    answer = Client().get("/nothing/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
    assert Client().get("/problems/?q=%00").status_code == 400
    assert settings.DEBUG is False
