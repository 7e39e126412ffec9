"""The bank as a document: every problem with its proof, and the points that the bank covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.gate.records import Record
from questionbank.packages.documents import load_yaml
from questionbank.packages.errors import Findings
from questionbank.packages.files import Files
from questionbank.packages.model import Difficulty, Kind, Localised, Package
from questionbank.packages.schemas import LOCALISED, TOPICS

_SLUG: Mapping[str, Any] = {"type": "string", "minLength": 1}
_POINT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "name": LOCALISED,
        "question": _SLUG,
        "exercises": {"type": "array", "items": _SLUG, "minItems": 1, "uniqueItems": True},
    },
    "required": ["name", "exercises"],
    "additionalProperties": False,
}
_TOPIC: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "topic": {"enum": list(TOPICS)},
        "topic_question": _SLUG,
        "points": {"type": "array", "items": _POINT, "minItems": 1},
    },
    "required": ["topic", "topic_question", "points"],
    "additionalProperties": False,
}
_POINTS: Mapping[str, Any] = {
    "type": "object",
    "properties": {"topics": {"type": "array", "items": _TOPIC, "minItems": 1}},
    "required": ["topics"],
    "additionalProperties": False,
}
_HEAD = """# The bank

Made by `manage.py problem table --write`; do not write into it. What a package holds: [the problem
package](problem-package.md). How to prove it again: [the gate](problem-package.md#the-gate).
"""


@dataclass(frozen=True, slots=True)
class Point:
    """What the bank must cover. `question` is its own open question, None where only the topic's asks it."""

    topic: str
    names: Localised
    topic_question: str
    question: str | None
    exercises: tuple[str, ...]


def read_points(path: Path) -> tuple[Point, ...]:
    """The points of a YAML file; raises `PackageError`."""
    findings = Findings()
    document = load_yaml(Files({path.name: path.read_bytes()}), path.name, _POINTS, findings)
    findings.raise_if_any()
    return tuple(
        Point(
            topic["topic"],
            point["name"],
            topic["topic_question"],
            point.get("question"),
            tuple(point["exercises"]),
        )
        for topic in document["topics"]
        for point in topic["points"]
    )


def rows(packages: Sequence[Package], proven: Mapping[str, Record]) -> list[dict[str, Any]]:
    """One problem a row, by slug. `proven` holds records of these very tests only."""
    return [_row(package, proven.get(package.slug)) for package in sorted(packages, key=lambda one: one.slug)]


def _row(package: Package, record: Record | None) -> dict[str, Any]:
    right = sum(one.expected == "AC" for one in package.submissions)
    total = record.total if record else None
    return {
        "slug": package.slug,
        "name": dict(package.names),
        "kind": str(package.kind),
        "topics": list(package.topics),
        "difficulty": str(package.difficulty),
        "expected_minutes": package.expected_minutes,
        "languages": list(package.languages),
        "accepted": right,
        "known_wrong": len(package.submissions) - right,
        "graded_answers": len(package.open.graded) if package.open else 0,
        "proven": record is not None and record.ready and not record.flaky,
        "mutants": total,
        "mutation_score": round((record.killed or 0) / total, 4) if record and total else None,
    }


def markdown(problems: Sequence[Mapping[str, Any]], points: Sequence[Point]) -> str:
    """The document: counts, the points with what asks them, the problems."""
    return "\n".join([_HEAD, *_counts(problems), "", *_coverage(points), "", *_problems(problems)]) + "\n"


def _counts(problems: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    kinds = Counter(one["kind"] for one in problems)
    proven = sum(one["proven"] for one in problems)
    yield f"{len(problems)} problems: {_listed((str(kind), kinds[kind]) for kind in Kind)}."
    yield f"As its tests are now, the gate has proven {proven} of them."
    yield ""
    yield "| topic | " + " | ".join(Difficulty) + " | all |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for topic in TOPICS:
        found = Counter(one["difficulty"] for one in problems if topic in one["topics"])
        cells = [*(str(found[difficulty]) for difficulty in Difficulty), str(found.total())]
        yield f"| {topic} | " + " | ".join(cells) + " |"
    yield ""
    yield "A problem may belong to several topics."


def _listed(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts if count)


def _coverage(points: Sequence[Point]) -> Iterator[str]:
    yield "## Points"
    yield ""
    yield "| point | 要点 | open question | graded exercises |"
    yield "| --- | --- | --- | --- |"
    topic = ""
    for point in points:
        if point.topic != topic:
            topic = point.topic
            yield f"| **{topic}** | | {_code([point.topic_question])} | |"
        question = _code([point.question]) if point.question else f"in {_code([point.topic_question])}"
        yield f"| {point.names['en']} | {point.names['zh']} | {question} | {_code(point.exercises)} |"


def _problems(problems: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "## Problems"
    yield ""
    yield (
        "Right and wrong: submissions of the package, each with its verdict; of open questions, graded "
        "answers. "
        "Mutants: how many wrong versions of the reference the tests kill, declared equivalents left out. "
        "`–`: of this kind there are none; `?`: not measured since the tests changed."
    )
    yield ""
    yield "| problem | kind | topics | difficulty | minutes | languages | right / wrong | mutants killed |"
    yield "| --- | --- | --- | --- | ---: | --- | ---: | ---: |"
    for one in problems:
        yield (
            f"| `{one['slug']}` {_cell(one['name']['en'])} · {_cell(one['name']['zh'])} | {one['kind']} "
            f"| {', '.join(one['topics'])} | {one['difficulty']} | {one['expected_minutes']} "
            f"| {_languages(one)} | {_submissions(one)} | {_mutants(one)} |"
        )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _languages(one: Mapping[str, Any]) -> str:
    if one["kind"] in (Kind.CHOICE, Kind.OPEN):
        return "–"
    return ", ".join(one["languages"])


def _submissions(one: Mapping[str, Any]) -> str:
    if one["kind"] == Kind.OPEN:
        return str(one["graded_answers"])
    return f"{one['accepted']} / {one['known_wrong']}"


def _mutants(one: Mapping[str, Any]) -> str:
    if one["mutants"]:
        return f"{one['mutation_score']:.1%} of {one['mutants']}"
    return "?" if one["kind"] in (Kind.FUNCTION, Kind.PASS_FAIL) and not one["proven"] else "–"


def _code(slugs: Iterable[str]) -> str:
    return ", ".join(f"`{slug}`" for slug in slugs)
