"""Runs of the samples or of one's own input, outside the record: in Redis, for an hour."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from django.utils.translation import gettext as _

from grader import events
from grader.answers import check_answer, check_text, clean, storable
from grader.errors import AnswerRefused, RunUnknown
from grader.lacks import sentence
from grader.queue import enqueue_run, queue_of
from questionbank.models import ProblemVersion, User
from questionbank.packages.model import Kind
from questionbank.services import package_of

KEPT_S = 3600
_ID = re.compile(r"[0-9a-f]{32}")


def start_run(
    *, user: User, version: ProblemVersion, language: str, source: str, own_input: str | None
) -> str:
    """Queues a run of the samples, or of the candidate's own input; the run's id. Raises `AnswerRefused`."""
    package = package_of(version)
    if package.kind in (Kind.CHOICE, Kind.OPEN):
        raise AnswerRefused(_("This problem has nothing to run."), field="problem")
    check_answer(package, language, source)
    if own_input is not None:
        check_text(own_input, field="own_input")
    run_id = uuid.uuid4().hex
    request = {
        "user": user.pk,
        "version": version.pk,
        "language": language,
        "source": source,
        "own_input": own_input,
    }
    _keep(run_id, {"request": request, "result": None, "lack": ""})
    enqueue_run(run_id, queue_of(package))
    return run_id


def run_request(run_id: str) -> dict[str, Any]:
    """What was asked for; `RunUnknown` once it has expired."""
    request: dict[str, Any] = _run(run_id)["request"]
    return request


def finish_run(
    run_id: str, *, runs: list[dict[str, Any]], error: str | None = None, message: str = "", lack: str = ""
) -> None:
    """Stores and tells a run's result; `RunUnknown` once it has expired. `lack`: see `grader.lacks.Lack`."""
    result = {
        "runs": [storable(run) for run in runs],
        "error": "input" if lack else error,
        "message": sentence(lack) if lack else clean(message),
    }
    _keep(run_id, _run(run_id) | {"result": result, "lack": lack})
    events.publish(events.stream_key("run", run_id), "finished", result)


def run_result(run_id: str, *, user: User) -> dict[str, Any] | None:
    """The result of the user's own run, None while it is under way; `RunUnknown` for any other."""
    run = _run(run_id)
    if run["request"]["user"] != user.pk:
        raise RunUnknown(_("There is no such run."))
    result: dict[str, Any] | None = run["result"]
    if result is None or not run["lack"]:
        return result
    # In the reader's language, not the worker's.
    return result | {"message": sentence(run["lack"])}


def _run(run_id: str) -> dict[str, Any]:
    stored = events.connection().get(_key(run_id)) if _ID.fullmatch(run_id) else None
    if stored is None:
        raise RunUnknown(_("There is no such run."))
    run: dict[str, Any] = json.loads(str(stored))
    return run


def _keep(run_id: str, run: dict[str, Any]) -> None:
    events.connection().set(_key(run_id), json.dumps(run), ex=KEPT_S)


def _key(run_id: str) -> str:
    return f"touchstone:run:{run_id}"
