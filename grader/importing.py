"""Files of problems that authors bring: all that writes imports.

A worker claims one under a fenced attempt. The drafts and the report are written in one transaction, so that
an import is there whole or not at all, whatever is lost on the way; it can be run again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from grader.answers import clean
from grader.errors import CannotImport, Fenced
from grader.queue import enqueue_import
from grader.services import MAX_INFRASTRUCTURE_FAILURES, lease
from questionbank.exchange.archives import MAX_ARCHIVE_BYTES
from questionbank.exchange.importing import Imported, Staged
from questionbank.exchange.reading import Format, Origin
from questionbank.intake import document, take_in
from questionbank.models import ProblemImport, User

MAX_UPLOAD_BYTES = MAX_ARCHIVE_BYTES
MAX_WAITING = 5
"""How many imports of one author may be open at a time."""
KEPT = timedelta(days=7)
"""How long a file waits that was not imported."""
_TEXT_STARTS = (b"{", b"[", b"<")
_BLANKS = b"\xef\xbb\xbf \t\r\n"
_HEAD_BYTES = 4096
State = ProblemImport.State
_OPEN = (State.QUEUED, State.RUNNING)


def start_import(
    *,
    user: User,
    name: str,
    size: int,
    chunks: Iterable[bytes],
    format: Format = Format.AUTO,
    origin: Origin | None = None,
    dry_run: bool = False,
) -> ProblemImport:
    """Keeps the file and queues its import; raises `CannotImport` for what is refused at the door."""
    if size > MAX_UPLOAD_BYTES:
        message = _("The file has more than %(most)s MiB.") % {"most": MAX_UPLOAD_BYTES // 2**20}
        raise CannotImport(message, field="file")
    if ProblemImport.objects.filter(author=user, state__in=_OPEN).count() >= MAX_WAITING:
        raise CannotImport(_("Other files of yours are being imported. Wait until they are done."))
    origin = origin or Origin()
    row = ProblemImport(
        author=user,
        name=clean(name)[:200],
        size=size,
        format=format.value,
        license=clean(origin.license)[:200],
        attribution=clean(origin.attribution)[:200],
        url=clean(origin.url)[:500],
        dry_run=dry_run,
        resend_at=timezone.now() + _patience(),
    )
    try:
        _keep(row, chunks)
        with transaction.atomic():
            row.save(force_insert=True)
            enqueue_import(str(row.pk))
    except BaseException:
        shutil.rmtree(_home(row), ignore_errors=True)
        raise
    return row


def _keep(row: ProblemImport, chunks: Iterable[bytes]) -> None:
    head = b""
    _home(row).mkdir(mode=0o700, parents=True)
    with file_of(row).open("wb") as file:
        for chunk in chunks:
            if len(head) < _HEAD_BYTES:
                head += chunk[:_HEAD_BYTES]
            file.write(chunk)
    if not (head[:2] in (b"PK", b"\x1f\x8b") or head.lstrip(_BLANKS).startswith(_TEXT_STARTS)):
        message = _("The file is neither a zip archive nor JSON, JSON lines or XML.")
        raise CannotImport(message, field="file")


def _home(row: ProblemImport) -> Path:
    return Path(settings.IMPORTS_ROOT) / str(row.pk)


def file_of(row: ProblemImport) -> Path:
    """Where what was sent lies."""
    return _home(row) / "upload"


def _patience() -> timedelta:
    return timedelta(seconds=settings.JUDGING_PATIENCE_S)


def run_again(row: ProblemImport, *, dry_run: bool) -> None:
    """Queues an import once more: after a dry run, a refusal or a failure. Raises `CannotImport`."""
    with transaction.atomic():
        current = ProblemImport.objects.select_for_update().get(pk=row.pk)
        if current.state in _OPEN:
            raise CannotImport(_("The file is being imported."))
        if current.state == State.IMPORTED:
            raise CannotImport(_("The file was imported."))
        current.state, current.dry_run = State.QUEUED, dry_run
        current.report, current.trouble, current.failures = None, "", 0
        current.done = current.total = 0
        current.claimed_at, current.ended_at = None, None
        current.resend_at = timezone.now() + _patience()
        current.save()
        enqueue_import(str(current.pk))
    row.refresh_from_db()


def remove_import(row: ProblemImport) -> None:
    """Forgets an import, with its file; the drafts that it made stay. Raises `CannotImport`."""
    with transaction.atomic():
        current = ProblemImport.objects.select_for_update().get(pk=row.pk)
        if current.state in _OPEN:
            raise CannotImport(_("The file is being imported."))
        current.delete()
    shutil.rmtree(_home(row), ignore_errors=True)


def claim_import(import_id: str) -> int | None:
    """Makes the caller the one worker whose result counts, by a new attempt number; None: nothing to do."""
    now = timezone.now()
    with transaction.atomic():
        row = ProblemImport.objects.select_for_update().filter(pk=import_id, state__in=_OPEN).first()
        if row is None or (row.claimed_at and row.claimed_at >= now - lease()):
            return None
        if row.claimed_at:
            # Its worker fell silent. A file that takes every worker down must not go round for ever.
            row.failures += 1
        row.attempt += 1
        row.state, row.claimed_at, row.done, row.total = State.RUNNING, now, 0, 0
        if row.failures >= MAX_INFRASTRUCTURE_FAILURES:
            row.state, row.ended_at = State.FAILED, now
            row.trouble = "Every worker that tried was lost. Nothing was imported."
        row.save()
    return row.attempt if row.state == State.RUNNING else None


def renew_import(import_id: str, attempt: int, **fields: Any) -> None:
    """Says that the worker is alive, and how far it is; `Fenced` where it lost the import."""
    rows = ProblemImport.objects.filter(pk=import_id, attempt=attempt, state=State.RUNNING)
    if not rows.update(claimed_at=timezone.now(), **fields):
        raise Fenced


@contextmanager
def workspace(row: ProblemImport, attempt: int) -> Iterator[Path]:
    """A folder for the attempt's packages; what lost attempts left is removed."""
    home = _home(row)
    for earlier in home.glob("attempt-*"):
        shutil.rmtree(earlier, ignore_errors=True)
    folder = home / f"attempt-{attempt}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def finish_import(import_id: str, attempt: int, brought: Sequence[Staged | Imported]) -> None:
    """Makes the drafts and keeps the report, both or neither; `Fenced` where the import was lost."""
    with transaction.atomic():
        row = ProblemImport.objects.select_for_update().select_related("author").get(pk=import_id)
        if row.attempt != attempt or row.state != State.RUNNING:
            raise Fenced
        # Its own key: the drafts of a second try are those of the first.
        taken = take_in(brought, user=row.author, key=UUID(import_id), dry_run=row.dry_run)
        row.report = _cleaned(document(taken))
        if row.report["failed"] or not taken:
            row.state = State.REFUSED
        else:
            row.state = State.READY if row.dry_run else State.IMPORTED
        row.ended_at, row.claimed_at = timezone.now(), None
        row.save()
    if row.state == State.IMPORTED:
        file_of(row).unlink(missing_ok=True)


def _cleaned(value: Any) -> Any:
    """With every text fit to be kept: names and messages quote what was sent."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {key: _cleaned(item) for key, item in value.items()}
    return value


def fail_import(import_id: str, attempt: int, trouble: str) -> None:
    """Ends it through a fault of ours; nothing was imported."""
    rows = ProblemImport.objects.filter(pk=import_id, attempt=attempt, state=State.RUNNING)
    rows.update(state=State.FAILED, trouble=clean(trouble)[:2000], ended_at=timezone.now(), claimed_at=None)


def send_due() -> None:
    """Sends again what no living worker is at, and forgets files that nobody came back for."""
    now = timezone.now()
    lost = Q(state=State.RUNNING, claimed_at__lt=now - lease()) | Q(state=State.QUEUED)
    due = ProblemImport.objects.filter(lost, resend_at__lt=now)
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            if due.filter(pk=pk).update(resend_at=now + _patience()):
                enqueue_import(str(pk))
    stale = ProblemImport.objects.exclude(state__in=_OPEN).filter(created_at__lt=now - KEPT)
    for row in stale.exclude(state=State.IMPORTED):
        row.delete()
        shutil.rmtree(_home(row), ignore_errors=True)
