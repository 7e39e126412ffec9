"""In which of its languages a problem can be answered here: workers say so when they start."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import redis
from django.core.cache import cache

from questionbank.packages.languages import LANGUAGES
from questionbank.packages.model import Package

_KEY = "answer-languages"
_log = logging.getLogger(__name__)


def tell(languages: Iterable[str]) -> None:
    """Keeps the keys of the languages that can be judged, until a worker tells others."""
    cache.set(_KEY, sorted(languages), timeout=None)


def offered(package: Package) -> tuple[str, ...]:
    """The package's languages that can be judged here; all of them while no worker has said anything."""
    if not set(package.languages) & LANGUAGES.keys():
        return package.languages
    try:
        told = cache.get(_KEY)
    except redis.RedisError as error:
        _log.warning("which languages can be judged cannot be read: %s", error)
        told = None
    return tuple(key for key in package.languages if told is None or key in told)
