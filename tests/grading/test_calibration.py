"""A marked answer teaches the grader only with its author's consent, and without what names anybody."""

from __future__ import annotations

import pytest
from django.urls import reverse

from grader.anonymising import REMOVED, anonymised
from grader.grading import question_for
from grader.marking import give_consent, mark_points, withdraw_consent
from grader.models import CalibrationExample
from questionbank.models import ProblemVersion, User
from questionbank.packages.model import GradedAnswer
from questionbank.services import package_of
from tests import bank
from tests.grading.conftest import DOUBTFUL, Answered
from tests.pages.conftest import client_of

MARKS = {"cause": ("met", ""), "remedy": ("partly", "")}


def examples(version: ProblemVersion, leave_out: str = "") -> tuple[GradedAnswer, ...]:
    """What the grader is given beside the package's own graded answers."""
    question = question_for(version, lambda text: "en", leave_out=leave_out)
    rubric = package_of(version).open
    assert rubric is not None
    return question.graded[len(rubric.graded) :]


def test_without_consent_nothing_is_kept(answered: Answered, reviewer: User) -> None:
    mark_points(reviewer=reviewer, submission=answered(**DOUBTFUL), marks=MARKS)
    assert CalibrationExample.objects.count() == 0


def test_with_consent_a_marked_answer_becomes_an_example(
    answered: Answered, reviewer: User, candidate: User, version: ProblemVersion
) -> None:
    give_consent(candidate)
    submission = answered(f"I, {candidate.username}, say: memory. Mail me: me@example.org", **DOUBTFUL)
    mark_points(reviewer=reviewer, submission=submission, marks=MARKS)
    (example,) = examples(version)
    assert example.text == f"I, {REMOVED}, say: memory. Mail me: {REMOVED}"
    assert (example.points, example.score) == ({"cause": "met", "remedy": "partly"}, 0.8)


def test_half_marked_answers_are_no_examples(answered: Answered, reviewer: User, candidate: User) -> None:
    give_consent(candidate)
    mark_points(reviewer=reviewer, submission=answered(**DOUBTFUL), marks={"cause": ("met", "")})
    assert CalibrationExample.objects.count() == 0


def test_consent_given_later_takes_in_what_was_marked_before(
    answered: Answered, reviewer: User, candidate: User
) -> None:
    mark_points(reviewer=reviewer, submission=answered(**DOUBTFUL), marks=MARKS)
    give_consent(candidate)
    assert CalibrationExample.objects.count() == 1


def test_marking_again_changes_the_example_and_makes_no_second(
    answered: Answered, reviewer: User, candidate: User
) -> None:
    give_consent(candidate)
    submission = answered(**DOUBTFUL)
    for level in ("partly", "not_met"):
        marks = {"cause": ("met", ""), "remedy": (level, "")}
        mark_points(reviewer=reviewer, submission=submission, marks=marks)
    assert CalibrationExample.objects.get().levels == {"cause": "met", "remedy": "not_met"}


def test_an_answer_is_not_graded_by_its_own_example(
    answered: Answered, reviewer: User, candidate: User, version: ProblemVersion
) -> None:
    give_consent(candidate)
    submission = answered(**DOUBTFUL)
    mark_points(reviewer=reviewer, submission=submission, marks=MARKS)
    assert examples(version, leave_out=str(submission.pk)) == ()


def test_an_example_of_another_rubric_is_left_out(version: ProblemVersion) -> None:
    CalibrationExample.objects.create(
        problem=version.problem, text="Old.", levels={"cause": "met"}, origin="x"
    )
    assert examples(version) == ()


def test_withdrawing_consent_deletes_ones_own_examples_and_no_others(
    answered: Answered, reviewer: User, candidate: User
) -> None:
    other = bank.candidate("other")
    for user in (candidate, other):
        give_consent(user)
        mark_points(reviewer=reviewer, submission=answered(user=user, **DOUBTFUL), marks=MARKS)
    withdraw_consent(candidate)
    assert CalibrationExample.objects.count() == 1
    mark_points(reviewer=reviewer, submission=answered(**DOUBTFUL), marks=MARKS)
    assert CalibrationExample.objects.count() == 1


def test_an_example_holds_nothing_that_leads_to_its_author(
    answered: Answered, reviewer: User, candidate: User
) -> None:
    give_consent(candidate)
    submission = answered(**DOUBTFUL)
    mark_points(reviewer=reviewer, submission=submission, marks=MARKS)
    kept = " ".join(str(value) for value in vars(CalibrationExample.objects.get()).values())
    assert str(submission.pk) not in kept
    assert candidate.username not in kept


def test_consent_is_given_and_taken_back_on_the_answers_page(answered: Answered, candidate: User) -> None:
    client = client_of(candidate)
    address = reverse("submission", args=[answered(**DOUBTFUL).pk])
    assert "May answers of yours" in client.get(address).content.decode()
    answer = client.post(reverse("calibration-consent"), {"consent": "yes", "next": address})
    assert answer["Location"] == address
    assert "You may end this" in client.get(address).content.decode()
    answer = client.post(reverse("calibration-consent"), {"consent": "no", "next": "https://evil.example/"})
    assert answer["Location"] == "/submissions/"
    assert "May answers of yours" in client.get(address).content.decode()


@pytest.mark.parametrize(
    "secret",
    [
        "ada@example.org",
        "https://ada.example.org/cv?x=1",
        "www.example.org",
        "@ada_l",
        "+44 20 7946 0958",
        "13812345678",
        "138 1234 5678",
        "010-12345678",
        "(212) 555-0123",
        "11010519491231002X",
        "Ada Lovelace",
        "张伟",
    ],
)
def test_what_names_a_person_is_removed(secret: str) -> None:
    for text in (f"See {secret} for it.", f"我是{secret}，见上。"):
        assert secret not in anonymised(text, ["Ada Lovelace", "张伟", "", "x"])
        assert REMOVED in anonymised(text, ["Ada Lovelace", "张伟", "", "x"])


@pytest.mark.parametrize(
    "text",
    [
        "A model of 175 000 000 000 parameters takes 350 GB at 16 bits.",
        "Recall@10 rose from 0.8125 to 0.90625, p = 0.00000012.",
        "13 billion parameters, 4096 tokens, 2·40·5120·2 bytes.",
        "Adagrad adapts; canada does not.",
        "准确率从 0.81 升到 0.93，共 20000 条样本。",
    ],
)
def test_figures_and_other_words_stay(text: str) -> None:
    assert anonymised(text, ["Ada"]) == text
