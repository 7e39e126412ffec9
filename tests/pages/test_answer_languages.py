"""A problem is offered in the languages that can be judged here, each with its own draft and stub."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from grader import services
from grader.errors import AnswerRefused
from questionbank import offering
from questionbank.models import ProblemVersion, User
from tests.pages.conftest import CODE, client_of

PAGE = f"/problems/{CODE}/"


@pytest.fixture(autouse=True)
def fresh_cache(settings: Settings) -> None:
    """What workers tell, kept in this process and not in a broker."""
    backend = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "answer-languages"}}
    offering.cache.clear()


def editions(client: Client) -> dict[str, Any]:
    text = client.get(PAGE).content.decode()
    found = re.search(r'<script id="editions" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert found
    document: dict[str, Any] = json.loads(found[1])
    return document


def chosen(client: Client) -> str:
    found = re.search(r'<option value="(\w+)" selected>', client.get(PAGE).content.decode())
    assert found
    return found[1]


def test_every_language_is_offered_with_its_stub(versions: dict[str, ProblemVersion]) -> None:
    found = editions(Client())
    assert found.keys() == set(versions[CODE].languages)
    assert "fn f1_scores(" in found["rust"]["starter"]
    assert found["python"]["source"] == found["python"]["starter"]


def test_a_language_without_tools_here_is_not_offered_and_not_taken(
    versions: dict[str, ProblemVersion], candidate: User
) -> None:
    offering.tell(["python", "go"])
    assert editions(Client()).keys() == {"python", "go"}
    with pytest.raises(AnswerRefused, match="Answers in Rust cannot be judged here"):
        services.submit(user=candidate, version=versions[CODE], language="rust", source="fn main() {}")


def test_where_no_language_can_be_judged_the_page_says_so(versions: dict[str, ProblemVersion]) -> None:
    offering.tell(["sql"])
    assert "which cannot be judged here" in Client().get(PAGE).content.decode()


def test_each_language_has_a_draft_of_its_own_and_the_latest_opens(
    versions: dict[str, ProblemVersion], candidate: User
) -> None:
    client = client_of(candidate)
    assert chosen(client) == "python"
    problem = versions[CODE].problem
    for language in ("python", "cpp"):
        services.save_draft(
            user=candidate, problem=problem, language=language, source=f"in {language}", revision=0
        )
    found = editions(client)
    assert (found["cpp"]["source"], found["cpp"]["revision"]) == ("in cpp", 1)
    assert (found["python"]["source"], found["go"]["revision"]) == ("in python", 0)
    assert chosen(client) == "cpp"


def test_without_a_draft_the_language_of_the_latest_answer_opens(answered: Any, candidate: User) -> None:
    submission = answered()
    submission.language = "java"
    submission.save()
    assert chosen(client_of(candidate)) == "java"


def test_the_api_lists_the_languages_with_names_and_stubs(versions: dict[str, ProblemVersion]) -> None:
    offering.tell(["c", "python"])
    body = Client().get(f"/api/v1/problems/{CODE}/").json()
    listed = {language["key"]: language for language in body["answer_languages"]}
    assert [(key, language["name"]) for key, language in listed.items()] == [
        ("python", "Python 3"),
        ("c", "C"),
    ]
    assert "f1_scores(list_list_int matrix" in listed["c"]["starter"]
