"""What the page of a problem needs, alone or within an attempt at a set."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from grader.lacks import lack_of
from grader.models import Draft, Submission
from grader.pages.wording import state_word
from grader.verdict import Stage, Verdict
from questionbank.markup import render, with_pictures
from questionbank.models import Problem, ProblemVersion, User
from questionbank.offering import offered
from questionbank.packages.model import Kind, Option, Package, TestCase
from questionbank.pages.words import language_name, localised
from questionbank.services import package_of

RUNNABLE = frozenset({Kind.FUNCTION, Kind.PASS_FAIL, Kind.ARTIFACT})
OWN_INPUT = frozenset({Kind.FUNCTION, Kind.PASS_FAIL})
GAVE_UP = "gave_up"
"""Session key: slugs of the problems whose editorial was opened before solving them."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the form's parts are sent. `give_up` is empty where giving up is not offered."""

    submit: str
    run: str
    draft: str
    give_up: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    inputs: tuple[Value, ...]
    expected: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Edition:
    """The answer in one language: what the editor shows, what it began with, the draft's number (0: none)."""

    name: str
    source: str
    starter: str
    revision: int


def json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def sample_of(package: Package, test: TestCase) -> Sample:
    explanation = localised(test.explanation) if test.explanation else ""
    if package.function is None:
        text = test.shown_input().decode(errors="replace")
        answer = test.shown_answer().decode(errors="replace")
        return Sample(test.name, (Value("", text),), answer, explanation)
    names = [parameter.name for parameter in package.function.parameters]
    inputs = tuple(Value(name, json_text(value)) for name, value in zip(names, test.args, strict=True))
    return Sample(test.name, inputs, json_text(test.expected), explanation)


def own_input_example(package: Package) -> str:
    """What the field of one's own input holds at first: the first sample's."""
    samples = package.samples()
    if not samples:
        return ""
    if package.function is None:
        return samples[0].shown_input().decode(errors="replace")
    return json_text(list(samples[0].args))


def options_for(package: Package, user: User) -> list[Option]:
    """A choice's options, in an order that is each user's own and stays."""
    if package.choice is None:
        return []
    options = list(package.choice.options)
    if package.choice.shuffle:
        options.sort(
            key=lambda option: hashlib.sha256(f"{user.pk}/{package.slug}/{option.id}".encode()).digest()
        )
    return options


def own_submissions(user: User, problem: Problem) -> list[tuple[Submission, str]]:
    """The latest answers with their state in words."""
    rows = Submission.objects.filter(user=user, version__problem=problem)
    return [(row, state_word(row)) for row in rows.defer("source", "compiler_output")[:30]]


def solved(user: User, problem: Problem) -> bool:
    """Accepted once, or, for prose, marked once."""
    rows = Submission.objects.filter(user=user, version__problem=problem)
    marked = rows.filter(version__kind=Kind.OPEN, stage=Stage.DONE)
    return rows.filter(verdict=Verdict.AC).exists() or marked.exists()


def editions_of(request: HttpRequest, version: ProblemVersion) -> dict[str, Edition]:
    """What the editor opens with in each language that can be judged here: the draft, else the starter."""
    package = package_of(version)
    drafts: dict[str, Draft] = {}
    if request.user.is_authenticated:
        rows = Draft.objects.filter(user=request.user, problem=version.problem).order_by("updated_at")
        drafts = {row.language: row for row in rows}
    languages = offered(package) or package.languages
    ordered = [key for key in drafts if key in languages] + [key for key in languages if key not in drafts]
    editions = {}
    for key in ordered:
        draft, starter = drafts.get(key), package.starter.get(key, "")
        source, revision = (draft.source, draft.revision) if draft else (starter, 0)
        editions[key] = Edition(language_name(key), source, starter, revision)
    return editions


def first_language(request: HttpRequest, version: ProblemVersion, editions: Mapping[str, Edition]) -> str:
    """The language the editor opens in: the latest draft's, the latest answer's anywhere, the first."""
    drafted = [key for key, edition in editions.items() if edition.revision]
    if drafted:
        return drafted[-1]
    languages = package_of(version).languages
    if request.user.is_authenticated:
        latest = Submission.objects.filter(user=request.user, language__in=editions).order_by("-created_at")
        if used := latest.values_list("language", flat=True).first():
            return used
    return next(key for key in languages if key in editions)


def file_address(version: ProblemVersion, name: str) -> str:
    """Where a file of a version lies that candidates may have."""
    return reverse("version-file", args=[version.pk, name])


def statement_of(package: Package, version: ProblemVersion) -> SafeString:
    """The statement in the page's language, its pictures in it."""
    html = render(localised(package.statements))
    return with_pictures(html, package.pictures, lambda name: file_address(version, name))


def workbench(
    request: HttpRequest, version: ProblemVersion, addresses: Addresses, *, alone: bool = True
) -> dict[str, object]:
    """The context of `grader/workbench.html`. Not `alone`: no hints, no editorial, no earlier answers."""
    package = package_of(version)
    program = package.program
    talks = program is not None and (program.interactive or program.submit_answer)
    editions = editions_of(request, version)
    language = first_language(request, version, editions)
    edition = editions[language]
    user = request.user
    known = user.is_authenticated and alone
    open_editorial = known and (
        version.problem.slug in request.session.get(GAVE_UP, []) or solved(_account(request), version.problem)
    )
    return {
        "version": version,
        "problem": version.problem,
        "package": package,
        "statement": statement_of(package, version),
        "attachments": [(name, file_address(version, name)) for name in package.attachments],
        "addresses": addresses,
        "alone": alone,
        "language": language,
        "languages": [(key, editions[key].name) for key in package.languages if key in editions],
        "edition": edition,
        "editions": {key: asdict(one) for key, one in editions.items()} if package.kind in RUNNABLE else {},
        "chosen": _chosen(edition) if package.choice else [],
        "options": options_for(package, _account(request))
        if user.is_authenticated
        else _plain_options(package),
        "samples": [sample_of(package, test) for test in package.samples()]
        if package.kind in OWN_INPUT
        else [],
        "runnable": package.kind in RUNNABLE and not (program and program.submit_answer),
        "lack": lack_of(package),
        "takes_own_input": package.kind in OWN_INPUT and not talks,
        "own_input": own_input_example(package),
        "is_code": package.kind in RUNNABLE,
        "is_open": package.kind == Kind.OPEN,
        "editorial_open": open_editorial,
        "history": own_submissions(_account(request), version.problem) if known else [],
    }


def _account(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User):
        raise TypeError("only for people who are logged in")
    return user


def _plain_options(package: Package) -> list[Option]:
    return list(package.choice.options) if package.choice else []


def _chosen(edition: Edition) -> list[str]:
    """The option ids of a draft; one that cannot be read counts as none."""
    try:
        chosen = json.loads(edition.source) if edition.revision else []
    except ValueError:
        return []
    return [str(item) for item in chosen] if isinstance(chosen, list) else []
