"""What a submission leaves to show is data of bounded size, or is not shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.judge.exhibits import read_exhibits
from grader.judge.model import Exhibits

SERIES = {"name": "train", "x": [1, 2], "y": [0.5, 0.25]}
CHART = {"title": "Loss", "x_label": "epoch", "y_label": "loss", "series": [SERIES]}
MATRIX = {"title": "Test", "labels": ["a", "b"], "counts": [[1, 2], [3, 4]]}


def read(document: Any) -> Exhibits:
    return read_exhibits(json.dumps(document).encode())


def test_curves_and_matrices_are_read() -> None:
    found = read({"charts": [CHART], "matrices": [MATRIX]})
    assert found.problem == ""
    assert found.charts[0].series[0].y == (0.5, 0.25)
    assert found.matrices[0].counts == ((1, 2), (3, 4))


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"charts": [CHART] * 5},
        {"charts": [CHART | {"series": [SERIES | {"y": [1]}]}]},
        {"charts": [CHART | {"series": [SERIES | {"y": [1, float("inf")]}]}]},
        {"charts": [CHART | {"series": [SERIES | {"y": [1, True]}]}]},
        {"charts": [CHART | {"series": [SERIES | {"x": list(range(2000)), "y": [0] * 2000}]}]},
        {"charts": [CHART | {"title": "x" * 61}]},
        {"charts": [CHART | {"title": "\u202e reversed"}]},
        {"matrices": [MATRIX | {"counts": [[1, 2]]}]},
        {"matrices": [MATRIX | {"counts": [[1, -2], [3, 4]]}]},
        {"matrices": [MATRIX | {"labels": []}]},
    ],
)
def test_what_is_too_large_or_no_data_says_why(document: Any) -> None:
    found = read(document)
    assert found.charts == found.matrices == ()
    assert found.problem.startswith("out/exhibits.json")


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_nothing_makes_the_reader_fail(data: bytes) -> None:
    assert isinstance(read_exhibits(data), Exhibits)


def test_depth_and_size_are_bounded() -> None:
    assert read_exhibits(b"[" * 200_000).problem
    assert read_exhibits(b" " * 300_000).problem
