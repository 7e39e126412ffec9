"""The operator's page: what the grader may publish by itself, how wrong that is, and the language model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from kombu.exceptions import OperationalError

from grader.errors import InvalidRule
from grader.grading import checked, current_rule, set_rule
from grader.ledger import calls_today, forget_version
from grader.models import GraderTrial, JudgeVersion
from grader.pages.charts import Frame, frame, path
from grader.pages.problem import logged_in
from grader.pages.wording import DOUBT_WORDS
from grader.publishing import Rule
from grader.queue import enqueue_trial
from grader.trials import Level, doubts_against, levels_of, reviewed_trials, sample_trials
from questionbank.models import User

SOURCES = ("samples", "reviewed")
LANGUAGES = ("", "en", "zh")


@dataclass(frozen=True, slots=True)
class Dot:
    """One half width in the drawing; `chosen` is the rule's own."""

    x: float
    y: float
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """Error over coverage, from the strictest half width to the loosest."""

    frame: Frame
    points: str
    dots: tuple[Dot, ...]


def operator(request: HttpRequest) -> User:
    """Thresholds are for staff."""
    user = logged_in(request)
    if not user.is_staff:
        raise PermissionDenied
    return user


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def operating(request: HttpRequest) -> HttpResponse:
    """GET shows what thresholds would do, those in the address where it holds any; POST sets them."""
    user = operator(request)
    rule, errors = current_rule(), dict[str, str]()
    given = request.POST if request.method == "POST" else request.GET
    wanted = {name: given[name] for name in asdict(rule) if name in given}
    try:
        rule = _rule_of(rule, wanted)
        if request.method == "POST":
            set_rule(user=user, rule=rule)
            messages.success(request, _("From now on these thresholds hold. What was published stays."))
            return redirect("grader")
    except InvalidRule as error:
        errors = {error.field: str(error)}
    context = _context(request, rule) | {"errors": errors, "values": _values(rule) | wanted}
    return render(request, "grader/operating.html", context, status=400 if errors else 200)


def _rule_of(rule: Rule, wanted: dict[str, str]) -> Rule:
    """`rule` with the figures that a form gives."""
    fields: dict[str, Any] = {}
    for name, text in wanted.items():
        try:
            fields[name] = int(text) if name == "graded_answers" else float(text)
        except ValueError as error:
            raise InvalidRule(_("Give a number."), field=name) from error
    return checked(replace(rule, **fields))


def _values(rule: Rule) -> dict[str, str]:
    return {name: f"{value:g}" for name, value in asdict(rule).items()}


def _context(request: HttpRequest, rule: Rule) -> dict[str, object]:
    source = request.GET.get("source", "")
    source = source if source in SOURCES else SOURCES[0]
    language = request.GET.get("language", "")
    language = language if language in LANGUAGES else ""
    found = sample_trials(language) if source == "samples" else reviewed_trials(language)
    levels = levels_of(found, rule) if found else []
    return {
        "nav": "review",
        "rule": rule,
        "source": source,
        "language": language,
        "sources": [("samples", _("Graded samples")), ("reviewed", _("Marked answers"))],
        "languages": [("", _("Both languages")), ("en", _("English")), ("zh", _("Chinese"))],
        "trials": len(found),
        "levels": levels,
        "curve": curve_of(levels, rule),
        "doubts": [(str(DOUBT_WORDS[doubt]), count) for doubt, count in doubts_against(found, rule)],
        "tried_at": GraderTrial.objects.order_by("-tried_at").values_list("tried_at", flat=True).first(),
        "judge_model": settings.JUDGE_MODEL if settings.JUDGE_URL else "",
        "judge_calls": calls_today(),
        "judge_budget": settings.JUDGE_BUDGET,
        "judge_versions": JudgeVersion.objects.order_by("-tried_at")[:20],
    }


def curve_of(levels: list[Level], rule: Rule) -> Curve | None:
    """The drawing; None where no half width would publish anything."""
    known = [(level, level.rmse) for level in levels if level.rmse is not None]
    if not known:
        return None
    xs, ys = [100 * level.coverage for level, _rmse in known], [100 * rmse for _level, rmse in known]
    plane = frame(_("Published by itself, %"), xs, _("Error (RMSE), points of 100"), ys)
    dots = tuple(
        Dot(plane.x.place(x), plane.y.place(y), f"±{level.half_width:g}", level.half_width == rule.half_width)
        for (level, _rmse), x, y in zip(known, xs, ys, strict=True)
    )
    return Curve(plane, path(plane, xs, ys), dots)


@login_required
@require_POST
def try_again(request: HttpRequest) -> HttpResponse:
    """Has a worker try the grader on the bank's graded answers."""
    operator(request)
    try:
        enqueue_trial()
    except OperationalError:
        messages.error(request, _("The task queue is away. Try again in a moment."))
    else:
        messages.info(request, _("A worker tries the grader. Load this page again in a minute."))
    return redirect("grader")


@login_required
@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Lets a version of the language model be tried on the canaries again."""
    operator(request)
    forget_version(request.POST.get("version", ""))
    messages.info(request, _("It is tried again with the next answer."))
    return redirect("grader")
