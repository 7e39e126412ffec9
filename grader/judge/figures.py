"""From what an evaluator's jail returned to figures with intervals, and from figures to a verdict.

Labels, thresholds and the choice of rows that decide stay here, outside every jail.
"""

from __future__ import annotations

import gzip
import io
import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np

from grader.judge.intervals import Interval, Rows, bootstrap, generator, split
from grader.judge.measures import MEASURES, Array, MalformedMeasurement, Measure, Value
from grader.judge.model import MetricResult, MetricState
from grader.verdict import Verdict
from questionbank.packages.model import ArtifactSpec, Borderline, JsonValue, Metric

MAX_TEXT = 200
_KINDS = "biufU"


@dataclass(frozen=True, slots=True)
class Measurement:
    """`artifact` and `inputs` by path; `arrays` the raw `.npy` files the evaluator left, by file name;
    `report` the content of its measured.json; `hidden` the judge's own arrays by file name."""

    artifact: Mapping[str, bytes]
    inputs: Mapping[str, bytes]
    report: Mapping[str, JsonValue]
    arrays: Mapping[str, bytes]
    hidden: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class _Question:
    """One measure with its inputs read, ready to be asked about any choice of rows."""

    measure: Measure
    inputs: Mapping[str, Value]
    parameters: Mapping[str, float | str]

    def rows(self) -> int:
        """How many rows its sampled inputs have; 0 where it has none."""
        lengths = {len(np.atleast_1d(self.inputs[name])) for name in self.measure.sampled}
        if len(lengths) > 1:
            raise MalformedMeasurement(f"inputs of one measure have {sorted(lengths)} rows")
        count = lengths.pop() if lengths else 0
        if self.measure.sampled and not count:
            raise MalformedMeasurement("nothing was measured: an array has no rows")
        return count

    def answer(self, rows: Rows | None) -> float:
        """The figure over these rows, over all where None."""
        chosen = {
            name: value[rows] if rows is not None and isinstance(value, np.ndarray) else value
            for name, value in self.inputs.items()
            if name in self.measure.sampled
        }
        fixed = {name: self.inputs[name] for name in self.measure.fixed}
        try:
            found = self.measure.function(**chosen, **fixed, **self.parameters)
        except (TypeError, ValueError, IndexError) as error:
            raise MalformedMeasurement(f"cannot be measured: {error}") from error
        if not math.isfinite(found):
            raise MalformedMeasurement(f"the figure is {found}")
        return found


def read_array(data: bytes) -> Array:
    """The array of a `.npy` file, version 1.0, of numbers or texts, every number finite.

    Raises `MalformedMeasurement` unless header and length fit exactly; nothing is unpickled and nothing
    larger than `data` is allocated.
    """
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise MalformedMeasurement(f"an array has the format version {version}, not 1.0")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream, max_header_size=4096)
    except (ValueError, EOFError) as error:
        raise MalformedMeasurement("an array's header cannot be read") from error
    if dtype.hasobject or dtype.kind not in _KINDS or dtype.itemsize == 0:
        raise MalformedMeasurement(f"an array has the dtype {dtype}")
    body = data[stream.tell() :]
    if len(body) != math.prod(shape) * dtype.itemsize:
        raise MalformedMeasurement("an array's length does not fit its header")
    array = np.frombuffer(body, dtype=dtype).reshape(shape, order="F" if fortran else "C")
    if dtype.kind == "f" and not np.all(np.isfinite(array)):
        raise MalformedMeasurement("an array holds NaN or infinity")
    return array


def measure_all(spec: ArtifactSpec, measurement: Measurement, seed: str) -> tuple[MetricResult, ...]:
    """Every metric of the exercise. `seed` names the answerless part of the draw: the package's hash.

    Raises `MalformedMeasurement`, naming the metric, where the evaluator or the exercise is at fault.
    """
    results = []
    for metric in spec.metrics:
        try:
            results.append(_result(spec, metric, measurement, seed))
        except (MalformedMeasurement, KeyError) as error:
            raise MalformedMeasurement(f"{metric.key}: {error}") from error
    return tuple(results)


def weigh(spec: ArtifactSpec, results: Iterable[MetricResult]) -> tuple[Verdict, float, str]:
    """AC where every metric that decides is passed; the score weighs what each metric earned."""
    failed = []
    earned = weights = 0.0
    for metric, result in zip(spec.metrics, results, strict=True):
        if not metric.decides:
            continue
        earned += metric.weight * result.score
        weights += metric.weight
        if not result.passed:
            failed.append(_shortfall(metric, result, held_back=spec.final_share > 0))
    score = 100.0 if not failed and earned == 100 * weights else earned / weights
    return (Verdict.WA, score, "; ".join(failed)) if failed else (Verdict.AC, score, "")


def _shortfall(metric: Metric, result: MetricResult, *, held_back: bool) -> str:
    """The figure that is shown, and what was wanted of those that decide."""
    at_least = metric.direction == "min"
    reached = result.value >= metric.threshold if at_least else result.value <= metric.threshold
    shown = f"{metric.key} {result.value:.{metric.digits}f}"
    if held_back and reached:
        # Without this the sentence would read as a pass.
        shown += " on the rows that are shown, not good enough on those that decide"
    return f"{shown}, wanted {'≥' if at_least else '≤'} {metric.threshold:g}"


def _result(spec: ArtifactSpec, metric: Metric, measurement: Measurement, seed: str) -> MetricResult:
    question = _question(metric, metric.inputs, measurement)
    count = question.rows()
    shown_rows: Rows | None = None
    final_rows: Rows | None = None
    if count:
        shown_rows, final_rows = split(count, spec.final_share, generator(seed, "split", str(count)))
    shown = question.answer(shown_rows)
    shown_interval = _interval(question, metric, shown_rows, generator(seed, metric.key, "shown"))
    value, interval = shown, shown_interval
    if spec.final_share and count:
        value = question.answer(final_rows)
        interval = _interval(question, metric, final_rows, generator(seed, metric.key, "final"))
    state, passed = _state(metric, value, interval)
    at_least = metric.direction == "min"
    return MetricResult(
        key=metric.key,
        value=_rounded(shown, metric.digits, ROUND_FLOOR if at_least else ROUND_CEILING),
        low=None if shown_interval is None else _rounded(shown_interval.low, metric.digits, ROUND_FLOOR),
        high=None if shown_interval is None else _rounded(shown_interval.high, metric.digits, ROUND_CEILING),
        threshold=metric.threshold,
        direction=metric.direction,
        baseline=_baseline(metric, measurement, shown_rows),
        state=state,
        passed=passed,
        decides=metric.decides,
        score=_score(metric, value, passed=passed),
    )


def _question(metric: Metric, inputs: Mapping[str, str], measurement: Measurement) -> _Question:
    measure = MEASURES.get(metric.measure)
    if measure is None:
        raise MalformedMeasurement(
            f"no measure is called {metric.measure!r}; there are {', '.join(MEASURES)}"
        )
    wanted = {*measure.sampled, *measure.fixed}
    if wanted != set(inputs):
        raise MalformedMeasurement(
            f"{metric.measure} wants the inputs {sorted(wanted)}, not {sorted(inputs)}"
        )
    foreign = set(metric.parameters) - set(measure.parameters)
    if foreign:
        raise MalformedMeasurement(f"{metric.measure} has no parameter {', '.join(sorted(foreign))}")
    values = {name: _value(source, measurement) for name, source in inputs.items()}
    for name in measure.sampled:
        if not isinstance(values[name], np.ndarray):
            raise MalformedMeasurement(f"{name} must be an array, {inputs[name]} is none")
    return _Question(measure, values, metric.parameters)


def _value(source: str, measurement: Measurement) -> Value:
    """What one input of a measure stands for; the forms are those of `questionbank.packages.model.Metric`."""
    room, _, name = source.partition("/")
    match room:
        case "out":
            if name not in measurement.arrays:
                raise MalformedMeasurement(f"the evaluator left no {name}")
            return read_array(measurement.arrays[name])
        case "hidden":
            return measurement.hidden[name]
        case "measured":
            return _reported(measurement.report, name)
        case "artifact":
            return float(sum(len(data) for data in _files(measurement.artifact, name)))
        case "gzip":
            files = _files(measurement.artifact, name)
            return float(sum(len(gzip.compress(data, 9, mtime=0)) for data in files))
        case _:
            return float(sum(len(data) for data in _files(measurement.inputs, name)))


def _reported(report: Mapping[str, JsonValue], key: str) -> float | str:
    value = report.get(key)
    if isinstance(value, str) and len(value) <= MAX_TEXT:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise MalformedMeasurement(f"measured.json holds no number or short text {key!r}")


def _files(files: Mapping[str, bytes], name: str) -> list[bytes]:
    """One file, a folder's files where the name ends in "/", or all where it is empty."""
    found = [data for path, data in files.items() if not name or path == name or _inside(path, name)]
    if not found:
        raise MalformedMeasurement(f"there is no file {name}")
    return found


def _inside(path: str, folder: str) -> bool:
    return folder.endswith("/") and path.startswith(folder)


def _interval(
    question: _Question, metric: Metric, rows: Rows | None, random: np.random.Generator
) -> Interval | None:
    if rows is None or len(rows) < 2:  # one row has no spread
        return None
    certainty = metric.certainty
    return bootstrap(
        question.answer,
        rows,
        threshold=metric.threshold,
        confidence=certainty.confidence,
        resamples=certainty.resamples,
        most_resamples=certainty.most_resamples,
        random=random,
    )


def _state(metric: Metric, value: float, interval: Interval | None) -> tuple[MetricState, bool]:
    reached = value >= metric.threshold if metric.direction == "min" else value <= metric.threshold
    if interval is None or not interval.spans(metric.threshold):
        return (MetricState.PASS if reached else MetricState.FAIL), reached
    match metric.certainty.borderline:
        case Borderline.PASS:
            return MetricState.BORDERLINE, True
        case Borderline.FAIL:
            return MetricState.BORDERLINE, False
    return MetricState.BORDERLINE, reached


def _baseline(metric: Metric, measurement: Measurement, rows: Rows | None) -> float | None:
    """The constant, or the figure of the baseline's own inputs on the rows that are shown."""
    if not metric.baseline_inputs:
        return metric.baseline
    question = _question(metric, {**metric.inputs, **metric.baseline_inputs}, measurement)
    return round(question.answer(rows if question.rows() else None), metric.digits)


def _score(metric: Metric, value: float, *, passed: bool) -> float:
    if not metric.curve:
        return 100.0 if passed else 0.0
    first, last = metric.curve[0], metric.curve[-1]
    if value <= first[0]:
        return first[1]
    for (x0, y0), (x1, y1) in itertools.pairwise(metric.curve):
        if value <= x1:
            return y0 + (y1 - y0) * (value - x0) / (x1 - x0)
    return last[1]


def _rounded(value: float, digits: int, rounding: str) -> float:
    """Rounded so that what is shown says no more of the hidden labels than it must."""
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), rounding=rounding))
