"""The bank's graded answers, each as if it were new: what is published by itself is right."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from grader.open.model import GradedAnswer, OpenGrade
from tests.grader.open.bank import grader, is_published, questions

HALF_A_POINT = 0.1
"""Of a scale from 0 to 5."""


@cache
def tried() -> list[tuple[GradedAnswer, OpenGrade]]:
    """Every graded answer with its grade by a forest that knows neither it nor its question."""
    found = []
    for question in questions().values():
        for answer in question.graded:
            others = tuple(item for item in question.graded if item is not answer)
            grade = grader().grade(replace(question, graded=others), answer.text, answer.language)
            found.append((answer, grade))
    return found


def test_scores_follow_those_of_people_in_both_languages() -> None:
    for language in ("en", "zh"):
        pairs = [(answer.score, grade.score) for answer, grade in tried() if answer.language == language]
        assert np.corrcoef(np.array(pairs).T)[0, 1] >= 0.8


def test_intervals_hold_what_people_gave_nine_times_in_ten() -> None:
    for language in ("en", "zh"):
        held = [
            grade.low <= answer.score <= grade.high
            for answer, grade in tried()
            if answer.language == language
        ]
        assert np.mean(held) >= 0.9


def test_of_what_is_published_by_itself_four_in_five_lie_within_half_a_point() -> None:
    published = [(answer, grade) for answer, grade in tried() if is_published(grade)]
    near = [abs(answer.score - grade.score) <= HALF_A_POINT + 1e-9 for answer, grade in published]
    assert len(published) >= 0.05 * len(tried())
    assert np.mean(near) >= 0.8


def test_few_good_answers_are_flagged() -> None:
    good = [grade for answer, grade in tried() if answer.score >= 0.4]
    assert np.mean([bool(grade.flags) for grade in good]) <= 0.2


def test_evidence_is_quoted_from_the_answer() -> None:
    quoted = 0
    for answer, grade in tried():
        for point in grade.points:
            if point.start is not None and point.end is not None:
                assert answer.text[point.start : point.end].strip()
                quoted += 1
    assert quoted > len(tried())
