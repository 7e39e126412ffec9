"""Figures carry an interval, and a verdict says when the interval could not decide."""

from __future__ import annotations

import numpy as np
import pytest

from grader.judge.figures import measure_all, read_array, weigh
from grader.judge.measures import MEASURES, MalformedMeasurement
from grader.judge.model import MetricState
from grader.verdict import Verdict
from questionbank.packages.model import Borderline, Certainty
from tests.judge.measuring import exercise, measured, metric, npy, predicted


def test_an_interval_on_one_side_of_the_threshold_decides() -> None:
    spec = exercise(metric(threshold=0.8))
    (passed,) = measure_all(spec, predicted(950, 1000), "seed")
    (failed,) = measure_all(spec, predicted(700, 1000), "seed")
    assert (passed.state, passed.passed) == (MetricState.PASS, True)
    assert (failed.state, failed.passed) == (MetricState.FAIL, False)
    assert passed.low is not None
    assert passed.high is not None
    assert 0.93 < passed.low < passed.value < passed.high < 0.97


@pytest.mark.parametrize(
    ("rule", "hits", "counts_as_passed"),
    [
        (Borderline.VALUE, 81, True),
        (Borderline.VALUE, 79, False),
        (Borderline.PASS, 79, True),
        (Borderline.FAIL, 81, False),
    ],
)
def test_a_borderline_figure_counts_as_its_rule_says(
    rule: Borderline, hits: int, counts_as_passed: bool
) -> None:
    spec = exercise(metric(threshold=0.8, certainty=Certainty(borderline=rule)))
    (result,) = measure_all(spec, predicted(hits, 100), "seed")
    assert result.state is MetricState.BORDERLINE
    assert result.passed is counts_as_passed


def test_the_same_answer_is_measured_the_same_each_time() -> None:
    spec = exercise(metric(threshold=0.8))
    assert measure_all(spec, predicted(80, 100), "seed") == measure_all(spec, predicted(80, 100), "seed")


def test_rows_that_are_held_back_decide_and_are_not_shown() -> None:
    spec = exercise(metric(threshold=0.9), final_share=0.5)
    labels = np.ones(400, dtype=np.int64)
    (perfect,) = measure_all(spec, measured({"predictions.npy": npy(labels)}, {"labels.npy": labels}), "seed")
    assert perfect.passed
    # Right exactly on the rows that are shown: the figure is perfect, the verdict is not.
    shown, final = np.zeros(400, dtype=np.int64), np.zeros(400, dtype=np.int64)
    for row in range(400):
        one = np.zeros(400, dtype=np.int64)
        one[row] = 1
        (result,) = measure_all(spec, measured({"predictions.npy": npy(one)}, {"labels.npy": labels}), "seed")
        shown[row], final[row] = result.value > 0, result.value == 0
    assert shown.sum() == final.sum() == 200
    (cheated,) = measure_all(spec, measured({"predictions.npy": npy(shown)}, {"labels.npy": labels}), "seed")
    assert (cheated.value, cheated.passed) == (1.0, False)
    _, _, message = weigh(spec, [cheated])
    assert message == (
        "accuracy 1.000 on the rows that are shown, not good enough on those that decide, wanted ≥ 0.9"
    )


def test_every_metric_that_decides_must_be_passed() -> None:
    size = metric(
        key="size",
        measure="ratio",
        inputs={"value": "artifact/model", "baseline": "inputs/model"},
        direction="max",
        threshold=0.5,
    )
    files = {"artifact": {"model": bytes(60)}, "inputs": {"model": bytes(100)}}
    spec = exercise(metric(), size)
    verdict, score, message = weigh(spec, measure_all(spec, predicted(100, 100, **files), "seed"))
    assert (verdict, score, message) == (Verdict.WA, 50.0, "size 0.600, wanted ≤ 0.5")
    shown_only = exercise(metric(), metric(**{**_fields(size), "decides": False}))
    assert weigh(shown_only, measure_all(shown_only, predicted(100, 100, **files), "seed"))[:2] == (
        Verdict.AC,
        100.0,
    )


def _fields(one: object) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__}  # type: ignore[attr-defined]


def test_a_curve_gives_points_between_its_corners() -> None:
    curve = ((0.5, 0.0), (0.9, 80.0), (1.0, 100.0))
    spec = exercise(metric(curve=curve, threshold=0.6))
    scores = [measure_all(spec, predicted(hits, 1000), "seed")[0].score for hits in (400, 700, 900, 1000)]
    assert scores == pytest.approx([0, 40, 80, 100])


def test_the_baseline_is_measured_in_the_same_run() -> None:
    arrays = {"predictions.npy": npy([1, 1, 1, 0]), "baseline.npy": npy([1, 1, 0, 0])}
    spec = exercise(metric(baseline_inputs={"predictions": "out/baseline.npy"}))
    (result,) = measure_all(spec, measured(arrays, {"labels.npy": np.ones(4)}), "seed")
    assert (result.value, result.baseline) == (0.75, 0.5)


def test_what_is_shown_is_rounded_towards_failing() -> None:
    (result,) = measure_all(exercise(metric(threshold=0.67)), predicted(6699, 10_000), "seed")
    assert (result.value, result.passed) == (0.669, False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY\x01\x00",
        npy(np.array([object()], dtype=object)),
        npy([1, 2, 3])[:-1],
        npy([1, 2, 3]) + b"more",
        npy([1.0, np.nan]),
        npy([1, 2]).replace(b"(2,)", b"(9,)"),
    ],
)
def test_an_array_that_is_not_exactly_what_it_says_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMeasurement):
        read_array(data)


def test_an_array_may_lie_in_columns() -> None:
    array = np.arange(6.0).reshape(2, 3)
    assert (read_array(npy(np.asfortranarray(array))) == array).all()


def test_rows_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(MalformedMeasurement, match=r"accuracy: .*rows"):
        measure_all(
            exercise(metric()),
            measured({"predictions.npy": npy([1, 0])}, {"labels.npy": np.ones(3)}),
            "seed",
        )


def test_an_unknown_measure_or_input_names_itself() -> None:
    for wrong in ({"measure": "beauty"}, {"inputs": {"predictions": "out/predictions.npy"}}):
        with pytest.raises(MalformedMeasurement, match="accuracy"):
            measure_all(exercise(metric(**wrong)), predicted(1, 2), "seed")


def test_measures_agree_with_their_definitions() -> None:
    labels = np.array([1, 1, 1, 0, 0, 0, 0, 1])
    predictions = np.array([1, 0, 1, 0, 1, 0, 0, 1])
    groups = np.array(["a", "a", "a", "a", "b", "b", "b", "b"])
    call = {name: measure.function for name, measure in MEASURES.items()}
    pair = {"predictions": predictions, "labels": labels}
    assert call["accuracy"](**pair) == 0.75
    assert call["precision"](**pair) == 0.75
    assert call["recall"](**pair) == 0.75
    assert call["f1"](**pair) == 0.75
    assert call["macro-f1"](**pair) == 0.75
    assert call["parity-difference"](predictions=predictions, groups=groups) == 0.0
    assert call["odds-difference"](**pair, groups=groups) == pytest.approx(1 / 3)
    assert call["perplexity"](losses=np.log([2.0, 8.0])) == pytest.approx(4.0)
    assert call["hits-at"](ranks=np.array([1, 3, 0, 5]), k=3) == 0.5
    assert call["reciprocal-rank"](ranks=np.array([1, 2, 0, 4])) == pytest.approx(0.4375)
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
    hits = np.array([0, 1, 1, 1])
    assert call["calibration-error"](probabilities=probabilities, labels=hits, bins=10) == pytest.approx(
        (0.1 + 0.8 + 0.3 + 0.4) / 4
    )
    assert call["speed-ratio"](
        seconds=np.array([1.0, 2.0, 4.0]), baseline_seconds=np.array([2.0, 4.0, 40.0])
    ) == pytest.approx(2.0)


def test_a_relative_error_is_that_of_the_worst_entry() -> None:
    relative_error = MEASURES["relative-error"].function
    assert relative_error(value=9.0, expected=10.0) == pytest.approx(0.1)
    assert relative_error(value=np.array([9.0, 3.0]), expected=np.array([10.0, 2.0])) == pytest.approx(0.5)
    for value, expected in ((1.0, 0.0), (np.ones(2), np.ones(3))):
        with pytest.raises(MalformedMeasurement):
            relative_error(value=value, expected=expected)


def test_a_split_leaks_where_both_sides_hold_rows_of_one_group() -> None:
    shared_groups = MEASURES["shared-groups"].function
    groups = np.array([7, 7, 8, 8, 9])
    assert shared_groups(sides=np.array([1, 1, 0, 0, 1]), groups=groups) == 0
    assert shared_groups(sides=np.array([1, 0, 0, 1, 1]), groups=groups) == pytest.approx(2 / 3)
    left_out = np.array([1, -1, 0, -1, 1])
    assert shared_groups(sides=left_out, groups=groups) == 0
    assert shared_groups(sides=np.zeros(5), groups=groups) == 0


def test_accuracy_can_be_asked_of_one_group_alone() -> None:
    group_accuracy = MEASURES["group-accuracy"].function
    rows = {
        "predictions": np.array([1, 2, 3, 9]),
        "labels": np.array([1, 2, 4, 4]),
        "groups": np.array([0, 0, 0, 1]),
    }
    assert group_accuracy(**rows, group=0) == pytest.approx(2 / 3)
    assert group_accuracy(**rows, group=1) == 0
    assert group_accuracy(**rows, group=2) == 0
