"""One key is one answer, however often and however fast the request comes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection

from grader.models import IdempotencyKey, Submission
from questionbank.models import User
from questionbank.services import publish
from tests import bank
from tests.api.conftest import Api, refused

AT_ONCE = 8


def test_the_same_request_gets_the_same_submission(api: Api) -> None:
    first, again = (api.submit(idempotency_key="k1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert Submission.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "another"},
        {"problem": bank.PROGRAM},
        {"problem": bank.CHOICE, "language": "choice", "source": '["right"]'},
    ],
)
def test_the_same_key_with_another_answer_is_a_conflict(api: Api, changes: dict[str, str]) -> None:
    api.submit(idempotency_key="k1")
    refused(api.submit(idempotency_key="k1", **changes), 409)
    assert Submission.objects.count() == 1


def test_a_version_published_in_between_changes_nothing(api: Api, tmp_path: Path) -> None:
    first = api.submit(idempotency_key="k1").json()
    folder = tmp_path / bank.FUNCTION
    (folder / "editorial.en.md").write_text("Add it to itself.")
    publish(folder)
    assert api.submit(idempotency_key="k1").json()["id"] == first["id"]


def test_keys_are_each_users_own(api: Api) -> None:
    api.submit(idempotency_key="k1")
    assert Api(bank.candidate("other")).submit("theirs", idempotency_key="k1").status_code == 201


def test_without_a_key_every_request_is_an_answer(api: Api) -> None:
    assert api.submit().json()["id"] != api.submit().json()["id"]


def test_a_refused_answer_leaves_its_key_free(api: Api) -> None:
    refused(api.submit("", idempotency_key="k1"), 400)
    assert api.submit(idempotency_key="k1").status_code == 201


@pytest.mark.parametrize("key", ["k" * 201, "ключ", "a\tb"])
def test_a_key_that_is_no_short_word_is_refused(api: Api, key: str) -> None:
    assert list(refused(api.submit(idempotency_key=key), 400)["errors"]) == ["Idempotency-Key"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sources", [["same"] * AT_ONCE, [f"x = {n}" for n in range(AT_ONCE)]])
def test_of_requests_in_flight_at_once_one_makes_the_submission(tmp_path: Path, sources: list[str]) -> None:
    bank.published(tmp_path, bank.FUNCTION)
    user: User = bank.candidate()
    clients = [Api(user) for _ in sources]
    together = Barrier(len(sources))

    def send(client: Api, source: str) -> tuple[int, str]:
        together.wait()
        try:
            answer = client.submit(source, idempotency_key="k1")
            return answer.status_code, answer.json().get("id", "")
        finally:
            connection.close()

    with ThreadPoolExecutor(len(sources)) as threads:
        answers = list(threads.map(send, clients, sources))
    (made,) = Submission.objects.all()
    others = 200 if len(set(sources)) == 1 else 409
    assert sorted(status for status, _ in answers) == sorted([201] + [others] * (AT_ONCE - 1))
    assert {pk for _, pk in answers if pk} == {str(made.pk)}
    assert IdempotencyKey.objects.get().submission == made
