"""A grade stands by itself only where nothing speaks against it; else a person decides."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from grader.errors import InvalidRule
from grader.grading import current_rule, set_rule
from grader.models import Grade, PublishingRule
from grader.open.encoding import EncoderMissing
from grader.open.model import Flag
from grader.publishing import Doubt, Estimate, Rule, doubts_of, is_audited
from grader.services import MAX_INFRASTRUCTURE_FAILURES, claim, fail_attempt, submit
from grader.tasks import judging, open_answers
from grader.verdict import Stage
from questionbank.models import ProblemVersion, User
from tests.grading.conftest import SURE, Answered

SOUND = Estimate(score=0.9, low=0.75, high=1.0, flags=(), graded_answers=5, calibrated=True)


def test_a_sound_grade_is_published() -> None:
    assert doubts_of(SOUND, Rule()) == ()


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        ({"low": 0.69}, Doubt.WIDE),
        ({"score": 0.7, "low": 0.59, "high": 0.8}, Doubt.STRADDLES),
        ({"flags": (Flag.INJECTION,)}, Doubt.FLAGGED),
        ({"graded_answers": 4}, Doubt.FEW_SAMPLES),
        ({"calibrated": False}, Doubt.LANGUAGE),
    ],
)
def test_one_doubt_is_enough_to_abstain(change: dict[str, object], doubt: Doubt) -> None:
    assert doubts_of(replace(SOUND, **change), Rule()) == (doubt,)  # type: ignore[arg-type]


def test_an_interval_cut_off_at_an_end_is_as_wide_as_its_longer_side() -> None:
    assert doubts_of(replace(SOUND, score=1.0, low=0.7, high=1.0), Rule()) == (Doubt.WIDE,)


@pytest.mark.parametrize(
    ("low", "high", "straddles"),
    [(0.6, 0.8, False), (0.59, 0.8, True), (0.4, 0.59, False), (0.4, 0.6, True)],
)
def test_an_interval_straddles_where_its_ends_fall_on_both_sides_of_passing(
    low: float, high: float, straddles: bool
) -> None:
    estimate = replace(SOUND, score=(low + high) / 2, low=low, high=high)
    assert (Doubt.STRADDLES in doubts_of(estimate, Rule())) is straddles


def test_what_a_language_model_has_confirmed_rests_on_no_graded_answers() -> None:
    bare = replace(SOUND, graded_answers=0, calibrated=False)
    assert doubts_of(replace(bare, confirmed=True), Rule()) == ()
    assert doubts_of(replace(bare, confirmed=True, flags=(Flag.NEGATION,)), Rule()) == (Doubt.FLAGGED,)


def test_a_twentieth_is_audited_by_chance_and_the_same_again() -> None:
    rule = Rule()
    names = [str(uuid.UUID(int=number)) for number in range(20_000)]
    drawn = [name for name in names if is_audited(name, rule, "secret")]
    assert 0.04 < len(drawn) / len(names) < 0.06
    assert all(is_audited(name, rule, "secret") for name in drawn)
    assert drawn != [name for name in names if is_audited(name, rule, "another")]


def test_a_published_answer_is_done_and_has_its_score(answered: Answered) -> None:
    submission = answered(**SURE)
    assert (submission.stage, submission.score, submission.verdict) == (Stage.DONE, 100.0, "")
    assert Grade.objects.get(submission=submission).doubts == []


def test_a_provisional_answer_has_no_score_and_waits(answered: Answered) -> None:
    submission = answered(**SURE, flags=(Flag.KEYWORD_STUFFING,))
    assert (submission.stage, submission.score) == (Stage.AWAITING_REVIEW, None)
    grade = Grade.objects.get(submission=submission)
    assert (grade.score, grade.doubts, grade.flags) == (1.0, ["flagged"], ["keyword_stuffing"])


def test_the_operators_newest_thresholds_hold(answered: Answered, reviewer: User) -> None:
    assert current_rule() == Rule()
    set_rule(user=reviewer, rule=Rule(half_width=0.05))
    assert answered(**SURE).stage == Stage.AWAITING_REVIEW
    set_rule(user=reviewer, rule=Rule(half_width=0.3, pass_mark=0.5, graded_answers=0, audit_share=0.0))
    assert current_rule() == Rule(0.3, 0.5, 0, 0.0)
    assert answered(**SURE, graded_answers=0).stage == Stage.DONE
    assert PublishingRule.objects.count() == 2


@pytest.mark.parametrize("field", ["half_width", "pass_mark", "audit_share", "graded_answers"])
def test_thresholds_that_make_no_sense_are_refused(reviewer: User, field: str) -> None:
    with pytest.raises(InvalidRule) as refused:
        set_rule(user=reviewer, rule=replace(Rule(), **{field: -1}))
    assert refused.value.field == field
    assert current_rule() == Rule()


def test_prose_that_the_grader_fails_on_waits_for_a_person(version: ProblemVersion, candidate: User) -> None:
    submission = submit(user=candidate, version=version, language="text", source="Prose.")
    for _ in range(MAX_INFRASTRUCTURE_FAILURES):
        attempt = claim(str(submission.pk))
        assert attempt is not None
        fail_attempt(str(submission.pk), attempt)
    submission.refresh_from_db()
    assert (submission.stage, submission.verdict, submission.score) == (Stage.AWAITING_REVIEW, "", None)
    assert not Grade.objects.exists()


def test_prose_is_for_a_person_where_the_grader_lacks_its_model(
    version: ProblemVersion, candidate: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(*args: object, **options: object) -> None:
        raise EncoderMissing("no sentence encoder")

    monkeypatch.setattr(open_answers, "grade", lacking)
    submission = submit(user=candidate, version=version, language="text", source="Prose.")
    judging.judge_submission(str(submission.pk))
    submission.refresh_from_db()
    assert (submission.stage, submission.verdict, submission.score) == (Stage.AWAITING_REVIEW, "", None)
    assert submission.attempt == 1
