"""What an importer makes: a package's files, or the reasons why there is none."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from questionbank.packages.errors import Finding

_LICENSES = {
    "cc0": "cc0",
    "cc by": "cc by",
    "cc by sa": "cc by-sa",
    "public domain": "public domain",
}
_MAX_SLUG = 63


@dataclass(frozen=True, slots=True)
class Draft:
    """A package, not written yet. `notices` say what of the source it does not hold."""

    slug: str
    files: Mapping[str, bytes]
    notices: tuple[Finding, ...] = ()
    origin: str = ""
    """What the source calls it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A problem of the source that is not imported, and why."""

    origin: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a problem came from, as its source says it."""

    format: str
    id: str = ""
    license: str = ""
    attribution: str = ""
    url: str = ""
    license_text: str = ""
    """A licence's whole text, where one lies beside the source."""


def slug_from(text: str) -> str:
    """A problem's folder name out of whatever the source calls it; empty where nothing of it is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_MAX_SLUG].strip("-")


def draft_of(
    slug: str,
    *,
    names: Mapping[str, str],
    statements: Mapping[str, str],
    editorials: Mapping[str, str],
    section: Mapping[str, Any],
    provenance: Provenance,
    files: Mapping[str, bytes],
    limits: Mapping[str, float] | None = None,
    difficulty: str = "medium",
    minutes: int = 20,
    notices: tuple[Finding, ...] = (),
) -> Draft:
    """A package whose texts may be there in one language only: the others repeat it and are told so.

    `section` is what `touchstone.yaml` says beyond what every package has: kind, and what belongs to it.
    """
    written = [language for language in ("en", "zh") if statements.get(language, "").strip()]
    spoken = written[0] if written else "en"

    def both(texts: Mapping[str, str]) -> dict[str, str]:
        return {language: texts.get(language) or texts.get(spoken) or "–" for language in ("en", "zh")}

    problem: dict[str, Any] = {
        "problem_format_version": "2025-09",
        "name": both(names),
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{provenance.format}:{provenance.id}:{slug}")),
        "license": _known_license(provenance.license),
    }
    if provenance.attribution:
        problem["credits"] = {"authors": provenance.attribution}
    if limits:
        problem["limits"] = dict(limits)
    said = {"id": provenance.id, "license": provenance.license, "attribution": provenance.attribution}
    touchstone: dict[str, Any] = {
        "topics": ["algorithms"],
        "difficulty": difficulty,
        "expected_minutes": minutes,
        "provenance": {
            "format": provenance.format,
            **{key: text for key, text in {**said, "url": provenance.url}.items() if text},
        },
        **section,
    }
    missing = [language for language in ("en", "zh") if language not in written]
    if missing:
        touchstone["untranslated"] = missing
    made = {"problem.yaml": _yaml(problem), "touchstone.yaml": _yaml(touchstone)}
    for language, text in both(statements).items():
        made[f"statement/problem.{language}.md"] = _text(text)
    for language, text in both(editorials).items():
        made[f"editorial.{language}.md"] = _text(text)
    if provenance.license_text:
        made["LICENSE"] = _text(provenance.license_text)
    return Draft(slug, {**made, **files}, notices, provenance.id or slug)


def cases_file(cases: Sequence[Mapping[str, Any]]) -> bytes:
    """`cases.jsonl`: one test a line."""
    return "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases).encode()


def _known_license(text: str) -> str:
    """The word of the package format for a licence; others stand in the provenance alone."""
    words = re.sub(r"[-_\s]+", " ", text.lower()).strip()
    words = re.sub(r"\s*[0-9]+(\.[0-9]+)?( international| unported| universal)?$", "", words)
    return _LICENSES.get(words, "unknown")


def _yaml(document: Mapping[str, Any]) -> bytes:
    return yaml.safe_dump(dict(document), allow_unicode=True, sort_keys=False, width=1000).encode()


def _text(text: str) -> bytes:
    return (text.replace("\r\n", "\n").strip("\n") + "\n").encode()
