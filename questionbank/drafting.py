"""Problems being written: folders of the package format, saved, reviewed by another person, published.

The only writer of drafts. A draft's folder is changed while its row is locked, so that two tabs cannot mix.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from questionbank.models import DraftRevision, ProblemDraft, ProblemVersion, User
from questionbank.packages.comparing import FileDifference, compare_files
from questionbank.packages.editing import (
    MAX_FILE_BYTES,
    Changes,
    DraftTest,
    NotEditable,
    draft_tests,
    is_editable_path,
    template,
    with_test,
)
from questionbank.packages.errors import Finding, Findings, PackageError
from questionbank.packages.files import MAX_FILES, Files, read_files
from questionbank.packages.model import Kind
from questionbank.packages.reader import read_package
from questionbank.services import UnknownTopic, files_of, publish

MAX_COMMENT = 2000
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
State, Work = ProblemDraft.State, ProblemDraft.Work


class InvalidDraft(Exception):
    """What was asked cannot be done with the draft; the text is for people, `field` names the fault."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class StaleDraftRevision(InvalidDraft):
    """Another tab or person has saved meanwhile."""


def folder_of(draft: ProblemDraft) -> Path:
    """The draft's package; the folder is named with the slug."""
    return Path(settings.DRAFTS_ROOT) / str(draft.pk) / draft.slug


def contents_of(draft: ProblemDraft) -> dict[str, bytes]:
    """Every file of the draft."""
    return dict(_files(draft).items())


def _files(draft: ProblemDraft) -> Files:
    folder = folder_of(draft)
    return read_files(folder, Findings()) if folder.is_dir() else Files({})


def findings_of(draft: ProblemDraft) -> tuple[Finding, ...]:
    """What the reader finds at fault; none for a package that is sound."""
    try:
        read_package(folder_of(draft))
    except PackageError as error:
        return error.findings
    return ()


def create_draft(*, user: User, slug: str, kind: str, names: Mapping[str, str]) -> ProblemDraft:
    """A new problem from its kind's template; raises `InvalidDraft`."""
    if kind not in list(Kind):
        raise InvalidDraft(_("Choose a kind."), field="kind")
    for language in ("en", "zh"):
        if not names.get(language, "").strip():
            raise InvalidDraft(_("Give the problem a name in both languages."), field=f"name_{language}")
    if ProblemVersion.objects.filter(problem__slug=slug).exists():
        raise InvalidDraft(_("There is a published problem of this name: edit that one."), field="slug")
    files: Changes = dict(template(Kind(kind), names, user.get_full_name() or user.get_username()))
    return _create(user, slug, kind, files, None)


def draft_from(version: ProblemVersion, *, user: User) -> ProblemDraft:
    """A draft of the next version, with all that `version` holds; raises `InvalidDraft`."""
    files: Changes = dict(files_of(version).items())
    return _create(user, version.problem.slug, version.kind, files, version)


def _create(
    user: User, slug: str, kind: str, files: Changes, based_on: ProblemVersion | None
) -> ProblemDraft:
    if not _SLUG.fullmatch(slug):
        message = _("The name in the address is made of small letters, digits and hyphens, at most 63.")
        raise InvalidDraft(message, field="slug")
    try:
        with transaction.atomic():
            draft = ProblemDraft.objects.create(slug=slug, kind=kind, author=user, based_on=based_on)
            _write(draft, files)
            draft.content_hash = _files(draft).content_hash()
            draft.save(update_fields=["content_hash"])
    except IntegrityError as error:
        raise InvalidDraft(_("Somebody is writing this problem already."), field="slug") from error
    return draft


def adopt(
    folder: Path, *, key: UUID, user: User, slug: str, kind: str, based_on: ProblemVersion | None
) -> ProblemDraft:
    """A draft with the package in `folder`, which is moved; raises `IntegrityError` where one is open.

    What an earlier try under the same `key` left on the disk gives way.
    """
    draft = ProblemDraft(id=key, slug=slug, kind=kind, author=user, based_on=based_on)
    draft.content_hash = read_files(folder, Findings()).content_hash()
    draft.save(force_insert=True)
    home = folder_of(draft).parent
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700, parents=True)
    shutil.move(folder, folder_of(draft))
    return draft


def save_files(draft: ProblemDraft, *, user: User, revision: int, changes: Changes) -> ProblemDraft:
    """Writes and removes files; raises `InvalidDraft`, `StaleDraftRevision` unless `revision` is the last."""
    with transaction.atomic():
        current = _locked(draft, State.DRAFT)
        before = contents_of(current)
        _check(changes, before)
        if current.revision != revision:
            raise StaleDraftRevision(_("Somebody has saved this draft meanwhile. Load it again."))
        after = _changed(before, changes)
        differences = compare_files(Files(before), after)
        if not differences:
            return current
        if len(dict(after.items())) > MAX_FILES:
            raise InvalidDraft(_("A package has at most %(most)s files.") % {"most": MAX_FILES})
        current.revision += 1
        old = {one.path: before.get(one.path) for one in differences}
        DraftRevision.objects.create(
            draft=current,
            number=current.revision,
            author=user,
            changes=[_told(one) for one in differences],
            before={path: _keep(current, data) for path, data in old.items()},
        )
        current.content_hash = after.content_hash()
        kind = _kind_in(after)
        if kind:
            current.kind = kind
        current.save(update_fields=["revision", "content_hash", "kind", "updated_at"])
        # Last: what is written on the disk does not go back with a transaction.
        _write(current, changes)
    return current


def _check(changes: Changes, before: Mapping[str, bytes]) -> None:
    """What is there may be changed, wherever an import has put it; what is new has its place."""
    for path, data in changes.items():
        if path not in before and not is_editable_path(path):
            raise InvalidDraft(_("%(path)s is no place in a problem package.") % {"path": path}, field="path")
        if data is not None and len(data) > MAX_FILE_BYTES:
            message = _("%(path)s has more than %(most)s bytes.")
            raise InvalidDraft(message % {"path": path, "most": MAX_FILE_BYTES}, field="path")


def _keep(draft: ProblemDraft, data: bytes | None) -> str | None:
    """Keeps what a file held before a change, once for all that held the same; its name."""
    if data is None:
        return None
    name = hashlib.sha256(data).hexdigest()
    target = _earlier(draft) / name
    if not target.exists():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = target.with_name(f".{name}.part")
        part.write_bytes(data)
        part.replace(target)
    return name


def _earlier(draft: ProblemDraft) -> Path:
    return folder_of(draft).parent / ".earlier"


def restore(draft: ProblemDraft, *, user: User, revision: int, number: int) -> ProblemDraft:
    """Puts all files back as they were before the change `number`; this is a change of its own. `revision` is
    the one last seen. Raises `InvalidDraft`, `StaleDraftRevision`."""
    changes: Changes = {}
    for row in draft.revisions.filter(number__gte=number, number__lte=revision).order_by("-number"):
        if row.before is None:
            raise InvalidDraft(_("What this draft held then was not kept."))
        for path, name in row.before.items():
            changes[path] = None if name is None else (_earlier(draft) / name).read_bytes()
    return save_files(draft, user=user, revision=revision, changes=changes)


def _changed(before: Mapping[str, bytes], changes: Changes) -> Files:
    contents: dict[str, bytes | None] = {**before, **changes}
    return Files({path: data for path, data in contents.items() if data is not None})


def _kind_in(files: Files) -> str:
    from_text = re.search(rb"^kind:\s*([a-z-]+)\s*$", dict(files.items()).get("touchstone.yaml", b""), re.M)
    kind = from_text.group(1).decode() if from_text else ""
    return kind if kind in list(Kind) else ""


def _told(difference: FileDifference) -> dict[str, Any]:
    return {**asdict(difference), "lines": list(difference.lines)}


def _write(draft: ProblemDraft, changes: Changes) -> None:
    folder = folder_of(draft)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, data in changes.items():
        target = folder / path
        if data is None:
            target.unlink(missing_ok=True)
            _prune(target.parent, folder)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        part.write_bytes(data)
        part.replace(target)


def _prune(folder: Path, top: Path) -> None:
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _locked(draft: ProblemDraft, *states: str) -> ProblemDraft:
    current = ProblemDraft.objects.select_for_update().get(pk=draft.pk)
    if current.state not in states:
        raise InvalidDraft(_("The draft is in review or published, and stays as it is."))
    return current


def keep_expected(draft: ProblemDraft, *, user: User, tests: Sequence[DraftTest]) -> None:
    """Writes results that were found into the tests that still lack them; raises `InvalidDraft`."""
    with transaction.atomic():
        current = _locked(draft, State.DRAFT)
        contents = contents_of(current)
        changes: Changes = {}
        for test in tests:
            asked = replace(test, expected=None)
            if asked in draft_tests(contents, current.kind):
                made = with_test(contents, current.kind, test, (test.group, test.name))
                contents |= {path: data for path, data in made.items() if data is not None}
                changes |= made
        save_files(current, user=user, revision=current.revision, changes=changes)


def keep_generated(draft: ProblemDraft, *, user: User, tests: Sequence[DraftTest]) -> None:
    """Writes tests that a generator made, in the place of those it made before; raises `InvalidDraft`."""
    with transaction.atomic():
        current = _locked(draft, State.DRAFT)
        contents = contents_of(current)
        changes: Changes = {}
        try:
            for test in tests:
                place = (test.group, test.name)
                known = any((one.group, one.name) == place for one in draft_tests(contents, current.kind))
                made = with_test(contents, current.kind, test, place if known else None)
                contents |= {path: data for path, data in made.items() if data is not None}
                changes |= made
        except NotEditable as error:
            raise InvalidDraft(str(error)) from error
        save_files(current, user=user, revision=current.revision, changes=changes)


def begin_work(draft: ProblemDraft, work: str) -> None:
    """Notes that a worker is asked for something."""
    ProblemDraft.objects.filter(pk=draft.pk).update(work=work, work_since=timezone.now(), trouble="")


def end_work(draft_id: str, *, trouble: str = "") -> None:
    """Notes that it is over, and why it failed where it did."""
    ProblemDraft.objects.filter(pk=draft_id).update(work=Work.NONE, work_since=None, trouble=trouble)


def keep_proof(draft_id: str, *, content_hash: str, proof: dict[str, Any]) -> None:
    """Keeps the gate's report of the content that was proven."""
    ProblemDraft.objects.filter(pk=draft_id).update(
        proof=proof, proof_hash=content_hash, work=Work.NONE, work_since=None, trouble=""
    )


def is_proven(draft: ProblemDraft) -> bool:
    """Whether the gate found nothing against the draft as it is now."""
    return bool(draft.proof and draft.proof["ready"] and draft.proof_hash == draft.content_hash)


def ask_for_review(draft: ProblemDraft) -> None:
    """Hands the draft to another person; raises `InvalidDraft` where the gate has not passed it."""
    with transaction.atomic():
        current = _locked(draft, State.DRAFT)
        if not is_proven(current):
            raise InvalidDraft(_("The gate must pass the draft as it is now. Run it first."))
        current.state, current.comment = State.IN_REVIEW, ""
        current.save(update_fields=["state", "comment", "updated_at"])


def may_decide(draft: ProblemDraft, user: User) -> bool:
    """Whether the user is another person than those who wrote the draft."""
    wrote = draft.author_id == user.pk or draft.revisions.filter(author=user).exists()
    return draft.state == State.IN_REVIEW and not wrote


def send_back(draft: ProblemDraft, *, user: User, comment: str) -> None:
    """Back to its author: by a reviewer with a word of why, or by one who wrote it; raises `InvalidDraft`."""
    comment = comment.strip()
    with transaction.atomic():
        current = _locked(draft, State.IN_REVIEW)
        if may_decide(current, user) and not comment:
            raise InvalidDraft(_("Say what is to be changed."), field="comment")
        if len(comment) > MAX_COMMENT:
            message = _("The comment has at most %(most)s characters.")
            raise InvalidDraft(message % {"most": MAX_COMMENT}, field="comment")
        current.state, current.comment, current.reviewer = State.DRAFT, comment, user
        current.save(update_fields=["state", "comment", "reviewer", "updated_at"])


def publish_draft(draft: ProblemDraft, *, user: User) -> ProblemVersion:
    """Publishes what the gate passed and the user, who did not write it, has read; raises `InvalidDraft`."""
    with transaction.atomic():
        current = _locked(draft, State.IN_REVIEW)
        if not may_decide(current, user):
            raise InvalidDraft(_("Somebody who has not written the draft publishes it."))
        if not is_proven(current) or _files(current).content_hash() != current.proof_hash:
            raise InvalidDraft(_("The gate has not passed the draft as it is now."))
        try:
            version = publish(folder_of(current))
        except (PackageError, UnknownTopic) as error:
            raise InvalidDraft(str(error)) from error
        current.state, current.reviewer, current.version = State.PUBLISHED, user, version
        current.save(update_fields=["state", "reviewer", "version", "updated_at"])
    return version


def discard_draft(draft: ProblemDraft) -> None:
    """Deletes a draft that was not published, with its folder; raises `InvalidDraft`."""
    with transaction.atomic():
        current = _locked(draft, State.DRAFT)
        folder = folder_of(current).parent
        current.delete()
    shutil.rmtree(folder, ignore_errors=True)
