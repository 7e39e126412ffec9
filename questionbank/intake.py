"""Takes what was brought into the bank: each problem as a draft, all of an upload or none.

A draft is private to authors, and goes to publication as every other: by the gate and another's review.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from questionbank.drafting import adopt
from questionbank.exchange.importing import Imported, Staged, State, told_of_duplicates
from questionbank.exchange.importing import document as import_document
from questionbank.models import ProblemDraft, ProblemVersion, Topic, User
from questionbank.packages.errors import Finding, PackageError
from questionbank.packages.model import Package
from questionbank.services import DamagedVersion, package_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one problem, or would: READY could be a draft, and is none, for it was a dry run or
    another problem failed. `draft` is the one that holds it."""

    imported: Imported
    draft: ProblemDraft | None = None


def pointed_out(brought: Sequence[Staged | Imported]) -> list[Staged | Imported]:
    """The same with notices: near-duplicates in the bank, and topics that it does not have."""
    topics = set(Topic.objects.values_list("slug", flat=True))
    return [
        _with_notices(one, topics) if isinstance(one, Staged) else one
        for one in told_of_duplicates(brought, _published())
    ]


def _with_notices(staged: Staged, topics: set[str]) -> Staged:
    unknown = sorted(set(staged.package.topics) - topics)
    if not unknown:
        return staged
    said = f"the bank has no topic {', '.join(unknown)}: name others before publication"
    notices = (*staged.draft.notices, Finding("touchstone.yaml", None, said))
    return replace(staged, draft=replace(staged.draft, notices=notices))


def _published() -> Iterator[Package]:
    rows = ProblemVersion.objects.filter(problem__current__isnull=False).select_related("problem")
    for version in rows:
        if version.problem.current_id != version.pk:
            continue
        try:
            yield package_of(version)
        except (PackageError, DamagedVersion) as error:
            _log.warning("%s is not compared with what comes in: %s", version.problem.slug, error)


def take_in(
    brought: Sequence[Staged | Imported], *, user: User, key: UUID, dry_run: bool = False
) -> list[Taken]:
    """Makes drafts of all problems, or of none where one of them failed or `dry_run` is asked for.

    Under the same `key` the same drafts are made: a second try takes the place of what a first one left.
    """
    with transaction.atomic():
        planned = [_planned(one) for one in brought]
        if dry_run or any(one.imported.state is State.FAILED for one in planned):
            return planned
        return [
            _adopted(source, plan, user, key) if isinstance(source, Staged) else plan
            for source, plan in zip(brought, planned, strict=True)
        ]


def _planned(one: Staged | Imported) -> Taken:
    if isinstance(one, Imported):
        return Taken(one)
    slug, package, notices = one.draft.slug, one.package, one.draft.notices

    def told(state: State, *findings: Finding) -> Imported:
        return Imported(one.draft.origin, slug, state, findings, notices, package)

    draft = ProblemDraft.objects.exclude(state=ProblemDraft.State.PUBLISHED).filter(slug=slug).first()
    if draft is not None:
        if draft.content_hash == package.content_hash:
            return Taken(told(State.UNCHANGED), draft)
        said = "there is an open draft of it with another content: publish it or throw it away first"
        return Taken(told(State.FAILED, Finding(slug, None, said)), draft)
    version = _current(slug)
    if version is not None and version.content_hash == package.content_hash:
        return Taken(told(State.UNCHANGED))
    if version is not None:
        said = f"the next version of a problem of which version {version.number} is published"
        notices = (*notices, Finding(slug, None, said))
    return Taken(told(State.READY))


def _current(slug: str) -> ProblemVersion | None:
    rows = ProblemVersion.objects.filter(problem__slug=slug).select_related("problem__current")
    version = rows.first()
    return version.problem.current if version else None


def _adopted(staged: Staged, plan: Taken, user: User, key: UUID) -> Taken:
    if plan.imported.state is not State.READY:
        return plan
    slug = staged.draft.slug
    draft = adopt(
        staged.folder,
        key=uuid5(key, slug),
        user=user,
        slug=slug,
        kind=staged.package.kind.value,
        based_on=_current(slug),
    )
    return Taken(replace(plan.imported, state=State.IMPORTED), draft)


def document(taken: Sequence[Taken]) -> dict[str, Any]:
    """The report as JSON: that of an import into a folder, with each problem's `draft` and how many are
    `ready`."""
    report = import_document(one.imported for one in taken)
    report["ready"] = sum(one.imported.state is State.READY for one in taken)
    for problem, one in zip(report["problems"], taken, strict=True):
        problem["draft"] = str(one.draft.pk) if one.draft else None
    return report
