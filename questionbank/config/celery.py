"""The task queue. Messages are acknowledged when their work is done, so that a lost worker loses none."""

from __future__ import annotations

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "questionbank.config.settings")

app = Celery("touchstone")
app.conf.update(
    # kombu has its own word for redis-py's unix://.
    broker_url=settings.REDIS_URL.replace("unix://", "redis+socket://", 1),
    broker_connection_retry_on_startup=True,
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
            "schedule": 60.0,
            "options": {"queue": "bulk", "expires": 50},
        }
    },
)
# Views run in threads of their own, where only the default app is current.
app.set_default()
app.autodiscover_tasks(["grader"])
