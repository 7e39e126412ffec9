"""Answers are sent, read and listed by those whose they are."""

from __future__ import annotations

import json

import pytest

from grader.judge.model import CaseResult, Judgement
from grader.models import Submission
from grader.services import claim, finish, record_case
from grader.verdict import Stage, Verdict
from questionbank.models import ProblemVersion, User
from tests import bank
from tests.api.conftest import Api, refused

MAX_SOURCE_BYTES = 256 * 1024


def judged(pk: str, verdict: Verdict | None = Verdict.AC, *cases: CaseResult) -> None:
    """As if a worker had just judged it."""
    attempt = claim(pk)
    assert attempt is not None
    for position, case in enumerate(cases):
        record_case(pk, attempt, position, case)
    judgement = Judgement(verdict=verdict, score=100.0, cases=cases, needs_review=verdict is None)
    finish(pk, attempt, judgement)


@pytest.mark.parametrize("slug", bank.WRITERS)
def test_an_answer_to_every_kind_is_taken_in(
    api: Api, versions: dict[str, ProblemVersion], slug: str
) -> None:
    (language,) = versions[slug].languages
    answer = api.submit(bank.RIGHT[slug], problem=slug, language=language)
    assert answer.status_code == 201
    sent = answer.json()
    assert (sent["problem"], sent["version"], sent["stage"]) == (slug, 1, "queued")
    assert (sent["verdict"], sent["score"], sent["finished_at"]) == (None, None, None)


def test_ones_own_answer_is_read_whole(api: Api) -> None:
    pk = api.submit("def solve(x): return 2*x").json()["id"]
    judged(pk)
    found = api.get(f"submissions/{pk}/").json()
    assert found["source"] == "def solve(x): return 2*x"
    assert (found["stage"], found["verdict"], found["score"]) == ("done", "AC", 100.0)
    assert found["cases"] == []


def test_what_a_hidden_test_took_is_told_to_authors_alone(api: Api) -> None:
    """A program has read the test's input: it could tell a digit by each figure."""
    figures = [{"cpu_s": n / 8, "wall_s": n / 4, "peak_bytes": n << 20} for n in (1, 3, 2)]
    nothing = dict.fromkeys(figures[0])
    author = User.objects.create_user("author", is_author=True)
    cases = [
        CaseResult(group, group, Verdict.AC, **took)  # type: ignore[arg-type]
        for group, took in zip(("sample", "secret", "secret/large"), figures, strict=True)
    ]
    for one, told in ((api, [figures[0], nothing, nothing]), (Api(author), figures)):
        pk = one.submit().json()["id"]
        judged(pk, Verdict.AC, *cases)
        found = one.get(f"submissions/{pk}/").json()
        assert [{key: case[key] for key in nothing} for case in found["cases"]] == told
        assert (found["slowest_cpu_s"], found["largest_peak_bytes"]) == (3 / 8, 3 << 20)


def test_the_list_holds_ones_own_newest_first_and_no_source(api: Api) -> None:
    Api(bank.candidate("other")).submit()
    first, second = (api.submit().json()["id"] for _ in range(2))
    listed = api.get("submissions/").json()
    assert [submission["id"] for submission in listed["results"]] == [second, first]
    assert "source" not in listed["results"][0]


def test_the_list_can_be_of_one_problem(api: Api) -> None:
    api.submit()
    chosen = api.submit('["right"]', problem=bank.CHOICE, language="choice").json()["id"]
    listed = api.get(f"submissions/?problem={bank.CHOICE}").json()["results"]
    assert [submission["id"] for submission in listed] == [chosen]
    assert api.get("submissions/?problem=unknown").json()["count"] == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"problem": "unknown"}, "problem"),
        ({"problem": "no slug!"}, "problem"),
        ({"language": "cobol"}, "language"),
        ({"language": ""}, "language"),
        ({"source": ""}, "source"),
        ({"source": " \n\t"}, "source"),
        ({"source": "x\0y"}, "source"),
        ({"source": "x\ud800y"}, "source"),
        ({"source": "x" * (MAX_SOURCE_BYTES + 1)}, "source"),
        ({"source": "é" * (MAX_SOURCE_BYTES // 2) + "x"}, "source"),
        ({"problem": bank.CHOICE, "language": "choice", "source": "right"}, "source"),
        ({"problem": bank.CHOICE, "language": "choice", "source": "[]"}, "source"),
        ({"problem": bank.CHOICE, "language": "choice", "source": '["left"]'}, "source"),
        ({"problem": bank.CHOICE, "language": "choice", "source": '["right", "wrong"]'}, "source"),
        ({"problem": bank.CHOICE, "language": "choice", "source": "[" * 10**5}, "source"),
    ],
)
def test_an_answer_that_is_none_is_refused_by_the_field_at_fault(
    api: Api, changes: dict[str, str], field: str
) -> None:
    assert list(refused(api.submit(**changes), 400)["errors"]) == [field]
    assert Submission.objects.count() == 0


@pytest.mark.parametrize("source", ["x" * MAX_SOURCE_BYTES, "𝕏" * (MAX_SOURCE_BYTES // 4), "# é\n" * 9])
def test_a_long_answer_of_any_text_is_kept_to_the_last_character(api: Api, source: str) -> None:
    pk = api.submit(source).json()["id"]
    assert api.get(f"submissions/{pk}/").json()["source"] == source


def test_white_space_of_an_answer_stays(api: Api) -> None:
    source = "\n  def solve(x):\r\n\treturn x  \n"
    pk = api.submit(source).json()["id"]
    assert api.get(f"submissions/{pk}/").json()["source"] == source


def test_an_answer_is_to_the_version_that_was_current(api: Api, versions: dict[str, ProblemVersion]) -> None:
    pk = api.submit().json()["id"]
    assert Submission.objects.get(pk=pk).version == versions[bank.FUNCTION]


@pytest.mark.parametrize("missing", ["problem", "language", "source"])
def test_every_field_is_needed(api: Api, missing: str) -> None:
    body = {"problem": bank.FUNCTION, "language": "python", "source": "x"}
    del body[missing]
    assert list(refused(api.post("submissions/", body), 400)["errors"]) == [missing]


def test_a_strangers_answer_is_not_found(api: Api) -> None:
    pk = api.submit().json()["id"]
    stranger = Api(bank.candidate("stranger"))
    refused(stranger.get(f"submissions/{pk}/"), 404)
    refused(stranger.get(f"submissions/{pk}/events/"), 404)
    refused(Api(bank.interviewer()).get(f"submissions/{pk}/"), 404)


def test_marks_come_to_light_with_the_last_of_them(api: Api) -> None:
    pk = api.submit("prose", problem=bank.OPEN, language="text").json()["id"]
    judged(pk, None)
    reviewer = Api(bank.interviewer())
    first = {"point_id": "cause", "level": "met", "comment": "Well seen."}
    last = {"point_id": "remedy", "level": "partly"}
    assert reviewer.post(f"submissions/{pk}/marks/", {"marks": [first]}).json()["marks"] == [first]
    waiting = api.get(f"submissions/{pk}/").json()
    assert (waiting["stage"], waiting["score"], waiting["marks"]) == (Stage.AWAITING_REVIEW, None, [])
    done = reviewer.post(f"submissions/{pk}/marks/", {"marks": [last]}).json()
    assert (done["stage"], done["score"]) == (Stage.DONE, 80.0)
    assert api.get(f"submissions/{pk}/").json()["marks"] == [first, last | {"comment": ""}]


@pytest.mark.parametrize(
    "marks",
    [
        [{"point_id": "unknown", "level": "met"}],
        [{"point_id": "cause", "level": "perfect"}],
        [{"point_id": "cause"}],
        "all met",
    ],
)
def test_marks_that_make_no_sense_are_refused(api: Api, marks: object) -> None:
    pk = api.submit("prose", problem=bank.OPEN, language="text").json()["id"]
    judged(pk, None)
    refused(Api(bank.interviewer()).post(f"submissions/{pk}/marks/", {"marks": marks}), 400)
    assert not Submission.objects.get(pk=pk).marks.exists()


def test_an_answer_that_is_not_handed_in_yet_is_not_marked(api: Api) -> None:
    pk = api.submit("prose", problem=bank.OPEN, language="text").json()["id"]
    marks = {"marks": [{"point_id": "cause", "level": "met"}]}
    refused(Api(bank.interviewer()).post(f"submissions/{pk}/marks/", marks), 400)


def test_candidates_mark_nothing(api: Api) -> None:
    pk = api.submit("prose", problem=bank.OPEN, language="text").json()["id"]
    refused(api.post(f"submissions/{pk}/marks/", {"marks": []}), 403)


@pytest.mark.parametrize("pk", ["loose", "1", "00000000-0000-4000-8000-000000000000"])
def test_marks_of_a_loose_id_are_not_found(versions: object, pk: str) -> None:
    refused(Api(bank.interviewer()).post(f"submissions/{pk}/marks/", {"marks": []}), 404)


def test_code_is_not_marked_by_people(api: Api) -> None:
    pk = api.submit().json()["id"]
    refused(Api(bank.interviewer()).post(f"submissions/{pk}/marks/", {"marks": []}), 404)


def test_hostile_text_of_an_answer_is_data(api: Api, candidate: User) -> None:
    source = "</script><script>alert(1)</script>' OR 1=1 -- {{ 7*7 }} %s \u202e\u2028"
    pk = api.submit(source).json()["id"]
    answer = api.get(f"submissions/{pk}/")
    assert answer["Content-Type"] == "application/json"
    assert json.loads(answer.content)["source"] == source
