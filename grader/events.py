"""What happens to a submission or run while people watch: a Redis stream each, kept for an hour.

The database is the truth; a stream only makes it live. Whoever cannot read the stream reads the database.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import redis
import redis.asyncio
from django.conf import settings

KEPT_S = 3600
KEPT_EVENTS = 5000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """`id` is the stream's; `name` is stage, case or finished."""

    id: str
    name: str
    data: dict[str, Any]


@lru_cache(maxsize=1)
def connection() -> redis.Redis:
    """This process's connection pool to Redis."""
    return redis.Redis.from_url(settings.REDIS_URL, decode_responses=True)


def stream_key(kind: str, identifier: str) -> str:
    """The stream of one submission ("submission") or run ("run")."""
    return f"touchstone:{kind}:{identifier}:events"


def publish(key: str, name: str, data: dict[str, Any]) -> None:
    """Adds an event. Redis being away must not fail judging: the page asks the database then."""
    try:
        pipe = connection().pipeline()
        pipe.xadd(key, {"name": name, "data": json.dumps(data)}, maxlen=KEPT_EVENTS, approximate=True)
        pipe.expire(key, KEPT_S)
        pipe.execute()
    except redis.RedisError as error:
        _log.warning("event %s of %s is not live: %s", name, key, error)


async def read(key: str, last_id: str, wait_s: float) -> AsyncIterator[Event | None]:
    """Events after `last_id` as they come; None whenever nothing came for `wait_s` seconds.

    Raises `redis.RedisError` where Redis does not answer. Never ends by itself.
    """
    client = redis.asyncio.Redis.from_url(settings.REDIS_URL, decode_responses=True)
    try:
        while True:
            answer: Any = await client.xread({key: last_id}, count=200, block=int(wait_s * 1000))
            if not answer:
                yield None
            for _, entries in answer:
                for last_id, fields in entries:
                    yield Event(last_id, fields["name"], json.loads(fields["data"]))
    finally:
        await client.aclose()
