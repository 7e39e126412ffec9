"""Every address that there is, read by every kind of person: nothing hidden is in any answer."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver
from pytest_django.fixtures import Settings

from fixtures.demo import PROBLEMS, load_topics
from grader.models import Rejudge, RejudgedAnswer, Submission
from interviews.models import AttemptSubmission, QuestionSet
from interviews.services import ItemDraft, create_set, start_attempt
from questionbank.drafting import draft_from
from questionbank.models import ProblemImport, ProblemVersion, User
from questionbank.packages.reader import read_package
from questionbank.services import publish
from tests.pages.conftest import client_of

OFFERED = ("f1-from-confusion-matrix", "batch-scheduler", "quantisation-trade-offs", "deployment-challenges")
HELD_BACK = "adult-f1"
LONG_ENOUGH = 24
"""Characters of a line by which it is known again."""
ENDLESS = ("submission-events", "run-events")
"""Streams; they tell what the submission's own page tells."""
OF_OTHERS = "a_variable_that_only_the_other_candidate_wrote = 1"
OF_A_REJUDGE = "A note that nobody reads before it is applied"
OF_AN_IMPORT = "a-bank-that-an-author-tried-and-no-other-knows.zip"
OF_THE_SET = "An introduction for invited candidates alone"
PROBING = (
    "source", "editorial", "rubric", "versions__content_hash", "current__search_text", "user__password",
    "version__versions", "submissions", "cases__got", "model_answer",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Installation:
    secrets: dict[str, str]
    """What must not be read, and where it stands."""
    known: dict[str, tuple[str, ...]]
    """Values for an address's placeholders, by name or converter: all that there are, others' too."""


def hidden_lines(slug: str) -> dict[str, str]:
    folder = PROBLEMS / slug
    package = read_package(folder)
    public = "\n".join(
        [
            *package.statements.values(),
            *(text for hint in package.hints for text in hint.values()),
            *package.starter.values(),
            *(path.read_text() for path in (folder / "data" / "sample").glob("*")),
        ]
    )
    places: dict[str, Path] = {}
    for part in ("submissions", "data/secret", "evaluator"):
        places |= {str(path.relative_to(PROBLEMS)): path for path in (folder / part).rglob("*.*")}
    for name in ("editorial.en.md", "editorial.zh.md", "rubric.yaml"):
        places |= {f"{slug}/{name}": folder / name} if (folder / name).exists() else {}
    found = {
        line.strip()[:200]: place
        for place, path in places.items()
        for line in path.read_text().splitlines()
        if len(line.strip()) >= LONG_ENOUGH and line.strip() not in public
    }
    for option in package.choice.options if package.choice else ():
        found |= {text.strip()[:200]: f"{slug}: explanation" for text in option.explanation.values()}
    return found


@pytest.fixture
def installation(
    db: None, settings: Settings, tmp_path: Path, candidate: User, stranger: User
) -> Installation:
    settings.VERSION_STORE, settings.DRAFTS_ROOT = tmp_path / "versions", tmp_path / "drafts"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    load_topics()
    versions = [publish(PROBLEMS / slug) for slug in (*OFFERED, HELD_BACK)]
    interviewer = User.objects.create_user("interviewer", is_interviewer=True)
    closed = _set_of(interviewer, OFFERED[:1])
    theirs = _answer(stranger, versions[0], OF_OTHERS)
    attempt = start_attempt(question_set=closed, candidate=stranger)
    AttemptSubmission.objects.create(attempt=attempt, item=closed.items.get(), submission=theirs)
    mine = start_attempt(question_set=_set_of(interviewer, OFFERED[1:2], ""), candidate=candidate)
    own = [_answer(candidate, version, "[]") for version in versions[1:3]]
    again = _rejudge(versions[1], own[0])
    draft = draft_from(versions[0], user=interviewer)
    brought = ProblemImport.objects.create(
        author=interviewer, name=OF_AN_IMPORT, size=1, format="auto", state="refused"
    )
    rows = [closed, mine.question_set, attempt, mine, theirs, *own, again, draft, brought]
    secrets = {OF_OTHERS: "another's answer", OF_THE_SET: "another's set", closed.share_token: "its link"}
    secrets[OF_AN_IMPORT] = "an author's import"
    secrets[OF_A_REJUDGE] = "a rejudge that is not applied"
    for slug in (*OFFERED, HELD_BACK):
        secrets |= hidden_lines(slug)
    ids = tuple(str(row.pk) for row in rows)
    numbers = ("1", *(str(version.pk) for version in versions))
    return Installation(
        secrets,
        {
            "slug": (*OFFERED, HELD_BACK),
            "pk": (*ids, *numbers),
            "UUIDConverter": ids,
            "IntConverter": numbers,
            "StringConverter": ids[:2],
            "NoneType": ids[:2],
            "PathConverter": ids[:2],
            "path": ("editorial.en.md", "data/secret/cases.jsonl"),
        },
    )


def _set_of(owner: User, slugs: tuple[str, ...], introduction: str = OF_THE_SET) -> QuestionSet:
    return create_set(
        owner=owner,
        title="A talk",
        introduction=introduction,
        time_limit_minutes=30,
        items=[ItemDraft(slug) for slug in slugs],
    )


def _rejudge(version: ProblemVersion, answer: Submission) -> Rejudge:
    """One that would change the candidate's own answer, and is not applied."""
    asked = {"source": version, "target": version, "scope": "all", "note": OF_A_REJUDGE}
    rejudge = Rejudge.objects.create(problem=version.problem, **asked)
    RejudgedAnswer.objects.create(
        rejudge=rejudge, submission=answer, state="judged", changed=True, problem="failed"
    )
    return rejudge


def _answer(user: User, version: ProblemVersion, source: str) -> Submission:
    fields = {"stage": "done", "verdict": "WA", "score": 0.0, "language": (*version.languages, "text")[0]}
    return Submission.objects.create(user=user, version=version, source=source, **fields)


def addresses(known: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Each address that there is, with all the values that its placeholders may have."""
    found = get_resolver().reverse_dict
    for name in (key for key in found if isinstance(key, str) and key not in ENDLESS):
        for forms, _pattern, _defaults, converters in found.getlist(name):
            for template, placeholders in forms:
                kinds = [type(converters.get(one)).__name__ for one in placeholders]
                values = [
                    known.get(one) or known[kind] for one, kind in zip(placeholders, kinds, strict=True)
                ]
                for chosen in product(*values):
                    yield "/" + template % dict(zip(placeholders, chosen, strict=True))


def leaks(client: Client, address: str, secrets: dict[str, str]) -> list[str]:
    return leaks_in(client.get(address), address, secrets)


def leaks_in(answer: HttpResponse, address: str, secrets: dict[str, str]) -> list[str]:
    # No broker runs here: the place that reports on health says so.
    assert answer.status_code < 500 or address == "/healthz", address
    # As it is read: HTML and JSON write some characters in other ways.
    text = html.unescape(answer.content.decode(errors="replace"))
    if "json" in answer["Content-Type"]:
        text += text.encode().decode("unicode_escape", errors="replace")
    return [f"{address} tells {place}: {line}" for line, place in secrets.items() if line in text]


def test_the_walk_knows_hidden_lines_of_every_kind(installation: Installation) -> None:
    kinds = ("submissions/", "data/secret/", "evaluator/", "editorial.zh.md", "rubric.yaml", "explanation")
    places = "\n".join(installation.secrets.values())
    assert [kind for kind in kinds if kind not in places] == []


@pytest.mark.parametrize("reader", ["visitor", "candidate"])
def test_no_address_tells_what_is_hidden(installation: Installation, candidate: User, reader: str) -> None:
    client = client_of(candidate if reader == "candidate" else None)
    found = [
        leak
        for address in addresses(installation.known)
        for leak in leaks(client, address, installation.secrets)
    ]
    assert found == []


def test_neither_filter_nor_search_nor_order_asks_about_hidden_fields(
    installation: Installation, candidate: User
) -> None:
    client = client_of(candidate)
    lists = ("/problems/", "/submissions/", "/api/v1/problems/", "/api/v1/submissions/", "/api/v1/sets/")
    for address in lists:
        plain = client.get(address).content
        for field in PROBING:
            asked = f"{address}?ordering={field}&{field}__contains=a&{field}=a&fields={field}"
            answer = client.get(asked)
            assert _listed(answer.content) == _listed(plain), asked
            assert leaks_in(answer, asked, installation.secrets) == []


def test_a_search_finds_nothing_by_hidden_words(installation: Installation, candidate: User) -> None:
    client = client_of(candidate)
    for line in [line for line, place in installation.secrets.items() if "editorial" in place][:8]:
        found = client.get("/api/v1/problems/", {"search": line}).json()
        assert found["results"] == [], line


def _listed(page: bytes) -> object:
    """What a list shows: its entries, or the number of them on a page."""
    return json.loads(page).get("results") if page.startswith(b"{") else page.count(b"<li")
