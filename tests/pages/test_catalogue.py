"""The catalogue finds problems by word, topic, kind, difficulty and one's own progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grader.models import Submission
from questionbank.models import Problem, ProblemVersion, User
from questionbank.pages.catalogue import PAGE_SIZE
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


def test_progress_is_told_topic_by_topic_whatever_is_filtered(
    answered: Callable[..., Submission], candidate: User
) -> None:
    answered(CODE, verdict="AC", score=100.0)
    answered(CHOICE)
    page = client_of(candidate).get(reverse("catalogue") + "?q=nothing-like-it")
    told = {one.topic.slug: (one.solved, one.total) for one in page.context["by_topic"]}
    assert told == {"training": (1, 1), "deployment": (0, 2)}
    assert '<progress value="1" max="1"' in page.content.decode()
    assert "<progress" not in client_of(None).get(reverse("catalogue")).content.decode()


def test_many_problems_take_no_more_queries_than_few_and_are_shown_page_by_page(
    versions: dict[str, ProblemVersion], candidate: User, django_assert_num_queries: Callable[..., Any]
) -> None:
    client = client_of(candidate)
    address = reverse("catalogue") + "?q=a&kind=function&progress=new"
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    original = versions[CODE]
    problems = Problem.objects.bulk_create(Problem(slug=f"copy-{number}") for number in range(150))
    copies = ProblemVersion.objects.bulk_create(
        ProblemVersion(
            problem=problem,
            number=1,
            content_hash=original.content_hash,
            kind=original.kind,
            difficulty=original.difficulty,
            expected_minutes=5,
            name_en="A copy",
            name_zh="副本",
            search_text="a copy",
        )
        for problem in problems
    )
    through = ProblemVersion.topics.through
    topic = original.topics.get()
    through.objects.bulk_create(through(problemversion=copy, topic=topic) for copy in copies)
    for problem, copy in zip(problems, copies, strict=True):
        problem.current = copy
    Problem.objects.bulk_update(problems, ["current"])
    with django_assert_num_queries(len(few)):
        page = client.get(address).context["page"]
    assert (page.paginator.count, len(page)) == (151, PAGE_SIZE)
    last = client.get(f"{address}&page=4").context["page"]
    assert (last.number, len(last)) == (4, 151 - 3 * PAGE_SIZE)
