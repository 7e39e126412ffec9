"""The panel of one submission or run: live while it is judged, whole when it is over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from grader.feedback import Feedback, PointFeedback, Standing, feedback_on
from grader.judge.model import MetricState
from grader.lacks import message_of
from grader.models import CaseRecord, Submission
from grader.pages.differing import Difference, difference
from grader.pages.wording import (
    ADVICE,
    LEVEL_CLASSES,
    LEVEL_WORDS,
    STANDING_WORDS,
    TIMER_WORDS,
    VERDICT_WORDS,
    figure,
    seconds,
    size,
    state_word,
)
from grader.verdict import FINAL_STAGES, Verdict
from questionbank.packages.model import Kind, Package
from questionbank.pages.words import localised
from questionbank.services import package_of


@dataclass(frozen=True, slots=True)
class MetricRow:
    """`interval` is empty where nothing was left to chance."""

    name: str
    value: str
    interval: str
    threshold: str
    baseline: str
    passed: bool
    borderline: bool
    decides: bool


@dataclass(frozen=True, slots=True)
class PointRow:
    """A rubric point as its candidate may see it. `number` names it in the answer's margin."""

    number: int
    level: str
    word: str
    verdict: str
    """The verdict whose colours its level has."""
    statement: str
    hint: str
    quote: str
    comment: str
    percent: int


@dataclass(frozen=True, slots=True)
class FeedbackPanel:
    """Scores are of 100."""

    standing: Standing
    word: str
    score: int
    low: int
    high: int
    points: tuple[PointRow, ...]
    follow_up: str


@dataclass(frozen=True, slots=True)
class OptionRow:
    text: str
    chosen: bool


def metric_rows(package: Package, metrics: Sequence[Mapping[str, Any]]) -> list[MetricRow]:
    """Measured figures beside their thresholds, in the exercise's order and units."""
    if package.artifact is None:
        return []
    measured = {str(metric["key"]): metric for metric in metrics}
    rows = []
    for spec in package.artifact.metrics:
        found = measured.get(spec.key)
        if found is None:
            continue
        sign = "≥" if spec.direction == "min" else "≤"
        rows.append(
            MetricRow(
                name=localised(spec.name),
                value=figure(found["value"], spec.digits, spec.unit),
                interval=_interval(found, spec.digits),
                threshold=f"{sign} {figure(spec.threshold, min(spec.digits, 3), spec.unit)}",
                baseline=""
                if found["baseline"] is None
                else figure(found["baseline"], spec.digits, spec.unit),
                passed=bool(found["passed"]),
                borderline=found["state"] == MetricState.BORDERLINE,
                decides=bool(found["decides"]),
            )
        )
    return rows


def _interval(found: Mapping[str, Any], digits: int) -> str:
    if found["low"] is None:
        return ""
    return f"{figure(found['low'], digits, '')} – {figure(found['high'], digits, '')}"


def feedback_panel(submission: Submission, feedback: Feedback | None) -> FeedbackPanel | None:
    """The feedback in the page's language."""
    if feedback is None:
        return None
    return FeedbackPanel(
        standing=feedback.standing,
        word=str(STANDING_WORDS[feedback.standing]),
        score=round(100 * feedback.score),
        low=round(100 * feedback.low),
        high=round(100 * feedback.high),
        points=tuple(
            _point_row(number, point, submission.source)
            for number, point in enumerate(feedback.points, start=1)
        ),
        follow_up=localised(feedback.follow_up) if feedback.follow_up else "",
    )


def _point_row(number: int, point: PointFeedback, answer: str) -> PointRow:
    return PointRow(
        number=number,
        level=point.level,
        word=str(LEVEL_WORDS[point.level]),
        verdict=LEVEL_CLASSES[point.level],
        statement=localised(point.statement) if point.statement else "",
        hint=localised(point.hint) if point.hint else "",
        quote=answer[point.start : point.end] if point.start is not None else "",
        comment=point.comment,
        percent=round(100 * point.weight),
    )


def option_rows(package: Package, source: str) -> list[OptionRow]:
    """A choice's options, the chosen ones marked; which are right is not said."""
    if package.choice is None:
        return []
    chosen = json.loads(source)
    return [OptionRow(localised(option.text), option.id in chosen) for option in package.choice.options]


def figures_of(cases: Sequence[CaseRecord]) -> dict[str, object]:
    ran = [case for case in cases if case.wall_s > 0]
    return {
        "passed": sum(case.verdict == Verdict.AC for case in cases),
        "total": len(cases),
        "slowest": seconds(max(case.cpu_s for case in ran)) if ran else "",
        "largest": size(max(case.peak_bytes for case in ran)) if ran else "",
    }


def submission_panel(submission: Submission, *, refresh: str = "") -> dict[str, object]:
    """The context of `grader/panel.html`. `refresh` is where the panel's next state is asked for."""
    package = package_of(submission.version)
    over = submission.stage in FINAL_STAGES
    cases = list(submission.cases.all())
    message = message_of(submission)
    failed = next((case for case in cases if case.verdict != Verdict.AC), None)
    sample = next((case for case in cases if case.verdict != Verdict.AC and case.expected is not None), None)
    changed: Difference | None = None
    if sample is not None and over:
        changed = difference(sample.expected or "", sample.got or "")
    return {
        "submission": submission,
        "over": over,
        "counts_tests": package.kind in {Kind.FUNCTION, Kind.PASS_FAIL},
        "word": state_word(submission),
        "events": "" if over else reverse("submission-events", args=[submission.pk]),
        "refresh": refresh or reverse("submission-panel", args=[submission.pk]),
        "cases": cases,
        "figures": figures_of(cases),
        "failed": failed if over else None,
        "failed_position": failed.position + 1 if failed else 0,
        # A sample's message stands above its difference: once is enough.
        "message": "" if sample is not None and over and sample.message else message,
        "advice": ADVICE.get(submission.verdict, "") if not message else "",
        "sample": sample if over else None,
        "difference": changed,
        "metrics": metric_rows(package, submission.metrics),
        "final_share": round(100 * package.artifact.final_share) if package.artifact else 0,
        "plotted": package.artifact is not None and package.artifact.plot is not None,
        "feedback": feedback_panel(submission, feedback_on(submission)) if package.open else None,
        "is_open": package.kind == Kind.OPEN,
        "computed_on": computed_on(submission, package) if over else "",
    }


def computed_on(submission: Submission, package: Package) -> str:
    """The device, its driver and the timer in words, where the problem has to do with any of them."""
    if package.device is None and not submission.timer:
        return ""
    device = submission.device if submission.device != "cpu" else _("the CPU")
    if submission.driver:
        device = _("%(device)s (driver %(driver)s)") % {"device": device, "driver": submission.driver}
    if not submission.timer:
        return _("Computed on %(device)s.") % {"device": device}
    timer = TIMER_WORDS.get(submission.timer, submission.timer)
    return _("Computed on %(device)s; times taken by %(timer)s.") % {"device": device, "timer": timer}


def panel_response(request: HttpRequest, submission: Submission, *, refresh: str = "") -> HttpResponse:
    panel = submission_panel(submission, refresh=refresh)
    response = render(request, "grader/panel.html", {"panel": panel})
    response["X-Judging"] = "over" if panel["over"] else "on"
    response["Cache-Control"] = "no-store"
    return response


def run_panel(run_id: str, result: Mapping[str, Any] | None) -> dict[str, object]:
    """The context of `grader/run.html`; `result` is None while the run is under way."""
    runs = []
    for run in (result or {}).get("runs", []):
        wrong = run["verdict"] == Verdict.WA and run["expected"] is not None
        runs.append(
            run
            | {
                "word": str(VERDICT_WORDS[run["verdict"]]) if run["verdict"] else "",
                "time": seconds(run["wall_s"]),
                "memory": size(run["peak_bytes"]),
                "difference": difference(run["expected"], run["output"]) if wrong else None,
            }
        )
    return {
        "over": result is not None,
        "events": "" if result is not None else reverse("run-events", args=[run_id]),
        "refresh": reverse("run-panel", args=[run_id]),
        "runs": runs,
        "all_right": bool(runs) and all(run["verdict"] in (Verdict.AC, None) for run in runs),
        "error": (result or {}).get("error"),
        "message": (result or {}).get("message", ""),
    }
