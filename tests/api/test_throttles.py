"""Nobody sends faster than they may; whoever does is told when to come again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.throttling import SimpleRateThrottle

from questionbank.models import User
from tests import bank
from tests.api.conftest import Api, refused

MOST = 3


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three a minute of everything that is counted."""
    monkeypatch.setattr(
        SimpleRateThrottle, "THROTTLE_RATES", dict.fromkeys(("login", "submit", "run"), f"{MOST}/min")
    )


def statuses(answers: list[Any]) -> list[int]:
    return [answer.status_code for answer in answers]


def test_answers_are_counted_a_user(few: None, api: Api) -> None:
    answers = [api.submit() for _ in range(MOST + 1)]
    assert statuses(answers) == [201] * MOST + [429]
    refused(answers[-1], 429)
    assert 0 < int(answers[-1]["Retry-After"]) <= 61
    assert Api(bank.candidate("other")).submit().status_code == 201
    assert api.get("submissions/").status_code == 200


def test_runs_are_counted_apart(few: None, api: Api) -> None:
    body = {"problem": bank.FUNCTION, "language": "python", "source": "x"}
    assert statuses([api.post("runs/", body) for _ in range(MOST + 1)]) == [202] * MOST + [429]
    assert api.submit().status_code == 201


def test_a_refused_answer_counts_too(few: None, api: Api) -> None:
    assert statuses([api.submit("") for _ in range(MOST + 1)]) == [400] * MOST + [429]


def test_pages_and_the_api_share_one_count(few: None, api: Api, candidate: User) -> None:
    for _ in range(MOST):
        api.submit()
    browser = Client()
    browser.force_login(candidate)
    form = {"language": "python", "source": "x"}
    assert browser.post(reverse("problem-submit", args=[bank.FUNCTION]), form).status_code == 429


def test_guessing_passwords_is_slow_whatever_address_one_claims(few: None, candidate: User) -> None:
    guess = {"username": "candidate", "password": "wrong"}
    answers = [
        Api().post("auth/login/", guess, x_forwarded_for=f"10.0.0.{number}") for number in range(MOST + 1)
    ]
    assert statuses(answers) == [401] * MOST + [429]
