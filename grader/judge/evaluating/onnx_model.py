"""ONNX models: operations of the standard domain only, all weights inside the file, sizes bounded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from google.protobuf.message import DecodeError

from .batches import Array, in_batches
from .running import Unusable, contents, shown

MAX_NODES = 50_000
_STANDARD = ("", "ai.onnx")


def open_model(
    path: Path,
    *,
    inputs: tuple[int | None, ...],
    outputs: tuple[int | None, ...],
    most_bytes: int,
    most_parameters: int = 20_000_000,
) -> onnxruntime.InferenceSession:
    """A session of a model with one input and one output of these shapes (None for the batch)."""
    data, name = contents(path, most_bytes), shown(path)
    try:
        model = onnx.load_model_from_string(data)
    except (DecodeError, ValueError) as error:
        raise Unusable(f"{name} is no ONNX model") from error
    _check_graph(model, name, most_parameters)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own exceptions share no base
        raise Unusable(f"the runtime cannot load {name}: {type(error).__name__}") from error
    for word, found, shape in (
        ("input", session.get_inputs(), inputs),
        ("output", session.get_outputs(), outputs),
    ):
        if len(found) != 1 or not _fits(found[0].shape, shape) or found[0].type != "tensor(float)":
            raise Unusable(f"{name} must have one float32 {word} of the shape {shape}")
    return session


def run_rows(session: onnxruntime.InferenceSession, rows: Array, name: str, *, batch: int = 256) -> Array:
    """The model's output for each row, as float32."""
    key = session.get_inputs()[0].name
    return in_batches(lambda some: session.run(None, {key: some})[0], rows.astype(np.float32), name, batch)


def _check_graph(model: onnx.ModelProto, name: str, most_parameters: int) -> None:
    if any(opset.domain not in _STANDARD for opset in model.opset_import) or model.functions:
        raise Unusable(f"{name} uses operations outside the standard domain of ONNX")
    nodes = total = 0
    for graph in _graphs(model.graph):
        if graph.sparse_initializer:
            raise Unusable(f"{name} holds sparse weights")
        for tensor in graph.initializer:
            total += _check_tensor(tensor, name)
        for node in graph.node:
            nodes += 1
            if node.domain not in _STANDARD:
                raise Unusable(f"{name} uses operations outside the standard domain of ONNX")
            for attribute in node.attribute:
                total += sum(_check_tensor(tensor, name) for tensor in (attribute.t, *attribute.tensors))
        if nodes > MAX_NODES or total > most_parameters:
            raise Unusable(f"{name} has more than {most_parameters:,} parameters or {MAX_NODES:,} operations")


def _check_tensor(tensor: onnx.TensorProto, name: str) -> int:
    """How many numbers it holds; refuses one whose numbers lie in another file."""
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise Unusable(f"{name}: its weights lie in another file")
    if any(size < 0 for size in tensor.dims):
        raise Unusable(f"{name}: a tensor has a negative size")
    return math.prod(tensor.dims) if tensor.dims else 0


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """The graph and those inside its branches and loops."""
    waiting = [graph]
    while waiting:
        found = waiting.pop()
        yield found
        for node in found.node:
            for attribute in node.attribute:
                waiting.extend(attribute.graphs)
                if attribute.HasField("g"):
                    waiting.append(attribute.g)


def _fits(found: list[Any], wanted: tuple[int | None, ...]) -> bool:
    """A name in the place of a size stands for any size."""
    return len(found) == len(wanted) and all(
        want is None or size == want for size, want in zip(found, wanted, strict=True)
    )
