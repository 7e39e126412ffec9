"""The answers that the demonstration sends: of every problem the reference, and one known to be wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from questionbank.config.places import HOME
from questionbank.packages.model import Kind, Package, ReferenceSubmission
from questionbank.packages.reader import read_package

PROBLEMS = HOME / "fixtures" / "problems"
AWAITING_REVIEW = "awaiting review"


@dataclass(frozen=True, slots=True)
class Trial:
    """One answer and what must come of it: a verdict, or that a person is to mark it."""

    problem: str
    file: str
    language: str
    source: str
    expected: str


def trials(slugs: Sequence[str] = (), folder: Path = PROBLEMS) -> list[Trial]:
    """Those of every package below `folder`, or of the named ones. Raises `KeyError` for a name not there."""
    known = {path.parent.name: path.parent for path in sorted(folder.glob("*/problem.yaml"))}
    shown: Counter[str] = Counter()
    return [trial for slug in slugs or known for trial in _of(read_package(known[slug]), shown)]


def _of(package: Package, shown: Counter[str]) -> list[Trial]:
    if package.open:
        answer = package.open.model_answer["en"]
        return [Trial(package.slug, "rubric.yaml", package.languages[0], answer, AWAITING_REVIEW)]
    right = next(one for one in _preferred(package) if one.expected == "AC")
    wrong = _known_wrong(package, shown)
    return [_trial(package, one) for one in (right, wrong) if one]


def _preferred(package: Package) -> list[ReferenceSubmission]:
    """Those in the package's first language first: most installations have the tools of it."""
    return sorted(package.submissions, key=lambda one: one.language != package.languages[0])


def _known_wrong(package: Package, shown: Counter[str]) -> ReferenceSubmission | None:
    """The one whose verdict was shown least so far, so that the demonstration shows each of them."""
    wrong = [one for one in package.submissions if one.expected != "AC"]
    chosen = min(wrong, key=lambda one: (shown[one.expected], str(one.path)), default=None)
    if chosen:
        shown[chosen.expected] += 1
    return chosen


def _trial(package: Package, submission: ReferenceSubmission) -> Trial:
    language = package.languages[0] if package.kind is Kind.CHOICE else submission.language
    file = submission.path.relative_to("submissions").as_posix()
    return Trial(package.slug, file, language, submission.source.decode(), submission.expected)
