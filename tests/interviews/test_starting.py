"""A candidate has one attempt at a set, from a link that nobody guesses, as long as the set is open."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from interviews.errors import AttemptClosed
from interviews.models import Attempt, QuestionSet, new_share_token
from interviews.services import ItemDraft, close_set, reopen_set, start_attempt
from questionbank.models import User
from tests import bank
from tests.api.conftest import Api, refused
from tests.interviews.conftest import answer, make_set

AT_ONCE = 8


def test_the_link_starts_the_attempt_and_finds_it_again(question_set: QuestionSet, candidate: User) -> None:
    api = Api(candidate)
    body = {"share_token": question_set.share_token}
    first, again = (api.post("attempts/", body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["is_open"] is True
    assert [item["problem"] for item in first.json()["items"]] == [bank.FUNCTION, bank.OPEN]


@pytest.mark.parametrize("token", ["guess", "", "%", "a" * 500])
def test_a_wrong_link_starts_nothing(question_set: QuestionSet, candidate: User, token: str) -> None:
    answer = Api(candidate).post("attempts/", {"share_token": token})
    refused(answer, 404 if token else 400)
    assert Attempt.objects.count() == 0


def test_links_are_long_random_words() -> None:
    tokens = {new_share_token() for _ in range(1000)}
    assert len(tokens) == 1000
    # 128 bits in base 64
    assert {len(token) for token in tokens} == {22}


def test_the_link_is_told_to_the_owner_alone(
    question_set: QuestionSet, owner: User, attempt: Attempt
) -> None:
    assert question_set.share_token in Api(owner).get(f"sets/{question_set.pk}/").json()["link"]
    for path in ("attempts/", f"attempts/{attempt.pk}/"):
        assert question_set.share_token.encode() not in Api(attempt.candidate).get(path).content


def test_a_closed_set_cannot_be_started(question_set: QuestionSet, owner: User, candidate: User) -> None:
    assert Api(owner).post(f"sets/{question_set.pk}/close/").json()["archived_at"]
    body = {"share_token": question_set.share_token}
    refused(Api(candidate).post("attempts/", body), 409)
    browser = Client()
    browser.force_login(candidate)
    page = browser.post(reverse("shared-set-start", args=[question_set.share_token]), follow=True)
    assert "This set is closed." in page.content.decode()
    assert Attempt.objects.count() == 0
    assert Api(owner).post(f"sets/{question_set.pk}/reopen/").json()["archived_at"] is None
    assert Api(candidate).post("attempts/", body).status_code == 201


def test_who_has_started_goes_on_in_a_closed_set(attempt: Attempt) -> None:
    close_set(attempt.question_set)
    assert start_attempt(question_set=attempt.question_set, candidate=attempt.candidate) == attempt
    assert answer(attempt, bank.FUNCTION).pk


def test_closing_twice_keeps_the_first_moment(question_set: QuestionSet) -> None:
    close_set(question_set)
    first = question_set.archived_at
    close_set(question_set)
    assert question_set.archived_at == first
    reopen_set(question_set)
    assert question_set.archived_at is None


def test_the_page_closes_and_reopens(question_set: QuestionSet, owner: User) -> None:
    browser = Client()
    browser.force_login(owner)
    page = browser.post(reverse("set-close", args=[question_set.pk]), follow=True)
    assert "nobody can start it any more" in page.content.decode()
    page = browser.post(reverse("set-reopen", args=[question_set.pk]), follow=True)
    assert "nobody can start it any more" not in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_starting_in_many_windows_at_once_starts_once(tmp_path: Path) -> None:
    bank.published(tmp_path, bank.FUNCTION)
    question_set = make_set(bank.interviewer(), ItemDraft(bank.FUNCTION))
    user = bank.candidate()
    clients = [Api(user) for _ in range(AT_ONCE)]
    together = Barrier(AT_ONCE)

    def start(client: Api) -> tuple[int, str]:
        together.wait()
        try:
            found = client.post("attempts/", {"share_token": question_set.share_token})
            return found.status_code, found.json()["id"]
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(start, clients))
    attempt = Attempt.objects.get()
    assert {status for status, _ in answers} <= {200, 201}
    assert {pk for _, pk in answers} == {str(attempt.pk)}


@pytest.mark.django_db(transaction=True)
def test_of_a_start_and_a_close_at_once_either_comes_first(tmp_path: Path) -> None:
    bank.published(tmp_path, bank.FUNCTION)
    owner = bank.interviewer()
    for number in range(5):
        question_set = make_set(owner, ItemDraft(bank.FUNCTION))
        user = bank.candidate(f"c{number}")
        together = Barrier(2)

        def start(
            question_set: QuestionSet = question_set, user: User = user, together: Barrier = together
        ) -> None:
            together.wait()
            try:
                start_attempt(question_set=question_set, candidate=user)
            except AttemptClosed:
                return
            finally:
                connection.close()

        def close(question_set: QuestionSet = question_set, together: Barrier = together) -> None:
            together.wait()
            try:
                close_set(question_set)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(start), threads.submit(close)]:
                done.result(30)
        question_set.refresh_from_db()
        assert question_set.archived_at is not None
        for attempt in question_set.attempts.all():
            assert attempt.started_at <= question_set.archived_at
