"""Samples and own input run outside the record, for the one who asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from grader import events
from grader.models import Submission
from questionbank.models import User
from tests import bank
from tests.api.conftest import Api, refused
from tests.stack import Stack, wait_until

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def user(transactional_db: None, tmp_path: Path) -> User:
    bank.published(tmp_path)
    return bank.candidate()


@pytest.fixture
def client(user: User) -> Api:
    return Api(user)


def start(client: Api, source: str, slug: str = bank.FUNCTION, **fields: object) -> Any:
    return client.post("runs/", {"problem": slug, "language": "python", "source": source} | fields)


@pytest.fixture
def run(stack: Stack, client: Api) -> Run:
    """Runs and waits for the result."""

    def wait(source: str, slug: str = bank.FUNCTION, **fields: object) -> dict[str, Any]:
        answer = start(client, source, slug, **fields)
        assert answer.status_code == 202, answer.content
        path = f"runs/{answer.json()['id']}/"
        wait_until(lambda: client.get(path).json()["done"], 30, "the run's end")
        result: dict[str, Any] = client.get(path).json()
        return result

    return wait


def test_the_samples_run_and_are_compared(run: Run) -> None:
    (sample,) = run("def solve(x):\n    print('trying', x)\n    return x")["runs"]
    assert (sample["name"], sample["verdict"]) == ("1", "WA")
    assert (sample["output"], sample["expected"], sample["stdout"]) == ("1", "2", "trying 1\n")
    assert Submission.objects.count() == 0


def test_own_arguments_run_without_a_verdict(run: Run) -> None:
    (own,) = run(bank.RIGHT[bank.FUNCTION], own_input="[21]")["runs"]
    assert (own["name"], own["verdict"], own["output"], own["expected"]) == ("own", None, "42", None)


def test_own_stdin_reaches_a_program(run: Run) -> None:
    (own,) = run("print(input()[::-1])", bank.PROGRAM, own_input="čau 𝕏\n")["runs"]
    assert (own["verdict"], own["output"]) == (None, "𝕏 uač\n")


def test_an_artifact_runs_without_being_measured(run: Run) -> None:
    (only,) = run(bank.RIGHT[bank.ARTIFACT], bank.ARTIFACT)["runs"]
    assert (only["verdict"], only["output"]) == (None, "out/model.bin: 1 bytes")


def test_a_source_that_does_not_compile_says_so(run: Run) -> None:
    (only,) = run("def solve(x) return x")["runs"]
    assert only["verdict"] == "CE"
    assert "SyntaxError" in only["stderr"]


@pytest.mark.parametrize(
    "own_input",
    [
        "",
        "42",
        "[1, 2]",
        '["one"]',
        "[1.5]",
        "[",
        "[" * 10**5,
        "[1e400]",
        '["\\ud800"]',
        "[" + "9" * 5000 + "]",
    ],
)
def test_own_arguments_that_make_no_sense_are_told(run: Run, own_input: str) -> None:
    result = run(bank.RIGHT[bank.FUNCTION], own_input=own_input)
    assert (result["error"], result["runs"]) == ("input", [])
    assert result["message"]


@pytest.mark.parametrize(
    ("printed", "kept"), [("a\\0b", "a\ufffdb"), ("\\ud800", "\ufffd\ufffd\ufffd"), ("\\U0001d54f", "𝕏")]
)
def test_any_output_can_be_read(run: Run, printed: str, kept: str) -> None:
    source = f"import sys\nsys.stdout.buffer.write('{printed}'.encode('utf-8', 'surrogatepass'))"
    (own,) = run(source, bank.PROGRAM, own_input="x")["runs"]
    assert own["output"] == kept


def test_a_result_of_half_characters_can_be_read(run: Run) -> None:
    (sample,) = run("def solve(x): return '\\ud800'")["runs"]
    assert sample["verdict"] == "WA"


def test_a_failure_of_ours_says_no_more_than_that(stack: Stack, run: Run) -> None:
    stack.sandbox.kill()
    result = run(bank.RIGHT[bank.FUNCTION])
    assert (result["error"], result["runs"], result["message"]) == ("internal", [], "")


def test_the_result_comes_as_an_event_too(stack: Stack, client: Api, user: User) -> None:
    run_id = start(client, bank.RIGHT[bank.FUNCTION]).json()["id"]

    async def read() -> bytes:
        reader = AsyncClient()
        await reader.aforce_login(user)
        answer = await reader.get(f"/api/v1/runs/{run_id}/events/")
        return b"".join([chunk async for chunk in answer.streaming_content])  # type: ignore[attr-defined]

    told = async_to_sync(read)().decode()
    (data,) = [line.removeprefix("data: ") for line in told.splitlines() if line.startswith("data: ")]
    assert "event: finished" in told
    kept = client.get(f"runs/{run_id}/").json()
    assert json.loads(data) | {"done": True} == kept


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"slug": bank.CHOICE, "language": "choice"}, "problem"),
        ({"slug": bank.OPEN, "language": "text"}, "problem"),
        ({"slug": "unknown"}, "problem"),
        ({"language": "cobol"}, "language"),
        ({"source": ""}, "source"),
        ({"source": "\ud800"}, "source"),
        ({"own_input": "x" * (256 * 1024 + 1)}, "own_input"),
        ({"own_input": "\ud800"}, "own_input"),
        ({"own_input": "\0"}, "own_input"),
        ({"own_input": 7.5e300}, None),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(client: Api, fields: dict[str, Any], field: str | None) -> None:
    answer = start(client, **{"source": "x", **fields})
    if field is None:
        assert answer.status_code == 202
    else:
        assert list(refused(answer, 400)["errors"]) == [field]


def test_a_run_is_its_owners(client: Api) -> None:
    run_id = start(client, "x = 1").json()["id"]
    stranger, interviewer = bank.candidate("stranger"), bank.interviewer()
    for other in (stranger, interviewer):
        refused(Api(other).get(f"runs/{run_id}/"), 404)
        refused(Api(other).get(f"runs/{run_id}/events/"), 404)
        page = Client()
        page.force_login(other)
        assert page.get(f"/runs/{run_id}/").status_code == 404
    refused(Api().get(f"runs/{run_id}/"), 401)


def test_a_run_that_has_expired_is_not_found(client: Api) -> None:
    run_id = start(client, "x = 1").json()["id"]
    assert client.get(f"runs/{run_id}/").json()["done"] is False
    events.connection().delete(f"touchstone:run:{run_id}")
    refused(client.get(f"runs/{run_id}/"), 404)


def test_ids_that_are_none_are_not_found(client: Api) -> None:
    run_id = start(client, "x = 1").json()["id"]
    events.publish(events.stream_key("run", run_id), "finished", {})
    for path in (f"{run_id}:events", "loose", "*", run_id.upper(), run_id + "%0A", "x" * 5000):
        refused(client.get(f"runs/{path}/"), 404)
        refused(client.get(f"runs/{path}/events/"), 404)
