"""Small artifact exercises for tests of figures and verdicts."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from grader.judge.figures import Measurement
from questionbank.packages.model import ArtifactSpec, Certainty, Evaluation, Metric

PREDICTED = {"predictions": "out/predictions.npy", "labels": "hidden/labels.npy"}


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.asarray(array))
    return stream.getvalue()


def metric(**fields: Any) -> Metric:
    """Accuracy of at least 0.5, but for what `fields` say."""
    usual: dict[str, Any] = {
        "key": "accuracy",
        "name": {"en": "Accuracy", "zh": "准确率"},
        "measure": "accuracy",
        "inputs": PREDICTED,
        "parameters": {},
        "direction": "min",
        "threshold": 0.5,
        "unit": "",
        "digits": 3,
        "baseline": None,
        "baseline_inputs": {},
        "certainty": Certainty(),
        "decides": True,
        "weight": 1.0,
        "curve": (),
    }
    return Metric(**usual | fields)


def exercise(*metrics: Metric, final_share: float = 0.0) -> ArtifactSpec:
    return ArtifactSpec(
        outputs=("predictions.npy",),
        store=(),
        hidden="nothing",
        evaluator={},
        evaluation=Evaluation(),
        metrics=metrics,
        final_share=final_share,
        submissions_per_hour=30,
        plot=None,
    )


def predicted(hits: int, count: int, **more: Any) -> Measurement:
    """`hits` of `count` rows predicted rightly."""
    labels = np.ones(count, dtype=np.int64)
    predictions = np.where(np.arange(count) < hits, 1, 0)
    return measured({"predictions.npy": npy(predictions)}, {"labels.npy": labels}, **more)


def measured(arrays: dict[str, bytes], hidden: dict[str, Any], **more: Any) -> Measurement:
    usual: dict[str, Any] = {"artifact": {}, "inputs": {}, "report": {}}
    return Measurement(**usual | more, arrays=arrays, hidden=hidden)
