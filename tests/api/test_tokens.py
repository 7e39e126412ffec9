"""A token is given for a password, opens the API until it is made void, and is kept by nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from knox.models import AuthToken

from questionbank.models import User
from tests.api.conftest import Api, refused

PASSWORD = "a long enough passphrase"


def log_in(**fields: Any) -> Any:
    return Api().post("auth/login/", {"username": "candidate", "password": PASSWORD} | fields)


def asks_with(token: str) -> Any:
    return Api().get("submissions/", authorization=f"Token {token}")


def test_a_password_gets_a_token_that_opens_the_api(candidate: User) -> None:
    answer = log_in()
    assert answer.status_code == 201
    assert asks_with(answer.json()["token"]).status_code == 200


@pytest.mark.parametrize(
    "fields",
    [{"password": "wrong"}, {"username": "nobody"}, {"password": PASSWORD + " "}],
)
def test_a_wrong_name_or_password_gets_the_same_sentence(candidate: User, fields: dict[str, str]) -> None:
    document = refused(log_in(**fields), 401)
    assert document["detail"] == "The user name or the password is wrong."
    assert not AuthToken.objects.exists()


@pytest.mark.parametrize("fields", [{"password": None}, {"username": ["candidate"]}, {"password": "\0"}])
def test_what_is_no_login_is_refused(candidate: User, fields: dict[str, object]) -> None:
    refused(log_in(**fields), 400)


def test_a_closed_account_gets_none_and_its_tokens_open_nothing(candidate: User) -> None:
    token = log_in().json()["token"]
    candidate.is_active = False
    candidate.save()
    refused(log_in(), 401)
    refused(asks_with(token), 401)


@pytest.mark.parametrize("token", ["", "made-up", "x" * 5000, "é", "a b"])
def test_a_made_up_token_opens_nothing(candidate: User, token: str) -> None:
    answer = asks_with(token)
    refused(answer, 401)
    assert answer["WWW-Authenticate"] == "Token"


def test_a_token_that_is_none_is_refused_even_where_none_is_needed(candidate: User) -> None:
    refused(Api().get("problems/", authorization="Token made-up"), 401)


def test_logging_out_makes_one_token_void(candidate: User) -> None:
    first, second = (log_in().json()["token"] for _ in range(2))
    answer = Api().post("auth/logout/", authorization=f"Token {first}")
    assert answer.status_code == 204
    refused(asks_with(first), 401)
    assert asks_with(second).status_code == 200


def test_the_database_does_not_hold_the_token(candidate: User) -> None:
    token = log_in().json()["token"]
    (kept,) = AuthToken.objects.values()
    assert token not in map(str, kept.values())


def test_a_session_writes_only_with_its_csrf_token(versions: object, candidate: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(candidate)
    assert browser.get("/api/v1/submissions/").status_code == 200
    refused(browser.post("/api/v1/submissions/", {}, content_type="application/json"), 403)
