"""Pages show each person what is theirs, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from grader.models import Submission
from interviews.models import AttemptSubmission, QuestionSet
from interviews.services import finish_attempt, start_attempt
from questionbank.models import ProblemVersion, User
from questionbank.services import package_of
from tests.pages.conftest import CHOICE, CODE, OPEN, client_of


@pytest.mark.parametrize("page", ["submissions", "sets", "set-create", "review-queue"])
def test_a_visitor_is_asked_to_log_in(db: None, page: str) -> None:
    answer = client_of(None).get(reverse(page))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("slug", [CODE, CHOICE, OPEN])
def test_a_visitor_reads_statements_but_cannot_submit(versions: dict[str, ProblemVersion], slug: str) -> None:
    client = client_of(None)
    page = client.get(reverse("problem", args=[slug]))
    assert page.status_code == 200
    assert b"data-action" not in page.content
    refused = client.post(reverse("problem-submit", args=[slug]), {"language": "python", "source": "x"})
    assert refused.status_code == 302
    assert Submission.objects.count() == 0


@pytest.mark.parametrize("page", ["set-create", "review-queue"])
def test_interviewers_pages_are_closed_to_candidates(candidate: User, page: str) -> None:
    assert client_of(candidate).get(reverse(page)).status_code == 403


@pytest.mark.parametrize("page", ["submission", "submission-panel"])
def test_a_submission_is_its_owners(
    answered: Callable[..., Submission], candidate: User, stranger: User, interviewer: User, page: str
) -> None:
    address = reverse(page, args=[answered().pk])
    assert client_of(candidate).get(address).status_code == 200
    assert client_of(stranger).get(address).status_code == 404
    assert client_of(interviewer).get(address).status_code == 404


def test_a_set_is_its_owners(question_set: QuestionSet, interviewer: User, candidate: User) -> None:
    other = User.objects.create_user("other", is_interviewer=True)
    for page in ("set", "set-edit"):
        address = reverse(page, args=[question_set.pk])
        assert client_of(interviewer).get(address).status_code == 200
        assert client_of(other).get(address).status_code == 404
        assert client_of(candidate).get(address).status_code == 403


def test_the_owner_of_a_set_reads_what_was_handed_in_for_it_and_no_more(
    question_set: QuestionSet, answered: Callable[..., Submission], candidate: User, interviewer: User
) -> None:
    attempt = start_attempt(question_set=question_set, candidate=candidate)
    inside, outside = answered(), answered()
    item = question_set.items.get(version=inside.version)
    AttemptSubmission.objects.create(attempt=attempt, item=item, submission=inside)
    client = client_of(interviewer)
    assert client.get(reverse("set-submission", args=[question_set.pk, inside.pk])).status_code == 200
    assert client.get(reverse("set-submission", args=[question_set.pk, outside.pk])).status_code == 404


def test_an_attempt_is_its_candidates(
    question_set: QuestionSet, candidate: User, stranger: User, interviewer: User
) -> None:
    attempt = start_attempt(question_set=question_set, candidate=candidate)
    for address in (reverse("attempt", args=[attempt.pk]), reverse("attempt-item", args=[attempt.pk, 1])):
        assert client_of(candidate).get(address).status_code == 200
        assert client_of(stranger).get(address).status_code == 404
        assert client_of(interviewer).get(address).status_code == 404


@pytest.mark.parametrize("slug", [CODE, CHOICE, OPEN])
def test_answers_and_rubrics_stay_hidden_until_the_problem_is_solved(
    versions: dict[str, ProblemVersion], candidate: User, slug: str
) -> None:
    package = package_of(versions[slug])
    secrets = [package.editorials["en"].strip().splitlines()[0][:40]]
    if package.choice:
        secrets += [option.explanation["en"][:40] for option in package.choice.options]
    if package.open:
        secrets += [point.statement["en"][:40] for point in package.open.points]
        secrets.append(package.open.model_answer["en"].strip()[:40])
    secrets += [reference.url for reference in package.references]
    for user in (None, candidate):
        text = client_of(user).get(reverse("problem", args=[slug])).content.decode()
        assert "Why this difficulty" in text
        assert [secret for secret in secrets if secret in text] == []


def test_the_editorial_opens_after_the_problem_is_solved(
    answered: Callable[..., Submission], candidate: User
) -> None:
    client = client_of(candidate)
    answered()
    assert not client.get(reverse("problem", args=[CODE])).context["editorial_open"]
    solved = answered(verdict="AC", score=100.0)
    page = client.get(reverse("problem", args=[CODE]))
    assert page.context["editorial_open"]
    assert package_of(solved.version).references[0].url in page.content.decode()


def test_giving_up_opens_the_editorial_to_that_person_only(
    versions: dict[str, ProblemVersion], candidate: User, stranger: User
) -> None:
    client = client_of(candidate)
    client.post(reverse("problem-give-up", args=[CODE]))
    assert client.get(reverse("problem", args=[CODE])).context["editorial_open"]
    assert not client_of(stranger).get(reverse("problem", args=[CODE])).context["editorial_open"]


def test_a_problem_of_a_running_attempt_offers_no_hints_and_no_editorial(
    question_set: QuestionSet, answered: Callable[..., Submission], candidate: User
) -> None:
    answered(verdict="AC", score=100.0)
    attempt = start_attempt(question_set=question_set, candidate=candidate)
    page = client_of(candidate).get(reverse("attempt-item", args=[attempt.pk, 1])).content
    assert b"tab-hints" not in page
    assert b"tab-editorial" not in page


def test_while_a_set_asks_a_problem_its_own_page_helps_no_more_than_the_attempts(
    question_set: QuestionSet, answered: Callable[..., Submission], candidate: User, stranger: User
) -> None:
    answered(verdict="AC", score=100.0)
    attempt = start_attempt(question_set=question_set, candidate=candidate)
    client, address = client_of(candidate), reverse("problem", args=[CODE])
    gave_up = client.post(reverse("problem-give-up", args=[CODE]), follow=True)
    for page in (client.get(address), gave_up):
        assert b"tab-hints" not in page.content
        assert b"tab-editorial" not in page.content
        assert b"A question set asks you this problem now." in page.content
    assert b"its editorial stays closed" in gave_up.content
    assert b"tab-editorial" in client_of(stranger).get(address).content
    finish_attempt(attempt)
    assert client.get(address).context["editorial_open"]


def test_a_candidates_marks_appear_only_once_all_points_have_one(
    answered: Callable[..., Submission], candidate: User, versions: dict[str, ProblemVersion]
) -> None:
    submission = answered(OPEN, "prose", stage="awaiting_review", verdict="", score=None)
    point = package_of(versions[OPEN]).open.points[0]  # type: ignore[union-attr]
    submission.marks.create(point_id=point.id, level="met", comment="early word", reviewer=candidate)
    address = reverse("submission", args=[submission.pk])
    assert b"early word" not in client_of(candidate).get(address).content
