"""Each listed answer of every shipped model exercise gets the verdict of its folder, on real data."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.jail import sandbox_config
from grader.judge.judging import judge
from grader.judge.model import Answer
from grader.verdict import Verdict
from questionbank.packages.model import Kind, ReferenceSubmission
from sandbox.client import Config, Sandbox, private_sandbox
from sandbox.job import Runtime
from tests.fixtures.bank import package, packages
from tests.models import installed

pytestmark = pytest.mark.ml
EXERCISES = packages(Kind.ARTIFACT)
NEEDED = sorted(
    {name for one in EXERCISES if one.artifact for name in (one.artifact.hidden, *one.artifact.store)}
)
LISTED = [
    pytest.param(one.slug, submission, id=f"{one.slug}/{'/'.join(submission.path.parts[1:])}")
    for one in EXERCISES
    for submission in one.submissions
]


@pytest.fixture(scope="module")
def data() -> Path:
    return installed(*NEEDED)


@pytest.fixture(scope="module")
def jail(data: Path) -> Iterator[Sandbox]:
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        ours = sandbox_config(Path(folder) / "sandbox.sock")
        config = Config(
            ours.socket,
            stores={"/store": data / "public"},
            masked=ours.masked,
            libraries=ours.libraries,
            parked={Runtime.ML: 2, Runtime.NUMPY: 1},
        )
        with private_sandbox(config) as running:
            yield running


@pytest.mark.parametrize(("slug", "submission"), LISTED)
def test_a_listed_answer_gets_the_verdict_of_its_folder(
    jail: Sandbox, data: Path, slug: str, submission: ReferenceSubmission
) -> None:
    answer = Answer(submission.language, submission.source.decode())
    result = judge(package(slug), answer, sandbox=jail, hidden_root=data / "hidden")
    assert result.verdict is Verdict(submission.expected), (result.message, result.metrics)
    if submission.expected == "AC":
        assert all(metric.passed for metric in result.metrics if metric.decides)


@pytest.mark.parametrize("slug", [one.slug for one in EXERCISES])
def test_a_model_exercise_knows_right_and_wrong_answers(slug: str) -> None:
    expected = [submission.expected for submission in package(slug).submissions]
    assert expected.count("AC") >= 1
    assert sum(verdict != "AC" for verdict in expected) >= 2


@pytest.mark.parametrize("slug", [one.slug for one in EXERCISES])
def test_a_second_run_measures_the_same(jail: Sandbox, data: Path, slug: str) -> None:
    found = package(slug)
    (right, *_) = (one for one in found.submissions if one.expected == "AC")
    answer = Answer(right.language, right.source.decode())
    first, second = (judge(found, answer, sandbox=jail, hidden_root=data / "hidden") for _ in range(2))
    assert first.metrics == second.metrics
