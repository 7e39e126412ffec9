"""TensorFlow Lite models: built-in operations only, sizes bounded before a tensor is allocated."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from .running import Unusable, contents, shown

Array = NDArray[Any]
_FLOAT = np.dtype("float32")
_DTYPES = (_FLOAT, np.dtype("int8"), np.dtype("uint8"))


def open_model(
    path: Path,
    *,
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
    most_bytes: int,
    most_tensor_bytes: int = 256 * 2**20,
) -> Interpreter:
    """An interpreter of a model with one input and one output of these shapes, ready to run on one thread."""
    data, name = contents(path, most_bytes), shown(path)
    if data[4:8] != b"TFL3":
        raise Unusable(f"{name} is not a TensorFlow Lite model")
    try:
        model = _interpreter(data)
        _check_tensors(model, name, most_tensor_bytes)
        _check_border(model, name, inputs, outputs)
        model.allocate_tensors()
    except (ValueError, RuntimeError, MemoryError, OverflowError) as error:
        raise Unusable(
            f"the interpreter cannot load {name}: it is damaged or uses other than built-in operations"
        ) from error
    return model


def run_rows(model: Interpreter, rows: Array, name: str) -> Array:
    """The output for each row, as float32; what goes in and comes out is quantised as the model says."""
    (source,), (target,) = model.get_input_details(), model.get_output_details()
    given = _quantised(rows, source)
    found = np.empty((len(rows), *target["shape"][1:]), dtype=np.float32)
    for index, row in enumerate(given):
        model.set_tensor(source["index"], row[np.newaxis])
        try:
            model.invoke()
        except (ValueError, RuntimeError) as error:
            raise Unusable(f"{name} fails while it runs") from error
        found[index] = _real(model.get_tensor(target["index"])[0], target)
    if not np.all(np.isfinite(found)):
        raise Unusable(f"{name} returns NaN or infinity")
    return found


def constants(path: Path, *, most_bytes: int) -> list[Array]:
    """The arrays that the file itself holds, weights and biases, of a model that `open_model` accepts."""
    model = _interpreter(contents(path, most_bytes))
    found = []
    for tensor in model.get_tensor_details():
        try:
            found.append(model.get_tensor(tensor["index"]))
        except ValueError:
            continue  # without memory before it is allocated: an activation
    return found


def border_dtypes(model: Interpreter) -> tuple[str, str]:
    """The names of the input's and the output's dtype."""
    (source,), (target,) = model.get_input_details(), model.get_output_details()
    return np.dtype(source["dtype"]).name, np.dtype(target["dtype"]).name


def _interpreter(data: bytes) -> Interpreter:
    # No delegate and no custom or Flex operation: only the interpreter's own kernels run.
    return Interpreter(
        model_content=data,
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )


def _check_tensors(model: Interpreter, name: str, most_bytes: int) -> None:
    total = 0
    for tensor in model.get_tensor_details():
        total += math.prod(max(int(size), 1) for size in tensor["shape"]) * 8
    if total > most_bytes:
        raise Unusable(f"the tensors of {name} take more than {most_bytes // 2**20} MiB")


def _check_border(model: Interpreter, name: str, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> None:
    for word, details, shape in (
        ("input", model.get_input_details(), inputs),
        ("output", model.get_output_details(), outputs),
    ):
        if len(details) != 1 or tuple(details[0]["shape"].tolist()) != shape:
            raise Unusable(f"{name} must have one {word} of the shape {list(shape)}")
        dtype, (scale, _) = np.dtype(details[0]["dtype"]), details[0]["quantization"]
        if dtype not in _DTYPES:
            raise Unusable(f"the {word} of {name} must be float32, int8 or uint8")
        if dtype != _FLOAT and not (math.isfinite(scale) and scale > 0):
            raise Unusable(f"the {word} of {name} is an integer without a scale")


def _quantised(rows: Array, details: dict[str, Any]) -> Array:
    dtype = np.dtype(details["dtype"])
    if dtype == _FLOAT:
        return rows.astype(np.float32)
    scale, zero_point = details["quantization"]
    limits = np.iinfo(dtype)
    given: Array = np.clip(np.round(rows / scale + zero_point), limits.min, limits.max).astype(dtype)
    return given


def _real(values: Array, details: dict[str, Any]) -> Array:
    if np.dtype(details["dtype"]) == _FLOAT:
        return values
    scale, zero_point = details["quantization"]
    found: Array = (values.astype(np.float32) - zero_point) * scale
    return found
