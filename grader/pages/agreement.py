"""How far reviewers and the grader agree, for each question and from month to month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from grader.access import reviewable_submissions
from grader.agreement import LEVELS, weighted_kappa
from grader.models import PointMark
from grader.pages.charts import Frame, Tick, frame, path
from grader.pages.reviews import reviewer
from questionbank.models import User
from questionbank.pages.words import name_of

MONTHS_SHOWN = 12
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """Marks of one question or month that the grader had spoken on. `kappa` is None where chance explains
    all of it; `changed` is the share of 100 that reviewers did not confirm."""

    name: str
    answers: int
    marks: int
    kappa: float | None
    changed: int


@dataclass(frozen=True, slots=True)
class Mark:
    question: str
    month: str
    submission: str
    pair: Pair


@dataclass(frozen=True, slots=True)
class Course:
    """Kappa over the months, as a drawing."""

    frame: Frame
    points: str
    places: tuple[tuple[float, float], ...]


@login_required
@require_safe
def agreement(request: HttpRequest) -> HttpResponse:
    marks = marks_of(reviewer(request))
    months = _lines(marks, lambda mark: mark.month)[-MONTHS_SHOWN:]
    context = {
        "nav": "review",
        "overall": _line(_("All questions"), marks) if marks else None,
        "questions": _lines(marks, lambda mark: mark.question),
        "months": months,
        "course": course_of(months),
    }
    return render(request, "grader/agreement.html", context)


def marks_of(user: User) -> list[Mark]:
    """The marks the reader may see, on points that the grader was not unsure of."""
    rows = PointMark.objects.filter(graded_level__in=LEVELS, submission__in=reviewable_submissions(user))
    return [
        Mark(
            name_of(mark.submission.version),
            timezone.localtime(mark.marked_at).strftime("%Y-%m"),
            str(mark.submission_id),
            (mark.graded_level, mark.level),
        )
        for mark in rows.select_related("submission__version").defer("submission__source")
    ]


def _lines(marks: Sequence[Mark], key: Callable[[Mark], str]) -> list[Line]:
    """A line for each value of `key`, in their order."""
    found: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        found[key(mark)].append(mark)
    return [_line(name, found[name]) for name in sorted(found)]


def _line(name: str, marks: Sequence[Mark]) -> Line:
    pairs = [mark.pair for mark in marks]
    return Line(
        name=name,
        answers=len({mark.submission for mark in marks}),
        marks=len(pairs),
        kappa=weighted_kappa(pairs),
        changed=round(100 * sum(first != second for first, second in pairs) / len(pairs)),
    )


def course_of(months: Sequence[Line]) -> Course | None:
    """The months' kappas; None where there are not two to draw a line between."""
    known = [(number, line.kappa) for number, line in enumerate(months) if line.kappa is not None]
    if len(known) < 2:
        return None
    xs, ys = [float(number) for number, _kappa in known], [kappa for _number, kappa in known]
    plane = frame(_("Month"), xs, _("Weighted kappa"), [*ys, 0.0, 1.0])
    ticks = tuple(Tick(plane.x.place(number), line.name) for number, line in enumerate(months))
    plane = replace(plane, x=replace(plane.x, ticks=ticks))
    places = tuple((plane.x.place(x), plane.y.place(y)) for x, y in zip(xs, ys, strict=True))
    return Course(plane, path(plane, xs, ys), places)
