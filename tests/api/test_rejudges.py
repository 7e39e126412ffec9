"""Over the API authors start a rejudge, compare, and apply or cancel it."""

from __future__ import annotations

from typing import Any

import pytest

from grader import rejudging, services
from grader.judge.model import Judgement
from grader.models import RejudgedAnswer
from grader.verdict import Verdict
from questionbank.models import ProblemVersion, User
from tests import bank
from tests.api.conftest import Api, refused

ASKED = {"problem": bank.FUNCTION, "from_version": 1, "to_version": 1, "scope": "all", "note": "A fault."}


@pytest.fixture
def author(db: None) -> Api:
    return Api(User.objects.create_user("author", is_author=True))


@pytest.fixture
def submission(api: Api) -> str:
    """A wrong answer."""
    pk: str = api.submit().json()["id"]
    attempt = services.claim(pk)
    assert attempt is not None
    services.finish(pk, attempt, Judgement(verdict=Verdict.WA, score=0.0))
    return pk


def judge_all(verdict: Verdict, score: float) -> None:
    for answer in RejudgedAnswer.objects.all():
        attempt = rejudging.claim_answer(answer.pk)
        assert attempt is not None
        rejudging.finish_answer(answer.pk, attempt, Judgement(verdict=verdict, score=score))


def test_an_author_compares_and_applies(author: Api, api: Api, submission: str) -> None:
    started: Any = author.post("rejudges/", ASKED)
    assert started.status_code == 201, started.content
    place = f"rejudges/{started.json()['id']}/"
    refused(author.post(f"{place}apply/"), 409)
    judge_all(Verdict.AC, 100.0)
    assert author.get(place).json()["progress"] == {
        "total": 1, "waiting": 0, "judged": 1, "failed": 0, "changed": 1,
    }  # fmt: skip
    (answer,) = author.get(f"{place}answers/?changed=true").json()["results"]
    assert (answer["candidate"], answer["submission"]) == ("candidate", submission)
    assert (answer["verdict_before"], answer["verdict_after"], answer["score_after"]) == ("WA", "AC", 100.0)
    assert api.get(f"submissions/{submission}/").json()["rejudged"] is None

    assert author.post(f"{place}apply/").json()["state"] == "applied"
    told = api.get(f"submissions/{submission}/").json()
    assert (told["verdict"], told["score"]) == ("AC", 100.0)
    assert (told["rejudged"]["verdict_before"], told["rejudged"]["note"]) == ("WA", "A fault.")
    refused(author.post(f"{place}cancel/"), 409)


def test_only_one_is_open_and_a_cancelled_one_leaves_no_trace(author: Api, api: Api, submission: str) -> None:
    place = f"rejudges/{author.post('rejudges/', ASKED).json()['id']}/"
    refused(author.post("rejudges/", ASKED), 409)
    judge_all(Verdict.AC, 100.0)
    assert author.post(f"{place}cancel/").json()["state"] == "cancelled"
    assert api.get(f"submissions/{submission}/").json()["verdict"] == "WA"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scope": "affected"}, "scope"),
        ({"scope": "some"}, "scope"),
        ({"to_version": 7}, "to_version"),
        ({"problem": "none-of-ours"}, "from_version"),
        ({"problem": bank.CHOICE}, "from_version"),
        ({"note": "x" * 501}, "note"),
    ],
)
def test_a_fault_is_told_by_its_field(
    author: Api, submission: str, changes: dict[str, object], field: str
) -> None:
    document = refused(author.post("rejudges/", ASKED | changes), 400)
    assert list(document["errors"]) == [field]


def test_it_is_closed_to_candidates_and_visitors(
    api: Api, visitor: Api, versions: dict[str, ProblemVersion]
) -> None:
    for path in ("rejudges/", "rejudges/00000000-0000-4000-8000-000000000000/answers/"):
        refused(api.get(path), 403)
        refused(visitor.get(path), 401)
