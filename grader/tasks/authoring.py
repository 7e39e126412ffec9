"""Work of authors: the gate over a draft, its tests and their expected results, files of problems."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from celery import shared_task

from grader import importing, queue
from grader.errors import Fenced
from grader.gate import filling, generating
from grader.gate.bringing import bring
from grader.gate.proof import document
from grader.gate.proving import Demands
from grader.gate.summary import prove_folders
from grader.tasks.claims import renewing
from grader.tasks.installation import builds, hidden_root, jail
from questionbank import drafting
from questionbank.exchange.reading import Format, Origin, read_data
from questionbank.intake import pointed_out
from questionbank.models import ProblemDraft, ProblemImport, User

_log = logging.getLogger(__name__)
_TOLD_EVERY = 5
"""Problems of an import between two words of how far it is."""


@shared_task(name=queue.PROVE_TASK)
def prove_draft(draft_id: str) -> None:
    """The gate over a draft as it is now."""
    draft = ProblemDraft.objects.filter(pk=draft_id).first()
    if draft is None:
        return
    try:
        (proof,) = prove_folders(
            [drafting.folder_of(draft)],
            sandbox=jail(),
            hidden_root=hidden_root(),
            demands=Demands(),
            builds=builds(),
        )
    except Exception as error:
        _log.exception("the gate failed on draft %s", draft_id)
        drafting.end_work(draft_id, trouble=f"{type(error).__name__}: {error}")
        return
    # Changed meanwhile, the hash is another one, and the report counts for nothing.
    drafting.keep_proof(draft_id, content_hash=draft.content_hash, proof=document(proof))


@shared_task(name=queue.FILL_TASK)
def fill_expected(draft_id: str, user_id: int) -> None:
    """Expected results of a draft's tests, from its reference."""
    _write_tests(draft_id, user_id, _fill)


@shared_task(name=queue.GENERATE_TASK)
def generate_tests(draft_id: str, user_id: int, path: str, group: str, first: int, count: int) -> None:
    """Tests from a draft's generator, and their expected results."""

    def make(draft: ProblemDraft, user: User) -> None:
        seeds = range(first, first + min(count, generating.MAX_SEEDS))
        contents = drafting.contents_of(draft)
        tests = generating.generate(contents, path=path, group=group, seeds=seeds, sandbox=jail())
        drafting.keep_generated(draft, user=user, tests=list(tests))
        _fill(draft, user)

    _write_tests(draft_id, user_id, make)


def _fill(draft: ProblemDraft, user: User) -> None:
    tests = filling.fill_expected(
        drafting.contents_of(draft),
        slug=draft.slug,
        kind=draft.kind,
        sandbox=jail(),
        builds=builds(),
    )
    drafting.keep_expected(draft, user=user, tests=tests)


def _write_tests(draft_id: str, user_id: int, write: Callable[[ProblemDraft, User], None]) -> None:
    """Lets `write` write tests of a draft, and says where it could not."""
    draft = ProblemDraft.objects.filter(pk=draft_id).first()
    user = User.objects.filter(pk=user_id).first()
    if draft is None or user is None:
        return
    try:
        write(draft, user)
    except (generating.CannotGenerate, filling.CannotFill, drafting.InvalidDraft) as error:
        drafting.end_work(draft_id, trouble=str(error))
    except Exception as error:
        _log.exception("the tests of draft %s could not be written", draft_id)
        drafting.end_work(draft_id, trouble=f"{type(error).__name__}: {error}")
    else:
        drafting.end_work(draft_id)


@shared_task(name=queue.IMPORT_TASK)
def bring_problems(import_id: str) -> None:
    """An author's file of problems, brought in whole or not at all."""
    attempt = importing.claim_import(import_id)
    if attempt is None:
        return
    try:
        with renewing(import_id, partial(importing.renew_import, import_id, attempt)):
            _bring(ProblemImport.objects.get(pk=import_id), attempt)
    except Fenced:
        _log.info("the attempt at import %s was overtaken", import_id)
    except Exception as error:
        _log.exception("import %s failed", import_id)
        importing.fail_import(import_id, attempt, f"{type(error).__name__}: {error}")


def _bring(row: ProblemImport, attempt: int) -> None:
    import_id = str(row.pk)

    def tell(done: int, total: int) -> None:
        if done in (0, total) or done % _TOLD_EVERY == 0:
            importing.renew_import(import_id, attempt, done=done, total=total)

    with importing.workspace(row, attempt) as folder:
        data = importing.file_of(row).read_bytes()
        found = read_data(data, row.name, Format(row.format), Origin(row.license, row.attribution, row.url))
        brought = bring(found, folder, jail, tell)
        importing.finish_import(import_id, attempt, pointed_out(brought))
