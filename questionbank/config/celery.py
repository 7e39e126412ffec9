"""The task queue. Messages are acknowledged when their work is done, so that a lost worker loses none."""

from __future__ import annotations

import os
from typing import Any

import redis
from celery import Celery
from django.conf import settings
from kombu.transport.redis import Channel, Transport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "questionbank.config.settings")


class _Channel(Channel):
    """kombu 5.7 acknowledges and gives back messages over a connection that it has taken apart, and a worker
    dies of the AttributeError. A lost connection is what its callers are ready for."""

    def _connparams(self, *args: Any, **kwargs: Any) -> Any:
        if self.connection.client is None:
            raise redis.ConnectionError("This connection to the broker was lost.")
        return super()._connparams(*args, **kwargs)  # type: ignore[no-untyped-call]


Transport.Channel = _Channel
app = Celery("touchstone")
app.conf.update(
    # kombu has its own word for redis-py's unix://.
    broker_url=settings.REDIS_URL.replace("unix://", "redis+socket://", 1),
    broker_connection_retry_on_startup=True,
    # A worker waits for its broker as long as it takes.
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": 1800},
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_default_queue="code",
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    timezone="UTC",
    beat_schedule={
        "requeue forgotten submissions": {
            "task": "grader.requeue_forgotten",
            "schedule": 5.0,
            "options": {"queue": "bulk", "expires": 5},
        }
    },
)
# Views run in threads of their own, where only the default app is current.
app.set_default()
app.autodiscover_tasks(["grader"])
