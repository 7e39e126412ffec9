"""A worker asks the model after its own grade: agreement publishes, anything else goes to a person."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse
from pytest_django.fixtures import Settings

from grader.grading import finish_graded
from grader.ledger import DatabaseLedger, calls_today, forget_version, installed_judge
from grader.llm.model import Objection, Opinion, PointJudgement, PointVerdict, Quote
from grader.models import Grade, JudgeVersion, Submission
from grader.open.model import Flag
from grader.publishing import Doubt
from grader.services import claim, submit
from grader.tasks import judging
from grader.verdict import Stage
from questionbank.models import ProblemVersion
from tests import bank
from tests.grading.conftest import MET, NOT_MET, grade_of
from tests.llm.conftest import ANSWER, MEMORY, VERSION, Memory, Model, Raw, honest, verdict
from tests.pages.conftest import client_of

SAID = Opinion(
    "small-judge-1",
    (
        PointJudgement(
            "cause", PointVerdict.MET, (Quote(4, 28, "weights come from memory"),), "It does.", True
        ),
        PointJudgement(
            "remedy", PointVerdict.PARTIAL, (Quote(29, 48, "for each token. Lar"),), "Half.", True
        ),
    ),
    (0.8, 0.8),
    (),
)


@pytest.fixture
def version(db: None, tmp_path: Path, broker: object) -> ProblemVersion:
    return bank.published(tmp_path, bank.OPEN)[bank.OPEN]


@pytest.fixture
def submission(version: ProblemVersion) -> Submission:
    return submit(user=bank.candidate(), version=version, language="text", source=ANSWER)


@pytest.fixture
def installed(settings: Settings, address: str) -> None:
    settings.JUDGE_URL, settings.JUDGE_KEY, settings.JUDGE_MODEL = address, "secret", "small-judge"


def finished(submission: Submission, opinion: Opinion | None, **said: object) -> Submission:
    pk = str(submission.pk)
    attempt = claim(pk)
    assert attempt is not None
    finish_graded(pk, attempt, grade_of(**said), opinion)  # type: ignore[arg-type]
    submission.refresh_from_db()
    return submission


BARE = {"cause": MET, "remedy": MET, "half_width": 0.5, "graded_answers": 0, "calibrated": False}
"""A local grade of 1 that nothing stands behind."""


def test_a_model_that_agrees_publishes_with_its_own_points_and_words(submission: Submission) -> None:
    finished(submission, SAID, **BARE)
    assert (submission.stage, submission.score) == (Stage.DONE, 80.0)
    grade = Grade.objects.get()
    assert (grade.low, grade.high, grade.judge, grade.doubts) == (0.8, 1.0, "small-judge-1", [])
    cause, remedy = grade.points
    assert (cause["level"], cause["start"], cause["end"]) == ("met", 4, 28)
    assert (remedy["level"], remedy["probability"]) == ("partly", 0.75)


def test_a_flag_counts_although_the_model_agrees(submission: Submission) -> None:
    finished(submission, SAID, **BARE, flags=(Flag.INJECTION,))
    assert Grade.objects.get().doubts == [Doubt.FLAGGED]


def test_two_graders_on_both_sides_of_passing_publish_nothing(submission: Submission) -> None:
    """The model says 0.8, the local grader 0.55: within a quarter of each other, and one of them fails it."""
    finished(submission, SAID, cause=NOT_MET, remedy=MET, half_width=0.1)
    assert Doubt.STRADDLES in Grade.objects.get().doubts
    assert submission.stage == Stage.AWAITING_REVIEW


def test_a_model_that_objects_sends_to_a_person_what_was_sure_without_it(submission: Submission) -> None:
    objecting = Opinion(SAID.model, SAID.points, SAID.scores, (Objection.RUNS_DIFFER,))
    finished(submission, objecting, cause=MET, remedy=MET)
    grade = Grade.objects.get()
    assert (grade.doubts, grade.score) == ([Doubt.JUDGES_DISAGREE], 1.0)
    page = client_of(bank.interviewer()).get(reverse("review", args=[submission.pk])).content.decode()
    assert "its two runs differ" in page
    assert "Partly met: Half." in page


def test_what_a_model_writes_is_shown_as_text(submission: Submission) -> None:
    point = PointJudgement("cause", PointVerdict.NOT_MET, (), "<img src=x onerror=alert(1)>\0", True)
    finished(submission, Opinion("m", (point, SAID.points[1]), (0.2, 0.2), (Objection.UNPROVEN,)), **BARE)
    page = client_of(bank.interviewer()).get(reverse("review", args=[submission.pk])).content.decode()
    assert "<img" not in page
    assert "&lt;img" in page


def test_a_worker_asks_the_model_and_keeps_what_it_said(
    submission: Submission, model: Model, installed: None
) -> None:
    model.says = lambda asked: verdict(asked, "met", MEMORY)
    judging.judge_submission(str(submission.pk))
    grade = Grade.objects.get()
    assert grade.judge == VERSION
    assert grade.opinion["scores"] == [1.0, 1.0]
    assert [point["verdict"] for point in grade.opinion["points"]] == ["met", "met"]
    # Two points, two runs; and six canaries of two points each.
    assert calls_today() == len(model.asked) == 16
    assert JudgeVersion.objects.get().passed


def test_a_model_that_fails_leaves_the_local_grade(
    submission: Submission, model: Model, installed: None
) -> None:
    model.says = lambda asked: Raw(401, b"no")
    judging.judge_submission(str(submission.pk))
    grade = Grade.objects.get()
    assert (grade.judge, grade.opinion) == ("", {})
    assert Doubt.JUDGES_DISAGREE not in grade.doubts


def test_without_an_endpoint_nothing_is_asked(
    submission: Submission, model: Model, settings: Settings
) -> None:
    settings.JUDGE_URL = ""
    assert installed_judge() is None
    judging.judge_submission(str(submission.pk))
    assert Grade.objects.get().judge == ""
    assert model.asked == []


def test_the_database_keeps_what_memory_keeps(db: None) -> None:
    """One contract for both ledgers."""
    for ledger in (DatabaseLedger(5), Memory(5)):
        assert ledger.reply("a") is None
        ledger.keep("a", "said")
        assert ledger.reply("a") == "said"
        assert ledger.spend(3)
        assert not ledger.spend(3)
        assert ledger.spend(2)
        assert not ledger.spend(1)
        assert ledger.standing("v") is None
        ledger.judge_version("v", False, "inflated")
        assert ledger.standing("v") is False
        ledger.judge_version("v", True, "")
        assert ledger.standing("v") is True
    forget_version("v")
    assert DatabaseLedger(5).standing("v") is None


def test_the_honest_model_of_these_tests_finds_points_by_their_words() -> None:
    """What other tests call honest must not be so by always saying yes."""
    from tests.llm.conftest import Asked

    assert honest(Asked("cause", "Nothing of it.", {}, {}))["verdict"] == "not_met"
    assert honest(Asked("cause", ANSWER, {}, {}))["verdict"] == "met"
