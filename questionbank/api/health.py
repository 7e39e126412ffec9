"""Whether the web process can serve: database and broker answer."""

from __future__ import annotations

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 and `{"status": "ok"}`, or 503 naming what is away."""
    away = []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        away.append("database")
    try:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.ping()
    except redis.RedisError:
        away.append("broker")
    body = {"status": "ok"} if not away else {"status": "unavailable", "away": away}
    return JsonResponse(body, status=503 if away else 200)
