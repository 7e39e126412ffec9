"""Long lists come in pages that lead to each other."""

from __future__ import annotations

import pytest

from grader.models import Submission
from questionbank.models import ProblemVersion, User
from tests import bank
from tests.api.conftest import Api, refused


@pytest.fixture
def many(versions: dict[str, ProblemVersion], candidate: User) -> None:
    version = versions[bank.FUNCTION]
    Submission.objects.bulk_create(
        Submission(user=candidate, version=version, language="python", source="x") for _ in range(205)
    )


def test_every_entry_is_on_one_page(many: None, api: Api) -> None:
    seen: list[str] = []
    path = "submissions/?page_size=60"
    while path:
        page = api.get(path).json()
        assert page["count"] == 205
        seen += [entry["id"] for entry in page["results"]]
        path = (page["next"] or "").partition("/api/v1/")[2]
    assert len(seen) == len(set(seen)) == 205


@pytest.mark.parametrize(
    ("query", "size"),
    [("", 50), ("page_size=10", 10), ("page_size=1000", 200), ("page_size=0", 50), ("page_size=x", 50)],
)
def test_a_page_has_a_bounded_size(many: None, api: Api, query: str, size: int) -> None:
    assert len(api.get(f"submissions/?{query}").json()["results"]) == size


@pytest.mark.parametrize("page", ["0", "6", "-1", "x", "1e3", "9" * 400, "last%0A"])
def test_a_page_that_is_none_is_not_found(many: None, api: Api, page: str) -> None:
    refused(api.get(f"submissions/?page={page}"), 404)


def test_the_first_page_of_nothing_is_empty(api: Api) -> None:
    page = api.get("submissions/").json()
    assert page == {"count": 0, "next": None, "previous": None, "results": []}
