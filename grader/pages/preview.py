"""The author's page: a rubric and an answer, graded as one writes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from kombu.exceptions import OperationalError

from grader.errors import AnswerRefused, RunUnknown
from grader.grading import current_rule
from grader.open.model import LEVEL_SHARES
from grader.pages.authoring.shown import draft_of
from grader.pages.highlighting import pieces_of
from grader.pages.sending import RunRate, refusal, too_fast
from grader.pages.versions import author
from grader.pages.wording import DOUBT_WORDS, FLAG_WORDS, LEVEL_CLASSES, LEVEL_WORDS
from grader.previews import preview_result, spec_of, start_preview
from grader.publishing import Estimate, doubts_of
from questionbank.drafting import contents_of
from questionbank.models import ProblemVersion
from questionbank.packages.model import GradedAnswer, Kind, OpenSpec
from questionbank.pages.words import localised
from questionbank.services import package_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest) -> HttpResponse:
    """GET opens the form, with a problem's or draft's rubric where one is named; POST grades its content."""
    user = author(request)
    slug = (request.POST if request.method == "POST" else request.GET).get("problem", "")
    version = get_object_or_404(_questions(), problem__slug=slug) if slug else None
    context = _form(version)
    if draft_id := request.GET.get("draft"):
        context = _draft_form(request, draft_id)
    if request.method != "POST":
        return render(request, "grader/preview.html", context)
    if refused := too_fast(request, RunRate):
        return refused
    context |= {name: request.POST.get(name, "").replace("\r\n", "\n") for name in ("rubric", "answer")}
    try:
        preview_id = start_preview(
            user=user, version=version, rubric=context["rubric"], answer=context["answer"]
        )
    except AnswerRefused as error:
        return _refused(request, context, str(error), 400)
    except OperationalError:
        return _refused(request, context, _("The task queue is away. Try again in a moment."), 503)
    context["panel"] = {"over": False, "refresh": reverse("rubric-preview-state", args=[preview_id])}
    template = "grader/preview_panel.html" if request.headers.get("HX-Request") else "grader/preview.html"
    return render(request, template, context)


def _form(version: ProblemVersion | None) -> dict[str, Any]:
    return {
        "nav": "review",
        "problem": version.problem.slug if version else "",
        "questions": list(_questions().order_by("problem__slug")),
        "samples": _samples(version),
        "rubric": _rubric_text(version) if version else "",
        "answer": "",
    }


def _draft_form(request: HttpRequest, draft_id: str) -> dict[str, Any]:
    """A draft's rubric, with the question and the graded answers of its problem's current version."""
    try:
        UUID(draft_id)
    except ValueError as error:
        raise Http404 from error
    draft, _author = draft_of(request, draft_id)
    rubric = contents_of(draft).get("rubric.yaml", b"").decode(errors="replace")
    return _form(_questions().filter(problem__slug=draft.slug).first()) | {"rubric": rubric}


def _refused(request: HttpRequest, context: dict[str, Any], message: str, status: int) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return refusal(request, message, status=status)
    return render(request, "grader/preview.html", context | {"refused": message}, status=status)


@login_required
@require_safe
def state(request: HttpRequest, preview_id: str) -> HttpResponse:
    user = author(request)
    try:
        asked, result = preview_result(preview_id, user=user)
    except RunUnknown as error:
        raise Http404(str(error)) from error
    panel: dict[str, Any] = {"over": result is not None, "refresh": request.path}
    if result is not None:
        panel |= {"failed": result["grade"] is None}
        if result["grade"] is not None:
            panel |= _graded(spec_of(asked["rubric"]), asked["answer"], result["grade"])
    if request.headers.get("HX-Request"):
        response = render(request, "grader/preview_panel.html", {"panel": panel})
    else:
        version = _questions().filter(pk=asked["version"]).first()
        typed = {"rubric": asked["rubric"], "answer": asked["answer"], "panel": panel}
        response = render(request, "grader/preview.html", _form(version) | typed)
    response["X-Judging"] = "over" if panel["over"] else "on"
    response["Cache-Control"] = "no-store"
    return response


def _graded(spec: OpenSpec, answer: str, grade: dict[str, Any]) -> dict[str, Any]:
    """A grade in the page's words: by its points, and whether it would be published."""
    said = {point["id"]: point for point in grade["points"]}
    places = {}
    points = []
    for number, point in enumerate(spec.points, start=1):
        found = said[point.id]
        places[number] = (found["start"], found["end"])
        points.append(
            {
                "number": number,
                "id": point.id,
                "statement": localised(point.statement),
                "percent": round(100 * point.weight),
                "word": str(LEVEL_WORDS[found["level"]]),
                "verdict": LEVEL_CLASSES[found["level"]],
                "probability": round(100 * found["probability"]),
            }
        )
    estimate = Estimate(
        score=grade["score"],
        low=grade["low"],
        high=grade["high"],
        flags=grade["flags"],
        graded_answers=grade["graded_answers"],
        calibrated=grade["calibrated"],
    )
    return {
        "points": points,
        "pieces": pieces_of(answer, places),
        "score": round(100 * grade["score"]),
        "low": round(100 * grade["low"]),
        "high": round(100 * grade["high"]),
        "grader": grade["grader"],
        "flags": [str(FLAG_WORDS.get(flag, flag)) for flag in grade["flags"]],
        "doubts": [str(DOUBT_WORDS[doubt]) for doubt in doubts_of(estimate, current_rule())],
    }


def _questions() -> Any:
    rows = ProblemVersion.objects.filter(problem__current=F("pk"), kind=Kind.OPEN)
    return rows.select_related("problem")


def _rubric_text(version: ProblemVersion) -> str:
    """The file as its author wrote it."""
    return (settings.VERSION_STORE / version.content_hash / "rubric.yaml").read_text("utf-8")


def _samples(version: ProblemVersion | None) -> list[dict[str, str]]:
    """The problem's graded answers, to be tried; each with the score that people gave it, of 100."""
    spec = package_of(version).open if version else None
    return (
        [
            {"label": f"{number}. {one.language} · {_score(spec, one)}", "text": one.text}
            for number, one in enumerate(spec.graded, start=1)
        ]
        if spec
        else []
    )


def _score(spec: OpenSpec, one: GradedAnswer) -> int:
    return round(100 * sum(point.weight * LEVEL_SHARES[one.points[point.id]] for point in spec.points))
