"""A submission's events come live, go on after a break, and are told again from the database at the end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from grader import events
from grader.api import streams
from grader.models import Submission
from grader.services import case_event, finished_event, submit
from questionbank.models import User
from tests import bank
from tests.api.conftest import Api, refused
from tests.stack import Stack

SLOW = "import time\ndef solve(x):\n    time.sleep(0.4)\n    return 2 * x"


@dataclass(frozen=True, slots=True)
class Told:
    """One event as a client reads it; a comment has no name."""

    id: str
    name: str
    data: Any


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heartbeats and looks into the database every tenth of a second."""
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(streams, "POLL_S", 0.1)


@pytest.fixture
def user(transactional_db: None) -> User:
    return bank.candidate()


@pytest.fixture
def send(tmp_path: Path, user: User) -> Callable[[str], Submission]:
    """Hands in an answer to the function problem."""
    version = bank.published(tmp_path, bank.FUNCTION)[bank.FUNCTION]
    return lambda source: submit(user=user, version=version, language="python", source=source)


async def parsed(chunks: AsyncIterator[bytes]) -> AsyncIterator[Told]:
    async for chunk in chunks:
        lines = dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines())
        if "event" in lines:
            yield Told(lines["id"], lines["event"], json.loads(lines["data"]))
        else:
            yield Told("", "", None)


def follow(
    submission: Submission, user: User, *, last: str = "", until: Callable[[Told], bool] = lambda _: False
) -> list[Told]:
    """Reads the stream to its end, or up to the event for which `until` holds."""

    async def read() -> list[Told]:
        client = AsyncClient()
        await client.aforce_login(user)
        headers = {"Last-Event-ID": last} if last else {}
        answer = await client.get(f"/api/v1/submissions/{submission.pk}/events/", headers=headers)
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/event-stream"
        assert answer["Cache-Control"] == "no-cache"
        found = []
        async with aclosing(answer.streaming_content) as chunks:  # type: ignore[attr-defined]
            async for told in parsed(chunks):
                found.append(told)
                if until(told):
                    break
        return found

    return async_to_sync(read)()


def names(told: list[Told]) -> list[str]:
    return [one.name for one in told if one.name]


def test_events_come_while_the_answer_is_judged(
    stack: Stack, send: Callable[[str], Submission], user: User
) -> None:
    submission = send(SLOW)
    told = follow(submission, user, until=lambda one: one.name == "case")
    submission.refresh_from_db()
    assert names(told) == ["stage", "stage", "case"]
    assert submission.stage == "running"
    rest = follow(submission, user, last=told[-1].id)
    assert names(rest) == ["case", "case", "case", "finished"]
    assert [one.data["position"] for one in rest[:-1]] == [1, 2, 3]
    submission.refresh_from_db()
    assert rest[-1].data == finished_event(submission)


def test_the_end_is_told_again_from_the_database(
    stack: Stack, send: Callable[[str], Submission], user: User
) -> None:
    submission = send("def solve(x): return x")
    live = follow(submission, user)
    events.connection().delete(events.stream_key("submission", str(submission.pk)))
    replayed = follow(submission, user)
    assert names(replayed) == ["stage", "case", "case", "case", "case", "finished"]
    assert [one.data for one in replayed[1:]] == [one.data for one in live[2:]]
    kept = [case_event(case.position, vars(case)) for case in submission.cases.all()]
    assert [one.data for one in replayed if one.name == "case"] == kept


@pytest.mark.parametrize("last", ["replay", "9-9-9", "x", "-", "0-0", "²-²", "é"])
def test_a_made_up_last_id_begins_anew(
    stack: Stack, send: Callable[[str], Submission], user: User, last: str
) -> None:
    submission = send("def solve(x) return x")
    follow(submission, user)
    assert names(follow(submission, user, last=last))[-1] == "finished"


def test_whoever_waits_in_the_queue_hears_that_the_line_is_alive(
    stack: Stack, quick: None, send: Callable[[str], Submission], user: User
) -> None:
    stack.worker.stop()
    told = follow(send(SLOW), user, until=lambda one: one.name == "")
    assert told == [Told("", "", None)]


def test_events_that_redis_has_lost_are_told_from_the_database(
    stack: Stack, quick: None, send: Callable[[str], Submission], user: User
) -> None:
    submission = send(SLOW)
    told = follow(submission, user, until=lambda one: one.name == "case")
    events.connection().delete(events.stream_key("submission", str(submission.pk)))
    rest = follow(submission, user, last="99999999999999-0")
    assert names(rest) == ["stage", "case", "case", "case", "case", "finished"]
    assert told[-1].data == rest[-5].data


def test_a_broker_that_dies_under_a_reader_does_not_end_the_story(
    stack: Stack, quick: None, send: Callable[[str], Submission], user: User
) -> None:
    submission = send(SLOW)

    def kill(told: Told) -> bool:
        if told.name == "case":
            stack.broker.kill()
        return False

    told = follow(submission, user, until=kill)
    assert names(told)[-1] == "finished"
    assert names(told).count("finished") == 1
    assert told[-1].data["verdict"] == "AC"


def test_a_reader_who_leaves_leaves_no_connection_behind(
    stack: Stack, quick: None, send: Callable[[str], Submission], user: User
) -> None:
    stack.worker.stop()
    submission = send(SLOW)
    before = len(events.connection().client_list())
    for _ in range(3):
        follow(submission, user, until=lambda one: one.name == "")
    assert len(events.connection().client_list()) == before


def test_a_token_opens_the_stream_as_a_session_does(
    stack: Stack, send: Callable[[str], Submission], user: User
) -> None:
    submission = send("def solve(x) return x")
    follow(submission, user)
    answer = Api(user).get(f"submissions/{submission.pk}/events/")
    assert answer.status_code == 200
    assert answer["X-Accel-Buffering"] == "no"


def test_a_stream_is_refused_with_a_problem(send: Callable[[str], Submission], user: User) -> None:
    path = f"submissions/{send(SLOW).pk}/events/"
    assert refused(Api().get(path), 401)["detail"] == "Log in or send a token."
    assert Api().get(path)["WWW-Authenticate"] == "Token"
    refused(Api().get(path, authorization="Token made-up"), 401)
    refused(Api(bank.candidate("stranger")).get(path), 404)
    assert Api(user).post(path)["Allow"] == "GET"
    refused(Api(user).post(path), 405)
    refused(Client(enforce_csrf_checks=True).post(f"/api/v1/{path}"), 405)
