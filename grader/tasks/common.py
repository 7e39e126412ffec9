"""What all tasks need of this worker: its jail, its folders, and claims that stay alive."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from grader import services
from grader.errors import Fenced
from grader.judge.artifact import DataMissing
from grader.judge.builds import Builds
from grader.judge.compiling import LanguageMissing
from grader.lacks import Lack
from sandbox.client import Sandbox, connect
from sandbox.errors import MissingRuntime, NoDevice

_log = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def jail() -> Sandbox:
    """This worker's connections to the sandbox."""
    return connect(Path(settings.SANDBOX_SOCKET))


def builds() -> Builds:
    """What was compiled here before."""
    return Builds(settings.BUILDS_ROOT)


def hidden_root() -> Path:
    """Data that only the worker may read."""
    return Path(settings.DATA_ROOT, "hidden")


@contextmanager
def renewing(key: str, renew_claim: Callable[[], None]) -> Iterator[None]:
    """Keeps the claim alive while judging takes its time."""
    over = threading.Event()
    every_s = services.lease().total_seconds() / 4

    def renew() -> None:
        try:
            while not over.wait(every_s):
                try:
                    renew_claim()
                except DatabaseError as error:
                    # The lease outlasts a database that is away for a moment.
                    _log.warning("the claim on %s is not renewed: %s", key, error)
        except Fenced:
            _log.info("the attempt at %s lost its claim", key)
        finally:
            connection.close()

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def lack_of(error: NoDevice | MissingRuntime | DataMissing | LanguageMissing) -> str:
    """What this installation has not."""
    if isinstance(error, DataMissing):
        return f"{Lack.DATA}:{error.name}"
    if isinstance(error, LanguageMissing):
        return f"{Lack.LANGUAGE}:{error.name}"
    return Lack.GPU if isinstance(error, NoDevice) else Lack.ASSURANCE
