"""What this installation has for its worker: the jail, what was compiled before, data for it alone."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from grader.judge.builds import Builds
from sandbox.client import Sandbox, connect


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
