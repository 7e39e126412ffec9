"""A rubric is refused whose points the grader cannot tell apart; the bank's are not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from grader.open.encoding import Encoder
from grader.open.lint import faults_of
from tests.grader.open.bank import questions
from tests.models import installed


@cache
def encoder() -> Encoder:
    return Encoder(installed("sentence-encoder") / "public")


@pytest.mark.parametrize("slug", sorted(questions()))
def test_a_rubric_of_the_bank_has_no_fault(slug: str) -> None:
    assert faults_of(questions()[slug], encoder()) == ()


def test_two_points_that_say_the_same_are_refused() -> None:
    question = questions()["bias-in-hiring"]
    first, second, third = question.points
    twin = replace(second, statement=first.statement, paraphrases=first.paraphrases)
    faults = faults_of(replace(question, points=(first, twin, third)), encoder())
    assert {fault.point for fault in faults} == {first.id, second.id}
    assert all("join the two" in fault.message for fault in faults)


def test_a_point_without_wordings_and_a_question_without_answers_are_refused() -> None:
    question = questions()["bias-in-hiring"]
    bare = replace(question.points[0], paraphrases={}, anchors={}, contradictions={})
    poor = replace(question, points=(bare, *question.points[1:]), graded=())
    said = {fault.message for fault in faults_of(poor, encoder())}
    assert {"has 0 paraphrases; 3 are the least", "has no anchors", "has no contradictions"} <= said
    assert "has 0 graded answers, not 5 to 10" in said
