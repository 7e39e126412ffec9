"""The catalogue finds problems by word, topic, kind, difficulty and one's own progress."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from grader.models import Submission
from questionbank.models import ProblemVersion, User
from tests.pages.conftest import CHOICE, CODE, OPEN, client_of


def found(query: str, user: User | None = None) -> set[str]:
    page = client_of(user).get(reverse("catalogue") + query).context["page"]
    return {entry.slug for entry in page}


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("", {CODE, CHOICE, OPEN}),
        ("?q=confusion+matrix", {CODE}),
        ("?q=混淆矩阵", {CODE}),
        ("?q=nothing-like-it", set()),
        ("?kind=choice", {CHOICE}),
        ("?kind=choice&kind=open", {CHOICE, OPEN}),
        ("?topic=training", {CODE}),
        ("?topic=training&kind=choice", set()),
        ("?difficulty=easy", {CODE}),
        ("?page=99", {CODE, CHOICE, OPEN}),
        ("?page=x", {CODE, CHOICE, OPEN}),
    ],
)
def test_filters_narrow_the_list(versions: dict[str, ProblemVersion], query: str, slugs: set[str]) -> None:
    assert found(query) == slugs


def test_progress_is_ones_own(answered: Callable[..., Submission], candidate: User, stranger: User) -> None:
    answered(CODE)
    answered(CHOICE, '["static-int8"]', verdict="AC", score=100.0)
    assert found("?progress=tried", candidate) == {CODE}
    assert found("?progress=solved", candidate) == {CHOICE}
    assert found("?progress=new", candidate) == {OPEN}
    assert found("?progress=solved", stranger) == set()


def test_a_problem_solved_once_stays_solved(answered: Callable[..., Submission], candidate: User) -> None:
    answered(CODE, verdict="AC", score=100.0)
    answered(CODE, verdict="WA")
    assert found("?progress=solved", candidate) == {CODE}


def test_counts_say_what_a_filter_would_show(versions: dict[str, ProblemVersion]) -> None:
    context = client_of(None).get(reverse("catalogue") + "?topic=training").context
    assert {choice.value: choice.count for choice in context["kinds"] if choice.count} == {"function": 1}


def test_a_filter_fetched_by_script_gets_the_list_alone(versions: dict[str, ProblemVersion]) -> None:
    answer = client_of(None).get(reverse("catalogue"), headers={"hx-request": "true"})
    assert b"<html" not in answer.content
    assert b"<form" in answer.content
