"""Published problems, and people of each role."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from deploy.broker import command, find_server
from fixtures.demo import PROBLEMS, load_topics
from grader import events
from grader.models import Submission
from interviews.models import QuestionSet
from interviews.services import ItemDraft, create_set
from questionbank.models import ProblemVersion, User
from questionbank.services import publish

CODE, CHOICE, OPEN = "f1-from-confusion-matrix", "quantisation-trade-offs", "deployment-challenges"


@pytest.fixture
def broker(settings: Settings) -> Iterator[None]:
    """A Redis server of the test's own."""
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        socket = Path(folder) / "broker.sock"
        arguments = command(find_server(), socket=socket, data=Path(folder) / "data")
        server = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        settings.REDIS_URL = f"unix://{socket}"
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
        events.connection.cache_clear()
        try:
            yield
        finally:
            events.connection().close()
            events.connection.cache_clear()
            server.terminate()
            server.wait(20)


@pytest.fixture
def versions(db: None, settings: Settings, tmp_path: Path) -> dict[str, ProblemVersion]:
    """One function, one choice and one open question, published into a store of their own."""
    settings.VERSION_STORE = tmp_path / "versions"
    load_topics()
    return {slug: publish(PROBLEMS / slug) for slug in (CODE, CHOICE, OPEN)}


@pytest.fixture
def candidate(db: None) -> User:
    return User.objects.create_user("candidate")


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("stranger")


@pytest.fixture
def interviewer(db: None) -> User:
    return User.objects.create_user("interviewer", is_interviewer=True)


@pytest.fixture
def question_set(versions: dict[str, ProblemVersion], interviewer: User) -> QuestionSet:
    return create_set(
        owner=interviewer,
        title="First talk",
        introduction="",
        time_limit_minutes=30,
        items=[ItemDraft(CODE, 1), ItemDraft(OPEN, 2)],
    )


@pytest.fixture
def answered(versions: dict[str, ProblemVersion], candidate: User) -> Callable[..., Submission]:
    """Writes a finished answer of the candidate's, as the judge leaves it."""

    def write(slug: str = CODE, source: str = "secret_of_the_candidate = 1", **fields: object) -> Submission:
        version = versions[slug]
        values: dict[str, object] = {"stage": "done", "verdict": "WA", "score": 0.0} | fields
        return Submission.objects.create(
            user=candidate, version=version, language=version.languages[0], source=source, **values
        )

    return write


def client_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client
