"""An exercise whose models or data are not installed says so, and takes no answer that it could not judge."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from django.urls import reverse
from pytest_django.fixtures import Settings

from fixtures.demo import PROBLEMS, load_topics
from grader.models import Submission
from grader.tasks import judging
from questionbank.models import ProblemVersion, User
from questionbank.services import publish
from sandbox.client import Config, private_sandbox
from sandbox.job import Runtime
from tests.models import installed
from tests.pages.conftest import client_of

SENTENCE = "This exercise is not available on this installation: adult could not be installed."


@pytest.fixture
def version(db: None, settings: Settings, tmp_path: Path) -> ProblemVersion:
    settings.VERSION_STORE = tmp_path / "versions"
    settings.DATA_ROOT = tmp_path / "data"
    load_topics()
    return publish(PROBLEMS / "adult-f1")


def send(version: ProblemVersion, candidate: User) -> tuple[int, str]:
    address = reverse("problem-submit", args=[version.problem.slug])
    answer = client_of(candidate).post(address, {"language": "python", "source": "print(1)\n"})
    return answer.status_code, answer.content.decode()


def test_its_page_says_what_is_missing(version: ProblemVersion, candidate: User) -> None:
    page = client_of(candidate).get(reverse("problem", args=[version.problem.slug])).content.decode()
    assert SENTENCE in page


def test_its_page_says_so_in_chinese(version: ProblemVersion, candidate: User) -> None:
    address = reverse("problem", args=[version.problem.slug])
    page = client_of(candidate).get(address, headers={"accept-language": "zh-hans"}).content.decode()
    assert "本机无法提供这道练习" in page


@pytest.mark.usefixtures("broker")
def test_answers_are_refused_and_not_kept(version: ProblemVersion, candidate: User) -> None:
    status, text = send(version, candidate)
    assert status == 400
    assert SENTENCE in text
    assert not Submission.objects.exists()


def test_the_api_names_what_is_missing(version: ProblemVersion) -> None:
    answer = client_of(None).get(f"/api/v1/problems/{version.problem.slug}/")
    assert answer.json()["missing_data"] == ["adult"]


def test_once_installed_nothing_is_missing(
    version: ProblemVersion, candidate: User, settings: Settings
) -> None:
    settings.DATA_ROOT = installed("adult")
    page = client_of(candidate).get(reverse("problem", args=[version.problem.slug])).content.decode()
    assert "not available on this installation" not in page
    assert client_of(None).get(f"/api/v1/problems/{version.problem.slug}/").json()["missing_data"] == []


@pytest.mark.usefixtures("broker")
def test_an_answer_that_was_waiting_ends_at_once_and_says_why(
    version: ProblemVersion, candidate: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not three times: what is missing now is missing in a minute, too."""
    submission = Submission.objects.create(
        user=candidate, version=version, language="python", source="print(1)\n"
    )
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        config = Config(Path(folder) / "sandbox.sock", parked={Runtime.PYTHON: 1})
        with private_sandbox(config) as sandbox:
            monkeypatch.setattr(judging, "jail", lambda: sandbox)
            judging.judge_submission.apply(args=[str(submission.pk)], throw=True)
    submission.refresh_from_db()
    assert (submission.stage, submission.verdict, submission.attempt) == ("done", "IE", 1)
    page = client_of(candidate).get(reverse("submission", args=[submission.pk]))
    assert f"{SENTENCE} This answer is not counted." in page.content.decode()
    address = f"/api/v1/submissions/{submission.pk}/"
    in_chinese = client_of(candidate).get(address, headers={"accept-language": "zh-hans"}).json()["message"]
    assert "本机无法提供这道练习" in in_chinese
