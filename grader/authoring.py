"""What authors ask workers for: a draft's proof, tests from its generator, results from its reference."""

from __future__ import annotations

from django.db import transaction

from grader.queue import enqueue_filling, enqueue_generating, enqueue_proof
from questionbank.drafting import begin_work
from questionbank.models import ProblemDraft, User


def request_proof(draft: ProblemDraft) -> None:
    """Queues the gate, in the background."""
    with transaction.atomic():
        begin_work(draft, ProblemDraft.Work.PROVING)
        enqueue_proof(str(draft.pk))


def request_expected(draft: ProblemDraft, *, user: User) -> None:
    """Queues runs of the reference for every test that lacks its expected result."""
    with transaction.atomic():
        begin_work(draft, ProblemDraft.Work.FILLING)
        enqueue_filling(str(draft.pk), user.pk)


def request_generated(
    draft: ProblemDraft, *, user: User, path: str, group: str, first: int, count: int
) -> None:
    """Queues a generator's runs for seeds from `first` on, and the reference's on what it makes."""
    with transaction.atomic():
        begin_work(draft, ProblemDraft.Work.FILLING)
        enqueue_generating(str(draft.pk), user.pk, path, group, first, count)
