"""The catalogue: every published problem, searched and filtered, with one's own progress."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from questionbank.models import Problem, ProblemVersion, Topic, User
from questionbank.packages.model import Difficulty
from questionbank.pages.words import DIFFICULTY_NAMES, KIND_NAMES, PROGRESS_NAMES, Words, name_of

PAGE_SIZE = 48
DIFFICULTY_ORDER = {difficulty: place for place, difficulty in enumerate(Difficulty)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One problem as the catalogue lists it."""

    slug: str
    name: str
    kind: str
    difficulty: str
    minutes: int
    topics: tuple[Topic, ...]
    progress: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One box of a filter; `count` is how many problems it would show beside the other filters."""

    value: str
    name: str
    checked: bool
    count: int


@dataclass(frozen=True, slots=True)
class TopicProgress:
    """How many problems of a topic there are, and how many of them one has solved."""

    topic: Topic
    solved: int
    total: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What the query of the address asks for. Empty sets filter nothing."""

    words: tuple[str, ...]
    topics: frozenset[str]
    kinds: frozenset[str]
    difficulties: frozenset[str]
    progress: frozenset[str]

    @classmethod
    def of(cls, request: HttpRequest) -> Filters:
        query = request.GET
        return cls(
            words=tuple(query.get("q", "").split()[:8]),
            topics=frozenset(query.getlist("topic")),
            kinds=frozenset(query.getlist("kind")),
            difficulties=frozenset(query.getlist("difficulty")),
            progress=frozenset(query.getlist("progress")) if request.user.is_authenticated else frozenset(),
        )

    def any(self) -> bool:
        return bool(self.words or self.topics or self.kinds or self.difficulties or self.progress)


FACETS: dict[str, Callable[[Entry], set[str]]] = {
    "topics": lambda entry: {topic.slug for topic in entry.topics},
    "kinds": lambda entry: {entry.kind},
    "difficulties": lambda entry: {entry.difficulty},
    "progress": lambda entry: {entry.progress},
}


def progress_of(user: User | AnonymousUser) -> dict[int, str]:
    """Problem ids to "tried" or "solved", for problems the user has sent an answer to."""
    if not user.is_authenticated:
        return {}
    rows = ProblemVersion.objects.filter(submissions__user=user).values_list(
        "problem_id", "submissions__verdict"
    )
    progress: dict[int, str] = {}
    for problem_id, verdict in rows.distinct():
        if verdict == "AC" or problem_id not in progress:
            progress[problem_id] = "solved" if verdict == "AC" else "tried"
    return progress


def holding(words: Iterable[str]) -> set[str]:
    """The slugs of the problems whose current version holds every word."""
    problems = Problem.objects.filter(current__isnull=False)
    for word in words:
        problems = problems.filter(current__search_text__icontains=word)
    return set(problems.values_list("slug", flat=True))


def entries(user: User | AnonymousUser) -> list[Entry]:
    """Every current version, in the order of topics, then of difficulty."""
    problems = Problem.objects.filter(current__isnull=False).select_related("current")
    progress = progress_of(user)
    listed: list[tuple[tuple[int, int, int], Entry]] = []
    for problem in problems.defer("current__search_text").prefetch_related("current__topics"):
        version = problem.current
        if version is None:
            continue
        topics = tuple(version.topics.all())
        first = min((topic.position for topic in topics), default=99)
        entry = Entry(
            slug=problem.slug,
            name=name_of(version),
            kind=version.kind,
            difficulty=version.difficulty,
            minutes=version.expected_minutes,
            topics=topics,
            progress=progress.get(problem.pk, "new"),
        )
        rank = DIFFICULTY_ORDER.get(Difficulty(version.difficulty), 0)
        listed.append(((first, rank, problem.pk), entry))
    return [entry for _, entry in sorted(listed, key=lambda pair: pair[0])]


def progress_by_topic(listed: Iterable[Entry], topics: Iterable[Topic]) -> list[TopicProgress]:
    """The topics that have problems, in their order; a problem of two topics counts in both."""
    total: Counter[str] = Counter()
    solved: Counter[str] = Counter()
    for entry in listed:
        slugs = [topic.slug for topic in entry.topics]
        total.update(slugs)
        if entry.progress == "solved":
            solved.update(slugs)
    return [
        TopicProgress(topic, solved[topic.slug], total[topic.slug]) for topic in topics if total[topic.slug]
    ]


def matches(entry: Entry, filters: Filters, *, ignoring: str = "") -> bool:
    for facet, values_of in FACETS.items():
        wanted: frozenset[str] = getattr(filters, facet)
        if facet != ignoring and wanted and not wanted & values_of(entry):
            return False
    return True


def choices(facet: str, names: Words, listed: list[Entry], filters: Filters) -> list[Choice]:
    chosen: frozenset[str] = getattr(filters, facet)
    counts: Counter[str] = Counter()
    for entry in listed:
        if matches(entry, filters, ignoring=facet):
            counts.update(FACETS[facet](entry))
    return [Choice(str(value), str(name), value in chosen, counts[value]) for value, name in names.items()]


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    filters = Filters.of(request)
    everything = entries(request.user)
    named = holding(filters.words) if filters.words else None
    listed = [entry for entry in everything if named is None or entry.slug in named]
    found = [entry for entry in listed if matches(entry, filters)]
    topics = list(Topic.objects.all())
    topic_names = {topic.slug: name_of(topic) for topic in topics}
    context = {
        "nav": "problems",
        "query": request.GET.get("q", ""),
        "filtered": filters.any(),
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "topics": choices("topics", topic_names, listed, filters),
        "kinds": choices("kinds", KIND_NAMES, listed, filters),
        "difficulties": choices("difficulties", DIFFICULTY_NAMES, listed, filters),
        "progress": choices("progress", PROGRESS_NAMES, listed, filters),
        "by_topic": progress_by_topic(everything, topics),
    }
    template = "bank/catalogue_results.html" if request.headers.get("HX-Request") else "bank/catalogue.html"
    response = render(request, template, context)
    response["Vary"] = "HX-Request, Cookie, Accept-Language"
    return response
