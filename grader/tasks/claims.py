"""Claims on work that stay alive while the work takes its time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

from grader import services
from grader.errors import Fenced

_log = logging.getLogger(__name__)


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
