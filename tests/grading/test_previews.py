"""An author changes a rubric and sees how an answer would be graded; nothing is kept of it."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from grader.models import Grade, Submission
from grader.tasks import open_answers
from questionbank.drafting import draft_from
from questionbank.models import ProblemVersion, User
from tests import bank
from tests.grading.conftest import SENTENCE
from tests.pages.conftest import client_of

RUBRIC = json.dumps(
    {
        "points": [
            {
                "id": "reading",
                "weight": 1,
                "statement": {"en": "Memory is read once a token.", "zh": "每个词元读一遍内存。"},
            }
        ],
        "model_answer": {"en": "So.", "zh": "如此。"},
    }
)
SCRIPTED = {"hx-request": "true"}


@pytest.fixture
def operator(db: None) -> User:
    return bank.candidate("operator", is_staff=True)


@pytest.fixture
def client(operator: User) -> Client:
    return client_of(operator)


def begun(client: Client, **changes: str) -> str:
    """Where the preview's state is asked for."""
    form = {"problem": "", "rubric": RUBRIC, "answer": SENTENCE} | changes
    answer = client.post(reverse("rubric-preview"), form, headers=SCRIPTED)
    assert answer.status_code == 200, answer.content
    address: str = answer.context["panel"]["refresh"]
    return address


def graded(address: str) -> None:
    """What a worker does when the preview's turn comes."""
    open_answers.preview_grade(address.rstrip("/").rpartition("/")[2])


def test_a_pasted_rubric_is_tried_on_an_answer(client: Client) -> None:
    address = begun(client)
    waiting = client.get(address, headers=SCRIPTED)
    assert waiting["X-Judging"] == "on"
    graded(address)
    over = client.get(address, headers=SCRIPTED)
    assert over["X-Judging"] == "over"
    (point,) = over.context["panel"]["points"]
    assert point["id"] == "reading"
    assert "of 100, between" in over.content.decode()
    assert (Submission.objects.count(), Grade.objects.count()) == (0, 0)


def test_a_problems_rubric_and_graded_samples_can_be_opened(client: Client, version: ProblemVersion) -> None:
    page = client.get(reverse("rubric-preview"), {"problem": bank.OPEN})
    assert "says cause" in page.context["rubric"]
    assert len(page.context["samples"]) == 3
    address = begun(client, problem=bank.OPEN, rubric=page.context["rubric"])
    graded(address)
    assert [point["id"] for point in client.get(address).context["panel"]["points"]] == ["cause", "remedy"]


@pytest.mark.parametrize(
    ("rubric", "fault"),
    [
        ("points: [", "not valid YAML"),
        ("a: &a [*a]", "not allowed"),
        (RUBRIC.replace('"weight": 1', '"weight": 2'), "sum to 2"),
        (RUBRIC.replace('"id"', '"name"'), "id"),
    ],
)
def test_what_is_wrong_with_a_rubric_is_said(client: Client, rubric: str, fault: str) -> None:
    form = {"rubric": rubric, "answer": SENTENCE}
    for headers in ({}, SCRIPTED):
        answer = client.post(reverse("rubric-preview"), form, headers=headers)
        assert answer.status_code == 400
        assert fault in answer.content.decode()


def test_an_empty_answer_is_refused(client: Client) -> None:
    form = {"rubric": RUBRIC, "answer": " "}
    assert client.post(reverse("rubric-preview"), form).status_code == 400


def test_a_preview_is_ones_own(client: Client) -> None:
    address = begun(client)
    other = client_of(bank.candidate("other", is_staff=True))
    assert other.get(address).status_code == 404
    assert client.get(reverse("rubric-preview-state", args=["x"])).status_code == 404


def test_without_scripts_the_result_is_a_page_of_its_own(client: Client) -> None:
    address = begun(client)
    graded(address)
    page = client.get(address).content.decode()
    assert "<!doctype html>" in page
    assert SENTENCE in page


def test_a_grader_that_fails_is_told_to_the_author(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    address = begun(client)

    def broken(*args: object, **options: object) -> None:
        raise RuntimeError("no encoder")

    monkeypatch.setattr(open_answers, "grade", broken)
    graded(address)
    assert "The preview failed" in client.get(address, headers=SCRIPTED).content.decode()


def test_an_author_tries_the_rubric_of_a_draft(version: ProblemVersion) -> None:
    author = bank.candidate("author", is_author=True)
    draft = draft_from(version, user=author)
    client = client_of(author)
    file = client.get(reverse("draft-file", args=[draft.pk, "rubric.yaml"]))
    address = f"{reverse('rubric-preview')}?draft={draft.pk}"
    assert address in file.content.decode()
    page = client.get(address)
    assert "says cause" in page.context["rubric"]
    assert reverse("grader") not in page.content.decode().replace(reverse("rubric-preview"), "")
    graded(begun(client, rubric=page.context["rubric"], problem=page.context["problem"]))
    assert client.get(reverse("rubric-preview"), {"draft": "x"}).status_code == 404
