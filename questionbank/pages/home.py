"""The first page: what this is, the topics, and where one left off."""

from __future__ import annotations

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from questionbank.models import Topic
from questionbank.pages.catalogue import entries

LEFT_OFF = 4


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    listed = entries(request.user)
    counts = Counter(topic.slug for entry in listed for topic in entry.topics)
    context = {
        "topics": [(topic, counts[topic.slug]) for topic in Topic.objects.all() if counts[topic.slug]],
        "total": len(listed),
        "solved": sum(entry.progress == "solved" for entry in listed),
        "left_off": [entry for entry in listed if entry.progress == "tried"][:LEFT_OFF],
    }
    return render(request, "bank/home.html", context)
