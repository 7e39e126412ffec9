"""A worker that starts, says what it has, and looks for what was left waiting."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Any

from celery import shared_task
from celery.signals import beat_embedded_init, worker_ready

from grader import devices, importing, queue, rejudging, services
from grader.judge.compiling import prepare_languages
from grader.judge.toolchains import survey
from grader.tasks.installation import builds, jail
from questionbank import offering
from sandbox.errors import SandboxError
from sandbox.syscalls import die_with_parent

_log = logging.getLogger(__name__)


@worker_ready.connect
def worker_is_ready(**_: Any) -> None:
    """A worker that starts looks for answers left waiting, says what it has, and tells whoever started it."""
    requeue_forgotten()
    devices.tell(device.name for device in jail().devices())
    threading.Thread(target=_prepare_languages, name="languages", daemon=True).start()
    ready_file = os.environ.get("TOUCHSTONE_READY_FILE")
    if ready_file:
        Path(ready_file).touch()


def _prepare_languages() -> None:
    """Says which languages can be judged here, and builds what all answers of one share."""
    try:
        offering.tell(finding.language.key for finding in survey(jail()) if finding.toolchain)
        prepare_languages(jail(), builds())
    except SandboxError:
        _log.exception("the languages could not be looked for; answers are taken in all of them")


@beat_embedded_init.connect
def clock_has_started(**_: Any) -> None:
    """The worker's clock is a process of its own: without this it would outlive a worker that is killed."""
    die_with_parent()


@shared_task(name=queue.REQUEUE_TASK)
def requeue_forgotten() -> None:
    """Queues again what waits without a living worker."""
    number = services.requeue_forgotten()
    rejudging.send_due()
    importing.send_due()
    if number:
        _log.warning("%s forgotten submissions were queued again", number)
