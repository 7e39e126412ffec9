"""A set is its owner's, keeps what it was made of, and stays as it is once somebody has started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.services import submit
from grader.verdict import Stage
from interviews.errors import AttemptClosed, InvalidSet
from interviews.models import Attempt, QuestionSet
from interviews.services import (
    MAX_ITEMS,
    MAX_MINUTES,
    MAX_WEIGHT,
    ItemDraft,
    start_attempt,
    submit_in_attempt,
    update_set,
)
from questionbank.models import ProblemVersion, User
from questionbank.services import publish
from tests import bank
from tests.api.conftest import Api, refused
from tests.interviews.conftest import MINUTES, answer, make_set

DRAFT: dict[str, Any] = {
    "title": "Second talk",
    "time_limit_minutes": 45,
    "items": [{"problem": bank.OPEN, "weight": 3}, {"problem": bank.CHOICE}],
}


def kept(question_set: QuestionSet) -> list[tuple[str, int, int]]:
    return [
        (item.version.problem.slug, item.version.number, item.weight) for item in question_set.items.all()
    ]


def change(question_set: QuestionSet, **fields: Any) -> None:
    items = [ItemDraft(slug, weight) for slug, _, weight in kept(question_set)]
    usual = {"title": "T", "introduction": "", "time_limit_minutes": MINUTES, "items": items}
    update_set(question_set, **usual | fields)


def test_the_api_makes_a_set(versions: object, owner: User) -> None:
    answer = Api(owner).post("sets/", DRAFT)
    assert answer.status_code == 201
    made = answer.json()
    assert [(item["problem"], item["weight"]) for item in made["items"]] == [(bank.OPEN, 3), (bank.CHOICE, 1)]
    assert made["link"].startswith("http://testserver/s/")
    assert Api(owner).get(f"sets/{made['id']}/").json() == made
    assert [one["id"] for one in Api(owner).get("sets/").json()["results"]] == [made["id"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"introduction": "x" * 5001}, "introduction"),
        ({"time_limit_minutes": 0}, "time_limit_minutes"),
        ({"time_limit_minutes": MAX_MINUTES + 1}, "time_limit_minutes"),
        ({"items": []}, "items"),
        ({"items": [{"problem": bank.OPEN}] * 2}, "items"),
        ({"items": [{"problem": "unknown"}]}, "items"),
        ({"items": [{"problem": bank.OPEN, "weight": 0}]}, "items"),
        ({"items": [{"problem": bank.OPEN, "weight": MAX_WEIGHT + 1}]}, "items"),
        ({"items": [{"problem": f"p{number}"} for number in range(MAX_ITEMS + 1)]}, "items"),
    ],
)
def test_a_set_that_makes_no_sense_is_refused_by_field(
    versions: object, owner: User, change: dict[str, object], field: str
) -> None:
    assert list(refused(Api(owner).post("sets/", DRAFT | change), 400)["errors"]) == [field]
    assert QuestionSet.objects.count() == 0


def test_only_interviewers_make_and_list_sets(versions: object, candidate: User) -> None:
    refused(Api(candidate).post("sets/", DRAFT), 403)
    refused(Api(candidate).get("sets/"), 403)


def test_another_interviewers_set_is_not_found(question_set: QuestionSet, attempt: Attempt) -> None:
    other = Api(bank.interviewer("other"))
    handed_in = answer(attempt, bank.OPEN, stage=Stage.AWAITING_REVIEW)
    for path in (f"sets/{question_set.pk}/", f"sets/{question_set.pk}/results/", f"attempts/{attempt.pk}/"):
        refused(other.get(path), 404)
    for path in (f"sets/{question_set.pk}/close/", f"sets/{question_set.pk}/reopen/"):
        refused(other.post(path), 404)
    refused(other.get(f"submissions/{handed_in.pk}/"), 404)
    refused(other.post(f"submissions/{handed_in.pk}/marks/", {"marks": []}), 404)
    assert other.get("sets/").json()["count"] == 0


def test_the_owner_reads_and_marks_what_was_handed_in(attempt: Attempt, owner: User) -> None:
    prose = answer(attempt, bank.OPEN, stage=Stage.AWAITING_REVIEW)
    code = answer(attempt, bank.FUNCTION)
    assert Api(owner).get(f"submissions/{code.pk}/").json()["source"] == bank.RIGHT[bank.FUNCTION]
    marks = {"marks": [{"point_id": "cause", "level": "met"}]}
    assert Api(owner).post(f"submissions/{prose.pk}/marks/", marks).status_code == 200


def test_open_answers_of_practice_are_every_reviewers(
    versions: dict[str, ProblemVersion], candidate: User
) -> None:
    prose = submit(user=candidate, version=versions[bank.OPEN], language="text", source="prose")
    assert Api(bank.interviewer("other")).get(f"submissions/{prose.pk}/").status_code == 200


def test_the_versions_are_those_of_the_day_it_was_saved(
    question_set: QuestionSet, candidate: User, tmp_path: Path
) -> None:
    folder = tmp_path / bank.FUNCTION
    (folder / "statement" / "problem.en.md").write_text("Double it twice.")
    publish(folder)
    assert kept(question_set) == [(bank.FUNCTION, 1, 1), (bank.OPEN, 1, 2)]
    change(question_set)
    assert kept(question_set) == [(bank.FUNCTION, 2, 1), (bank.OPEN, 1, 2)]
    attempt = start_attempt(question_set=question_set, candidate=candidate)
    assert answer(attempt, bank.FUNCTION).version.number == 2


def test_before_the_first_start_everything_can_change(question_set: QuestionSet) -> None:
    change(question_set, title="New", time_limit_minutes=5, items=[ItemDraft(bank.CHOICE, 4)])
    question_set.refresh_from_db()
    assert (question_set.title, question_set.time_limit_minutes) == ("New", 5)
    assert kept(question_set) == [(bank.CHOICE, 1, 4)]


@pytest.mark.parametrize(
    "fields",
    [
        {"time_limit_minutes": MINUTES + 1},
        {"items": [ItemDraft(bank.FUNCTION, 1)]},
        {"items": [ItemDraft(bank.FUNCTION, 2), ItemDraft(bank.OPEN, 2)]},
        {"items": [ItemDraft(bank.OPEN, 2), ItemDraft(bank.FUNCTION, 1)]},
    ],
)
def test_after_the_first_start_problems_and_time_stay(attempt: Attempt, fields: dict[str, Any]) -> None:
    before = kept(attempt.question_set)
    with pytest.raises(InvalidSet, match="has started"):
        change(attempt.question_set, **fields)
    assert kept(attempt.question_set) == before
    assert QuestionSet.objects.get().title == "First talk"


def test_after_the_first_start_the_texts_can_change_even_if_a_problem_has(
    attempt: Attempt, tmp_path: Path
) -> None:
    folder = tmp_path / bank.FUNCTION
    (folder / "editorial.en.md").write_text("Shift it.")
    publish(folder)
    change(attempt.question_set, title="Better words")
    assert QuestionSet.objects.get().title == "Better words"
    assert kept(attempt.question_set) == [(bank.FUNCTION, 1, 1), (bank.OPEN, 1, 2)]


def test_an_item_of_another_set_takes_no_answer(attempt: Attempt, owner: User) -> None:
    foreign = make_set(owner, ItemDraft(bank.CHOICE)).items.get()
    with pytest.raises(AttemptClosed, match="not in the set"):
        submit_in_attempt(attempt=attempt, item=foreign, language="choice", source='["right"]')
    body = {"item": foreign.pk, "language": "choice", "source": '["right"]'}
    refused(Api(attempt.candidate).post(f"attempts/{attempt.pk}/submissions/", body), 400)


def test_a_refused_answer_leaves_the_attempt_as_it_was(attempt: Attempt) -> None:
    item = attempt.question_set.items.get(position=0)
    for source, language in (("", "python"), ("x", "cobol"), ("\ud800", "python")):
        body = {"item": item.pk, "language": language, "source": source}
        refused(Api(attempt.candidate).post(f"attempts/{attempt.pk}/submissions/", body), 400)
    assert attempt.submissions.count() == 0
