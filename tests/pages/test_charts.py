"""Every point lies inside its drawing, between ticks that people count by."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grader.pages.charts import HEIGHT, WIDTH, frame

figures = st.floats(-1e9, 1e9, allow_nan=False)


@given(st.lists(st.tuples(figures, figures), min_size=1, max_size=30))
def test_every_point_lies_inside(points: list[tuple[float, float]]) -> None:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    plane = frame("x", xs, "y", ys)
    for x, y in points:
        assert 0 <= plane.x.place(x) <= WIDTH
        assert 0 <= plane.y.place(y) <= HEIGHT
        assert plane.x.low <= x <= plane.x.high
        assert plane.y.low <= y <= plane.y.high
    for axis in (plane.x, plane.y):
        assert 2 <= len(axis.ticks) <= 12


def test_ticks_are_round_numbers() -> None:
    plane = frame("size", [0.29, 1.0], "accuracy", [0.79, 0.985])
    assert [tick.label for tick in plane.y.ticks] == ["0.75", "0.80", "0.85", "0.90", "0.95", "1.00", "1.05"]


def test_a_larger_figure_is_drawn_higher() -> None:
    plane = frame("x", [0, 1], "y", [0, 1])
    assert plane.y.place(1) < plane.y.place(0)
    assert plane.x.place(1) > plane.x.place(0)
