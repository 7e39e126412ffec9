"""Geometry of the charts: figures become places in a drawing of fixed size, which templates write as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 20, 52
_TICKS = 5


@dataclass(frozen=True, slots=True)
class Tick:
    place: float
    """Along the axis, in units of the drawing."""
    label: str


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis from `low` to `high`; `start` and `end` are its ends in the drawing."""

    label: str
    low: float
    high: float
    start: float
    end: float
    ticks: tuple[Tick, ...]

    def place(self, value: float) -> float:
        """Where a value lies in the drawing, kept inside it."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + min(max(share, 0.0), 1.0) * (self.end - self.start), 1)


@dataclass(frozen=True, slots=True)
class Frame:
    """The plane of one chart. The y axis grows upwards, as the drawing's does not."""

    x: Axis
    y: Axis
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def middle_x(self) -> float:
        return (self.x.start + self.x.end) / 2

    @property
    def middle_y(self) -> float:
        return (self.y.start + self.y.end) / 2


def frame(x_label: str, xs: Iterable[float], y_label: str, ys: Iterable[float]) -> Frame:
    """A plane that holds all the points with room around them. Both need one value at least."""
    return Frame(
        _axis(x_label, list(xs), LEFT, WIDTH - RIGHT), _axis(y_label, list(ys), HEIGHT - BOTTOM, TOP)
    )


def path(plane: Frame, xs: Sequence[float], ys: Sequence[float]) -> str:
    """The `points` of an SVG polyline through the points."""
    return " ".join(f"{plane.x.place(x)},{plane.y.place(y)}" for x, y in zip(xs, ys, strict=True))


def _axis(label: str, values: Sequence[float], start: float, end: float) -> Axis:
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or abs(high) * 0.08 or 1.0
    step = _step((high - low + 2 * room) / _TICKS)
    low, high = math.floor((low - room) / step) * step, math.ceil((high + room) / step) * step
    digits = max(0, -math.floor(math.log10(step)))
    axis = Axis(label, low, high, start, end, ())
    count = round((high - low) / step)
    ticks = tuple(
        Tick(axis.place(value), _label(value, digits))
        for value in (low + index * step for index in range(count + 1))
    )
    return Axis(label, low, high, start, end, ticks)


def _label(value: float, digits: int) -> str:
    if abs(value) >= 1e6:
        return f"{value:.3g}"
    return f"{value + 0.0:,.{min(digits, 6)}f}"


def _step(wanted: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is no smaller."""
    power = 10.0 ** math.floor(math.log10(wanted))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= wanted), 10 * power)
