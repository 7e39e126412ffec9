"""Anyone lists, filters and reads the published problems, each in its current version."""

from __future__ import annotations

from pathlib import Path

import pytest

from questionbank.models import ProblemVersion
from questionbank.services import publish
from tests import bank
from tests.api.conftest import Api, refused
from tests.packages.writing import write_package


def slugs(answer: object) -> list[str]:
    return [problem["slug"] for problem in answer.json()["results"]]  # type: ignore[attr-defined]


def test_the_catalogue_lists_every_problem_once_by_slug(visitor: Api) -> None:
    assert slugs(visitor.get("problems/")) == sorted(bank.WRITERS)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=choice", [bank.CHOICE]),
        ("kind=choice&kind=open", [bank.OPEN, bank.CHOICE]),
        ("difficulty=hard", []),
        ("difficulty=easy&kind=function", [bank.FUNCTION]),
        ("topic=algorithms&kind=open", [bank.OPEN]),
        ("topic=ethics", []),
        ("topic=ethics&topic=algorithms&kind=open", [bank.OPEN]),
        ("search=explain", [bank.OPEN]),
        ("search=EXPLAIN", [bank.OPEN]),
        ("search=double+it&kind=open", [bank.OPEN]),
        ("search=乘以二&kind=open", [bank.OPEN]),
        ("search=no+such+words", []),
    ],
)
def test_filters_narrow_the_list(visitor: Api, query: str, found: list[str]) -> None:
    assert slugs(visitor.get(f"problems/?{query}")) == found


@pytest.mark.parametrize("query", ["kind=riddle", "difficulty=5", "topic=cooking"])
def test_a_filter_that_makes_no_sense_is_refused_by_name(visitor: Api, query: str) -> None:
    assert list(refused(visitor.get(f"problems/?{query}"), 400)["errors"]) == [query.partition("=")[0]]


def test_a_function_shows_its_signature_and_samples(visitor: Api) -> None:
    problem = visitor.get(f"problems/{bank.FUNCTION}/").json()
    assert problem["function"] == {
        "name": "solve",
        "parameters": [{"name": "x", "type": "int"}],
        "returns": "int",
    }
    (sample,) = problem["samples"]
    assert (sample["name"], sample["args"], sample["expected"]) == ("1", [1], 2)
    assert problem["statement"] == {"en": "Double it.", "zh": "乘以二。"}
    assert problem["limits"]["time_limit_s"] == 1
    assert problem["version"] == 1


def test_a_program_shows_its_samples_as_text(visitor: Api) -> None:
    (sample,) = visitor.get(f"problems/{bank.PROGRAM}/").json()["samples"]
    assert (sample["input"], sample["answer"]) == ("1 2\n", "3\n")


def test_a_choice_shows_its_options_without_saying_which_is_right(visitor: Api) -> None:
    problem = visitor.get(f"problems/{bank.CHOICE}/").json()
    assert problem["multiple"] is False
    assert [set(option) for option in problem["options"]] == [{"id", "text"}] * 2


def test_an_artifact_shows_what_its_figures_must_reach(visitor: Api) -> None:
    (metric,) = visitor.get(f"problems/{bank.ARTIFACT}/").json()["metrics"]
    assert (metric["key"], metric["direction"], metric["threshold"]) == ("accuracy", "min", 0.5)


def test_a_new_version_takes_the_old_ones_place(
    visitor: Api, versions: dict[str, ProblemVersion], tmp_path: Path
) -> None:
    folder = tmp_path / bank.FUNCTION
    (folder / "statement" / "problem.en.md").write_text("Double it, and fast.")
    publish(folder)
    assert slugs(visitor.get("problems/")).count(bank.FUNCTION) == 1
    problem = visitor.get(f"problems/{bank.FUNCTION}/").json()
    assert (problem["version"], problem["statement"]["en"]) == (2, "Double it, and fast.")


@pytest.mark.parametrize("slug", ["nothing", "1", "a.b", "..%2F..%2Fetc", "x" * 300])
def test_an_unknown_problem_is_not_found(visitor: Api, slug: str) -> None:
    refused(visitor.get(f"problems/{slug}/"), 404)


def test_topics_are_listed_in_their_order(visitor: Api) -> None:
    topics = visitor.get("topics/").json()
    assert topics[0] == {"slug": "training", "name_en": "Training and optimisation", "name_zh": "训练与优化"}


def test_a_long_catalogue_takes_no_more_queries_than_a_short_one(
    visitor: Api, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        visitor.get("problems/")


def test_a_problem_says_what_to_know_before_and_why_it_is_difficult_and_no_references(
    visitor: Api, tmp_path: Path
) -> None:
    said = {
        "difficulty_reason": {"en": "One rule.", "zh": "一条规则。"},
        "prerequisites": {"en": "Sums.", "zh": "求和。"},
    }
    paper = {"title": "All about it", "url": "https://example.org"}
    publish(write_package(tmp_path, slug="guided", touchstone={**said, "references": [paper]}))
    problem = visitor.get("problems/guided/").json()
    assert {key: problem[key] for key in said} == said
    assert "https://example.org" not in str(problem), "they open with the editorial"
    assert visitor.get(f"problems/{bank.FUNCTION}/").json()["prerequisites"] is None
