"""What is drawn of an artifact exercise: attempts against thresholds, and what a submission left as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from grader.models import Submission
from grader.pages.charts import Frame, frame, path
from grader.pages.wording import figure
from grader.verdict import Stage
from questionbank.models import ProblemVersion, User
from questionbank.packages.model import Metric, Package
from questionbank.pages.words import localised

FIELD_AT_LEAST = 5
"""Others are drawn only where there are so many that no point tells who it is."""
OWN_AT_MOST, FIELD_AT_MOST = 50, 300
HEAT_LEVELS = 6


@dataclass(frozen=True, slots=True)
class Point:
    """One attempt in the drawing; `name` and `figures` are its row in the table beside."""

    kind: str
    """"own", "field" or "baseline": how it is drawn."""
    name: str
    x: float
    y: float
    figures: tuple[str, str]
    passed: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """A line across the drawing at a metric's threshold; None for the axis it crosses."""

    x: float | None
    y: float | None
    label: str


@dataclass(frozen=True, slots=True)
class Scatter:
    """Attempts by two metrics. `told` are the points that the table lists: everyone's but the field's."""

    frame: Frame
    title: str
    points: tuple[Point, ...]
    thresholds: tuple[Threshold, ...]
    field_size: int

    @property
    def told(self) -> tuple[Point, ...]:
        told = [point for point in self.points if point.kind != "field"]
        return tuple(sorted(told, key=lambda point: (point.kind == "own", len(point.name), point.name)))


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    points: str
    number: int
    rows: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Curves:
    """One chart that a submission left."""

    frame: Frame
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class HeatCell:
    count: int
    level: int
    """0 to HEAT_LEVELS: how large a share of its row it holds."""


@dataclass(frozen=True, slots=True)
class Heat:
    """A confusion matrix: for each true class its label and its cells."""

    title: str
    labels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[HeatCell, ...]], ...]


def attempts_plot(version: ProblemVersion, package: Package, user: User) -> Scatter | None:
    """One's own attempts, the baseline and the anonymous field; None where nothing can be drawn yet."""
    if package.artifact is None or package.artifact.plot is None:
        return None
    metrics = {metric.key: metric for metric in package.artifact.metrics}
    x, y = (metrics[key] for key in package.artifact.plot)
    measured = Submission.objects.filter(version=version, stage=Stage.DONE).exclude(metrics=[])
    own = list(measured.filter(user=user).order_by("created_at")[:OWN_AT_MOST])
    points = [
        point
        for number, row in enumerate(own, start=1)
        if (point := _point("own", str(number), row.metrics, x, y))
    ]
    field = _field(measured.exclude(user=user), x, y)
    baseline = _baseline(own, x, y)
    # What is drawn last lies on top: a passed attempt must not hide below a failed one.
    everything = [*field, *([baseline] if baseline else []), *points]
    if not everything:
        return None
    plane = frame(
        localised(x.name),
        [point.x for point in everything] + [x.threshold],
        localised(y.name),
        [point.y for point in everything] + [y.threshold],
    )
    return Scatter(
        frame=plane,
        title=_("%(y)s against %(x)s") % {"y": localised(y.name), "x": localised(x.name)},
        points=tuple(_placed(point, plane) for point in sorted(everything, key=_layer)),
        thresholds=(
            Threshold(plane.x.place(x.threshold), None, _bound(x)),
            Threshold(None, plane.y.place(y.threshold), _bound(y)),
        ),
        field_size=len(field),
    )


def curves_of(exhibits: Mapping[str, Any]) -> list[Curves]:
    """The charts of a submission's exhibits."""
    return [_curves(chart) for chart in exhibits.get("charts", []) if chart["series"]]


def heats_of(exhibits: Mapping[str, Any]) -> list[Heat]:
    """The confusion matrices of a submission's exhibits."""
    return [
        Heat(
            matrix["title"],
            tuple(matrix["labels"]),
            tuple(zip(matrix["labels"], map(_cells, matrix["counts"]), strict=True)),
        )
        for matrix in exhibits.get("matrices", [])
    ]


def _curves(chart: Mapping[str, Any]) -> Curves:
    series = chart["series"]
    plane = frame(
        chart["x_label"],
        [value for line in series for value in line["x"]],
        chart["y_label"],
        [value for line in series for value in line["y"]],
    )
    lines = tuple(
        Line(
            line["name"],
            path(plane, line["x"], line["y"]),
            number,
            tuple(zip(line["x"], line["y"], strict=True)),
        )
        for number, line in enumerate(series, start=1)
    )
    return Curves(plane, chart["title"], lines)


def _cells(counts: Sequence[int]) -> tuple[HeatCell, ...]:
    most = sum(counts)
    return tuple(HeatCell(count, round(HEAT_LEVELS * count / most) if most else 0) for count in counts)


def _point(kind: str, name: str, metrics: Sequence[Mapping[str, Any]], x: Metric, y: Metric) -> Point | None:
    found = {metric["key"]: metric for metric in metrics}
    if x.key not in found or y.key not in found:
        return None
    values = float(found[x.key]["value"]), float(found[y.key]["value"])
    passed = all(metric["passed"] for metric in metrics if metric.get("decides", True))
    return Point(kind, name, *values, _figures(values, x, y), passed)


def _field(others: Any, x: Metric, y: Metric) -> list[Point]:
    """Everybody else's best attempt, without a name; nothing where too few have answered."""
    best: dict[int, Point] = {}
    for user_id, metrics in others.order_by("score").values_list("user_id", "metrics"):
        point = _point("field", "", metrics, x, y)
        if point:
            best[user_id] = point
    points = sorted(best.values(), key=lambda point: (point.x, point.y))[:FIELD_AT_MOST]
    return points if len(points) >= FIELD_AT_LEAST else []


def _baseline(own: Iterable[Submission], x: Metric, y: Metric) -> Point | None:
    """The latest run's own measure of the baseline, else the exercise's constants."""
    for row in reversed(list(own)):
        found = {metric["key"]: metric.get("baseline") for metric in row.metrics}
        if found.get(x.key) is not None and found.get(y.key) is not None:
            values = float(found[x.key]), float(found[y.key])
            break
    else:
        if x.baseline is None or y.baseline is None:
            return None
        values = x.baseline, y.baseline
    return Point("baseline", _("Baseline"), *values, _figures(values, x, y), passed=False)


def _figures(values: tuple[float, float], x: Metric, y: Metric) -> tuple[str, str]:
    return figure(values[0], x.digits, x.unit), figure(values[1], y.digits, y.unit)


def _placed(point: Point, plane: Frame) -> Point:
    return Point(
        point.kind, point.name, plane.x.place(point.x), plane.y.place(point.y), point.figures, point.passed
    )


def _layer(point: Point) -> tuple[int, bool]:
    return ("field", "baseline", "own").index(point.kind), point.passed


def _bound(metric: Metric) -> str:
    sign = "≥" if metric.direction == "min" else "≤"
    return f"{sign} {figure(metric.threshold, min(metric.digits, 3), metric.unit)}"
