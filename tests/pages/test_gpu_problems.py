"""A problem that needs a GPU says so before anyone writes an answer, and costs nobody one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import reverse
from pytest_django.fixtures import Settings

from fixtures.demo import load_topics
from grader import devices
from grader.lacks import message_of
from grader.models import Submission
from grader.tasks import judging, worker
from questionbank.models import ProblemVersion, User
from questionbank.services import package_of, publish
from sandbox import Config, Runtime, Sandbox
from sandbox.client import private_sandbox
from tests.packages.writing import TOUCHSTONE, write_package
from tests.pages.conftest import client_of

SENTENCE = "This problem needs a GPU, and this installation has none."


@pytest.fixture
def version(db: None, settings: Settings, tmp_path: Path) -> ProblemVersion:
    settings.VERSION_STORE = tmp_path / "versions"
    load_topics()
    wishes = {"device": "gpu", "function": {**TOUCHSTONE["function"], "runtime": "ml"}}
    return publish(write_package(tmp_path, touchstone=wishes))


@pytest.fixture
def sandbox_without_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """What a worker of this installation finds."""
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        config = Config(Path(folder) / "sandbox.sock", parked={Runtime.PYTHON: 1}, devices=())
        with private_sandbox(config) as sandbox:
            for module in (judging, worker):
                monkeypatch.setattr(module, "jail", lambda: sandbox)
            yield sandbox


def sent(version: ProblemVersion, candidate: User) -> tuple[int, str]:
    address = reverse("problem-submit", args=[version.problem.slug])
    source = {"language": "python", "source": "def solve(x):\n    return 2 * x\n"}
    answer = client_of(candidate).post(address, source)
    return answer.status_code, answer.content.decode()


@pytest.mark.usefixtures("broker")
def test_where_there_is_no_gpu_the_page_says_so_and_answers_are_refused(
    version: ProblemVersion, candidate: User
) -> None:
    devices.tell([])
    page = client_of(candidate).get(reverse("problem", args=[version.problem.slug])).content.decode()
    assert SENTENCE in page
    assert "on a GPU" in page
    status, text = sent(version, candidate)
    assert status == 400
    assert SENTENCE in text
    assert not Submission.objects.exists()


@pytest.mark.usefixtures("broker")
def test_where_there_is_one_answers_are_taken(version: ProblemVersion, candidate: User) -> None:
    devices.tell(["NVIDIA H100"])
    page = client_of(candidate).get(reverse("problem", args=[version.problem.slug])).content.decode()
    assert SENTENCE not in page
    assert sent(version, candidate)[0] == 302


@pytest.mark.usefixtures("broker")
def test_until_a_worker_has_said_what_there_is_answers_are_taken(
    version: ProblemVersion, candidate: User
) -> None:
    assert devices.can_judge(package_of(version))
    assert sent(version, candidate)[0] == 302


def test_the_api_says_that_a_gpu_is_needed(version: ProblemVersion) -> None:
    answer = client_of(None).get(f"/api/v1/problems/{version.problem.slug}/")
    assert answer.json()["needs_gpu"] is True


@pytest.mark.usefixtures("broker", "sandbox_without_gpu")
def test_an_answer_that_slipped_through_is_not_counted_and_says_why(
    version: ProblemVersion, candidate: User
) -> None:
    submission = Submission.objects.create(
        user=candidate, version=version, language="python", source="def solve(x):\n    return 2 * x\n"
    )
    judging.judge_submission.apply(args=[str(submission.pk)], throw=True)
    submission.refresh_from_db()
    assert (submission.stage, submission.verdict, submission.attempt) == ("done", "IE", 1)
    assert message_of(submission) == (
        "This problem needs a GPU that this installation has not. This answer is not counted."
    )


@pytest.mark.usefixtures("broker", "sandbox_without_gpu")
def test_a_worker_says_what_it_has_when_it_starts(version: ProblemVersion) -> None:
    worker.worker_is_ready()
    assert not devices.can_judge(package_of(version))


def test_a_result_names_device_driver_and_timer(version: ProblemVersion, candidate: User) -> None:
    submission = Submission.objects.create(
        user=candidate,
        version=version,
        language="python",
        source="x",
        stage="done",
        verdict="AC",
        score=100.0,
        device="NVIDIA H100",
        driver="550.54",
        timer="device events",
    )
    page = client_of(candidate).get(reverse("submission", args=[submission.pk])).content.decode()
    assert "Computed on NVIDIA H100 (driver 550.54); times taken by the device&#x27;s own events." in page
