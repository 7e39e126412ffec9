"""Which devices the installation's sandbox has, as its workers say when they start.

The web process asks no sandbox: it reads here whether a problem that needs a GPU can be judged at all.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable

import redis

from grader import events
from questionbank.packages.model import Package

_KEY = "touchstone:devices"
_log = logging.getLogger(__name__)


def tell(names: Iterable[str]) -> None:
    """Keeps the devices' names until a worker tells others."""
    events.connection().set(_KEY, json.dumps(list(names)))


def can_judge(package: Package) -> bool:
    """False where the problem needs a GPU and the workers say that there is none.

    While nobody has said anything, answers are taken: the worker decides.
    """
    if not package.needs_gpu:
        return True
    try:
        told = events.connection().get(_KEY)
    except redis.RedisError as error:
        _log.warning("which devices there are cannot be read: %s", error)
        return True
    return told is None or bool(json.loads(str(told)))
