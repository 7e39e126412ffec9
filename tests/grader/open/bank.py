"""The bank's open questions, and a grader with the installed sentence encoder."""

from __future__ import annotations

from functools import cache

from grader.open.grading import LocalGrader
from grader.open.model import OpenGrade, OpenQuestion, question_of
from grader.publishing import Estimate, Rule, doubts_of
from questionbank.packages.model import Kind
from tests.fixtures.bank import packages
from tests.models import installed


@cache
def grader() -> LocalGrader:
    return LocalGrader(installed("sentence-encoder") / "public")


@cache
def questions() -> dict[str, OpenQuestion]:
    """By slug, those with graded answers."""
    bank = packages(Kind.OPEN)
    return {
        package.slug: question_of(package, bank) for package in bank if package.open and package.open.graded
    }


def is_published(grade: OpenGrade) -> bool:
    """By the rule that the product comes with."""
    estimate = Estimate(
        grade.score, grade.low, grade.high, grade.flags, grade.graded_answers, grade.calibrated
    )
    return not doubts_of(estimate, Rule())
