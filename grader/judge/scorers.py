"""Scorers: figures of an artifact exercise from what the evaluator's jail returned and the labels.

A scorer runs outside every jail and is the only reader of the labels. What it is given from a jail is
untrusted: arrays are parsed here without pickle, and only when header, shape and size fit exactly.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from questionbank.packages.model import JsonValue

Labels = NDArray[np.int64]


class MalformedMeasurement(Exception):
    """The evaluator's jail returned something its scorer cannot read: the evaluator's fault, not the
    candidate's, because evaluators reject bad artifacts themselves."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a scorer sees. `artifact` and `inputs` are by path, `arrays` the raw `.npy` files by name
    without suffix, `report` the content of measured.json; `labels` one integer per hidden input."""

    artifact: Mapping[str, bytes]
    inputs: Mapping[str, bytes]
    report: Mapping[str, JsonValue]
    arrays: Mapping[str, bytes]
    labels: Labels


@dataclass(frozen=True, slots=True)
class Figures:
    """Values by metric key, and the baselines that were measured in the same run."""

    values: Mapping[str, float]
    baselines: Mapping[str, float]


Scorer = Callable[[Measurement], Figures]


def read_array(data: bytes, *, kinds: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array of a `.npy` file. `kinds` are the allowed `dtype.kind` letters.

    Raises `MalformedMeasurement` unless dtype, shape and length are exactly as they must be; nothing is
    unpickled and nothing larger than `data` is allocated.
    """
    stream = io.BytesIO(data)
    try:
        major, minor = np.lib.format.read_magic(stream)
        if (major, minor) == (1, 0):
            found, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        else:
            raise MalformedMeasurement(f"the array has the format version {major}.{minor}, not 1.0")
    except (ValueError, EOFError) as error:
        raise MalformedMeasurement("the array's header cannot be read") from error
    if dtype.hasobject or dtype.kind not in kinds or fortran:
        raise MalformedMeasurement(f"the array has the dtype {dtype}")
    if found != shape:
        raise MalformedMeasurement(f"the array has the shape {found}, not {shape}")
    body = data[stream.tell() :]
    if len(body) != math.prod(shape) * dtype.itemsize:
        raise MalformedMeasurement("the array's length does not fit its header")
    return np.frombuffer(body, dtype=dtype).reshape(shape)


def read_labels(data: bytes) -> Labels:
    """The judge's own labels: a one-dimensional integer array."""
    labels = np.load(io.BytesIO(data), allow_pickle=False)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be a one-dimensional integer array, not {labels.dtype} {labels.shape}")
    counted: Labels = labels.astype(np.int64)
    return counted


def classify_tflite(measurement: Measurement) -> Figures:
    """Accuracy on the hidden images, size as a share of `inputs/baseline.tflite`, and whether input and
    output are int8 (1 or 0). Wants predictions.npy, baseline_predictions.npy and the two dtypes."""
    labels = measurement.labels
    (model,) = measurement.artifact.values()
    baseline = measurement.inputs["baseline.tflite"]
    dtypes = [measurement.report.get(key) for key in ("input_dtype", "output_dtype")]
    return Figures(
        values={
            "accuracy": _accuracy(_classes(measurement, "predictions"), labels),
            "size_ratio": len(model) / len(baseline),
            "int8_io": float(dtypes == ["int8", "int8"]),
        },
        baselines={
            "accuracy": _accuracy(_classes(measurement, "baseline_predictions"), labels),
            "size_ratio": 1.0,
            "int8_io": 0.0,
        },
    )


def binary_predictions(measurement: Measurement) -> Figures:
    """F1 of class 1, and how far from it the F1 lies that the candidate reported. Wants predictions.npy of
    zeros and ones and `reported_f1`; the baseline calls every record positive."""
    labels = measurement.labels
    measured = f1(_classes(measurement, "predictions"), labels)
    reported = measurement.report.get("reported_f1")
    if not isinstance(reported, int | float) or isinstance(reported, bool) or not 0 <= reported <= 1:
        raise MalformedMeasurement("measured.json holds no reported_f1 between 0 and 1")
    return Figures(
        values={"f1": measured, "report_error": abs(reported - measured)},
        baselines={"f1": f1(np.ones_like(labels), labels)},
    )


def f1(predictions: Labels, labels: Labels) -> float:
    """F1 of class 1: 2·TP / (2·TP + FP + FN); 0 when there is neither a positive nor a claim of one."""
    true_positives = int(np.sum((predictions == 1) & (labels == 1)))
    errors = int(np.sum(predictions != labels))
    denominator = 2 * true_positives + errors
    return 2 * true_positives / denominator if denominator else 0.0


def _classes(measurement: Measurement, name: str) -> Labels:
    data = measurement.arrays.get(name)
    if data is None:
        raise MalformedMeasurement(f"{name}.npy is missing")
    return read_array(data, kinds="iu", shape=measurement.labels.shape).astype(np.int64)


def _accuracy(predictions: Labels, labels: Labels) -> float:
    return float(np.mean(predictions == labels))


SCORERS: Mapping[str, Scorer] = MappingProxyType(
    {"tflite-classifier": classify_tflite, "binary-predictions": binary_predictions}
)
