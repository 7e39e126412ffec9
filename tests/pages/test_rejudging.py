"""Authors compare versions and decide what is judged again; candidates are told once it is applied."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.urls import reverse

from grader import rejudging
from grader.judge.model import CaseResult, Judgement
from grader.models import Rejudge, Submission
from grader.verdict import Verdict
from questionbank.models import ProblemVersion, User
from questionbank.services import publish
from tests import bank
from tests.packages.writing import CASES, write_package
from tests.pages.conftest import client_of

SLUG = bank.FUNCTION
SECRET = "data/secret/cases.jsonl"
MISSED = Judgement(
    verdict=Verdict.WA, score=0.0, cases=(CaseResult("1", "sample", Verdict.WA, message="Not twice."),)
)


@pytest.fixture
def versions(db: None, tmp_path: Path) -> dict[str, ProblemVersion]:
    """The function problem, and a second version with one hidden test less."""
    first = bank.published(tmp_path, SLUG)[SLUG]
    files: dict[str, str | None] = {SECRET: "\n".join(map(json.dumps, CASES[2:]))}
    second = publish(write_package(tmp_path / "second", slug=SLUG, files=files))
    return {SLUG: first, "second": second}


@pytest.fixture
def author(db: None) -> User:
    return User.objects.create_user("author", is_author=True)


@pytest.fixture
def rejudge(
    broker: None, versions: dict[str, ProblemVersion], answered: Callable[..., Submission], author: User
) -> Rejudge:
    """Two answers, one of which the second version finds wrong; nothing is applied yet."""
    for verdict, score in ((Verdict.AC, 100.0), (Verdict.WA, 0.0)):
        answered(SLUG, verdict=verdict, score=score)
    source, target = versions[SLUG], versions["second"]
    found = rejudging.start_rejudge(
        user=author, source=source, target=target, scope="all", note="A test was wrong."
    )
    for answer in found.answers.all():
        attempt = rejudging.claim_answer(answer.pk)
        assert attempt is not None
        rejudging.finish_answer(answer.pk, attempt, MISSED)
    return found


def addresses(rejudge: Rejudge) -> dict[str, str]:
    pages = {
        name: reverse(name, args=[rejudge.pk]) for name in ("rejudge", "rejudge-apply", "rejudge-cancel")
    }
    pages |= {name: reverse(name, args=[SLUG]) for name in ("versions", "rejudge-start")}
    return pages | {"difference": reverse("version-difference", args=[SLUG, 1, 2])}


def test_versions_and_rejudges_are_closed_to_all_but_authors_and_staff(
    rejudge: Rejudge, candidate: User, interviewer: User
) -> None:
    for name, address in addresses(rejudge).items():
        for person, status in ((None, 302), (candidate, 403), (interviewer, 403)):
            client = client_of(person)
            ask = client.post if name.startswith("rejudge-") else client.get
            assert ask(address).status_code == status, (name, person)
    staff = User.objects.create_user("staff", is_staff=True)
    assert client_of(staff).get(reverse("versions", args=[SLUG])).status_code == 200
    assert Rejudge.objects.get().state == Rejudge.State.OPEN


def test_the_difference_shows_files_and_says_how_many_tests_are_others(
    versions: dict[str, ProblemVersion], author: User
) -> None:
    page = client_of(author).get(reverse("version-difference", args=[SLUG, 1, 2])).content.decode()
    assert SECRET in page
    assert "1 test was removed." in page
    assert client_of(author).get(reverse("version-difference", args=[SLUG, 1, 9])).status_code == 404


def test_choosing_nothing_starts_nothing(versions: dict[str, ProblemVersion], author: User) -> None:
    form = {"source": "1", "target": "2", "scope": "nothing"}
    answer = client_of(author).post(reverse("rejudge-start", args=[SLUG]), form, follow=True)
    assert "Every answer keeps its verdict." in answer.content.decode()
    assert not Rejudge.objects.exists()


@pytest.mark.parametrize(
    "form", [{"source": "1", "target": "2", "scope": "some"}, {"source": "x", "target": "2"}]
)
def test_a_senseless_choice_is_refused(
    versions: dict[str, ProblemVersion], author: User, form: dict[str, str]
) -> None:
    answer = client_of(author).post(reverse("rejudge-start", args=[SLUG]), form)
    assert answer.status_code in (400, 404)


def test_the_page_shows_each_verdict_before_and_after(rejudge: Rejudge, author: User) -> None:
    page = client_of(author).get(reverse("rejudge", args=[rejudge.pk])).content.decode()
    assert "Apply: 1 answer gets another result" in page
    changed = (
        client_of(author).get(reverse("rejudge", args=[rejudge.pk]), {"show": "changed"}).content.decode()
    )
    assert changed.count("<tr>") == 2  # the head, and one answer
    assert "Accepted" in changed


def test_candidates_are_told_once_it_is_applied_and_not_before(
    rejudge: Rejudge, author: User, candidate: User
) -> None:
    accepted = Submission.objects.get(verdict="AC")
    pages = [reverse("submissions"), reverse("submission", args=[accepted.pk])]
    for address in pages:
        assert "udged again" not in client_of(candidate).get(address).content.decode()
    client_of(author).post(reverse("rejudge-apply", args=[rejudge.pk]))
    listed, page = (client_of(candidate).get(address).content.decode() for address in pages)
    assert listed.count("Judged again") == 1
    assert "Before, it was: Accepted, 100 of 100 points." in page
    assert "A test was wrong." in page
    unchanged = Submission.objects.exclude(pk=accepted.pk).get()
    page = client_of(candidate).get(reverse("submission", args=[unchanged.pk])).content.decode()
    assert "udged again" not in page


def test_an_applied_rejudge_is_neither_cancelled_nor_applied_again(rejudge: Rejudge, author: User) -> None:
    client = client_of(author)
    client.post(reverse("rejudge-apply", args=[rejudge.pk]))
    for name in ("rejudge-cancel", "rejudge-retry", "rejudge-apply"):
        answer = client.post(reverse(name, args=[rejudge.pk]), follow=True)
        assert "This is over" in answer.content.decode()
    assert Rejudge.objects.get().state == Rejudge.State.APPLIED


def test_an_administrator_gives_the_rights_of_this_site(db: None) -> None:
    admin = User.objects.create_superuser("admin")
    person = User.objects.create_user("person")
    page = client_of(admin).get(f"/admin/questionbank/user/{person.pk}/change/").content.decode()
    assert 'name="is_author"' in page
    assert 'name="is_interviewer"' in page
    passwords = {"password1": "a long enough passphrase", "password2": "a long enough passphrase"}
    form = {"username": "new", "usable_password": "true", **passwords}
    client_of(admin).post("/admin/questionbank/user/add/", form)
    assert User.objects.get(username="new").check_password("a long enough passphrase")
