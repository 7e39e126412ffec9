"""Near-duplicates among problems: statements in each language, and reference solutions, by what they share.

A text is the set of its shingles, five characters in a row once case, blanks and marks are gone. Two texts
are compared where they share one of their smallest hashes (bottom-k sketch, Cohen and Kaplan 2007), so that a
bank of thousands is not compared pair by pair.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from questionbank.packages.errors import Finding
from questionbank.packages.model import Package

ALIKE = 0.85
"""The share of shingles in common from which on two texts are pointed out."""
_SHINGLE, _SKETCH, _LEAST = 5, 12, 20
_MAX_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class _Text:
    slug: str
    what: str
    """Which text of the problem; only texts of one kind are compared."""
    shingles: frozenset[int]


def near_duplicates(packages: Sequence[Package], known: Iterable[Package] = ()) -> dict[str, list[Finding]]:
    """What to tell of each of `packages` that is nearly one before it, or one of `known`."""
    new = {package.slug for package in packages}
    held: dict[tuple[str, int], list[_Text]] = defaultdict(list)
    found: dict[str, list[Finding]] = defaultdict(list)
    for package in (*known, *packages):
        for text in _texts(package):
            keys = [(text.what, key) for key in sorted(text.shingles)[:_SKETCH]]
            others = {id(other): other for key in keys for other in held[key]}
            if package.slug in new:
                found[package.slug] += _alike(text, others.values())
            for key in keys:
                held[key].append(text)
    return {slug: findings for slug, findings in found.items() if findings}


def _alike(text: _Text, others: Iterable[_Text]) -> list[Finding]:
    shares = [
        (len(text.shingles & other.shingles) / len(text.shingles | other.shingles), other.slug)
        for other in others
        if other.slug != text.slug
    ]
    share, slug = max(shares, default=(0.0, ""))
    if share < ALIKE:
        return []
    return [Finding(text.slug, None, f"its {text.what} is nearly that of {slug}: {share:.0%} in common")]


def _texts(package: Package) -> Iterator[_Text]:
    spoken = [language for language in package.statements if language not in package.untranslated]
    told = [(f"statement in {language}", package.statements[language]) for language in spoken]
    for submission in package.submissions:
        if submission.expected == "AC" and submission.language not in ("choice", "text"):
            source = submission.source.decode("utf-8", errors="replace")
            told.append((f"solution in {submission.language}", source))
    for what, text in told:
        shingles = _shingles(text)
        if len(shingles) >= _LEAST:
            yield _Text(package.slug, what, shingles)


def _shingles(text: str) -> frozenset[int]:
    plain = re.sub(r"[\W_]+", "", text[:_MAX_CHARACTERS].casefold())
    return frozenset(
        int.from_bytes(hashlib.blake2b(plain[at : at + _SHINGLE].encode(), digest_size=8).digest())
        for at in range(len(plain) - _SHINGLE + 1)
    )
