"""Server-sent events of a submission or a run: live from Redis, from the database where Redis has nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

import redis
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from grader import events, runs, services
from grader.access import visible_submissions
from grader.errors import RunUnknown
from grader.models import Submission
from grader.verdict import FINAL_STAGES
from questionbank.api.authentication import TokenAuthentication
from questionbank.api.problems_json import answer
from questionbank.models import User

HEARTBEAT_S = 10.0
POLL_S = 1.0
_HEARTBEAT = b": still here\n\n"


@csrf_exempt
async def submission_events(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """GET: `stage`, `case` and at last `finished`; honours Last-Event-ID."""
    user, refused = await _asked_by(request)
    if user is None:
        return refused
    if not await visible_submissions(user).filter(pk=pk).aexists():
        return answer(HTTPStatus.NOT_FOUND, "There is no such submission.")
    key = events.stream_key("submission", str(pk))
    return _response(_follow(key, _last_id(request), lambda: _stored_submission(str(pk))))


@csrf_exempt
async def run_events(request: HttpRequest, pk: str) -> HttpResponseBase:
    """GET: `finished` with the run's result."""
    user, refused = await _asked_by(request)
    if user is None:
        return refused
    try:
        await sync_to_async(runs.run_result)(pk, user=user)
    except RunUnknown:
        return answer(HTTPStatus.NOT_FOUND, "There is no such run.")
    return _response(_follow(events.stream_key("run", pk), _last_id(request), lambda: _stored_run(pk, user)))


async def _asked_by(request: HttpRequest) -> tuple[User | None, HttpResponse]:
    """The account that asks; where there is none, or it asks wrongly, the answer to that."""
    if request.method != "GET":
        refused = answer(HTTPStatus.METHOD_NOT_ALLOWED, f"The method {request.method} is not allowed.")
        refused["Allow"] = "GET"
        return None, refused
    user: Any = await request.auser()
    if not user.is_authenticated:
        user = await sync_to_async(_of_token)(request)
    refused = answer(HTTPStatus.UNAUTHORIZED, "Log in or send a token.")
    refused["WWW-Authenticate"] = "Token"
    return user, refused


def _of_token(request: HttpRequest) -> User | None:
    try:
        found: Any = TokenAuthentication().authenticate(Request(request))
    except AuthenticationFailed:
        return None
    return found[0] if found else None


def _last_id(request: HttpRequest) -> str:
    """Where to go on; an id that is no stream's (a replay's, or made up) begins anew."""
    given = request.headers.get("Last-Event-ID", "")
    first, _, second = given.partition("-")
    return given if first.isdigit() and second.isdigit() else "0"


def _response(body: AsyncIterator[bytes]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(body, content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    # nginx holds small answers back unless told not to.
    response["X-Accel-Buffering"] = "no"
    return response


Stored = list[tuple[str, dict[str, Any]]]


async def _follow(key: str, last_id: str, stored: Callable[[], Stored | None]) -> AsyncIterator[bytes]:
    """Events until `finished`. `stored` gives the whole story from the database once it is over."""
    read_stored = sync_to_async(stored)
    over = await read_stored()
    if over is not None:
        for chunk in _replayed(over):
            yield chunk
        return
    try:
        async for event in events.read(key, last_id, HEARTBEAT_S):
            if event is None:
                yield _HEARTBEAT
                over = await read_stored()
                if over is not None:
                    break
                continue
            yield _encoded(event.id, event.name, event.data)
            if event.name == "finished":
                return
    except redis.RedisError:
        while over is None:
            yield _HEARTBEAT
            await asyncio.sleep(POLL_S)
            over = await read_stored()
    for chunk in _replayed(over or []):
        yield chunk


def _stored_submission(pk: str) -> Stored | None:
    submission = Submission.objects.prefetch_related("cases").get(pk=pk)
    if submission.stage not in FINAL_STAGES:
        return None
    cases = [("case", services.case_event(case.position, vars(case))) for case in submission.cases.all()]
    return [("stage", {"stage": submission.stage}), *cases, ("finished", services.finished_event(submission))]


def _stored_run(pk: str, user: User) -> Stored | None:
    result = runs.run_result(pk, user=user)
    return None if result is None else [("finished", result)]


def _replayed(story: Stored) -> list[bytes]:
    return [_encoded("replay", name, data) for name, data in story]


def _encoded(identifier: str, name: str, data: dict[str, Any]) -> bytes:
    return f"id: {identifier}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()
