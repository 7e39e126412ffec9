"""Keras models (`.keras`): Keras' own layers only, no code, sizes bounded before anything is loaded."""

from __future__ import annotations

import json
import math
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras

from .batches import Array, in_batches
from .running import Unusable, check_size, shown

MAX_MEMBERS = 8
MAX_CONFIG_BYTES = 2 * 1024 * 1024
MAX_OBJECTS = 20_000
# What can hold code, files or another framework's graph.
_REFUSED = frozenset(
    {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "function", "__lambda__"}
)
_ROOMS = (
    "keras",
    "keras.layers",
    "keras.models",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
    "keras.activations",
    "keras.optimizers",
    "keras.losses",
    "keras.metrics",
    "keras.dtype_policies",
    "keras.quantizers",
    "builtins",
)


def open_model(
    path: Path,
    *,
    inputs: tuple[int | None, ...],
    outputs: tuple[int | None, ...],
    most_bytes: int,
    most_parameters: int = 20_000_000,
) -> Any:
    """A model with one input and one output of these shapes (None for the batch), loaded in safe mode."""
    check_size(path, most_bytes)
    name = shown(path)
    config, weights = _members(path, name, most_bytes)
    _check_config(config, name)
    _check_weights(weights, name, most_parameters)
    try:
        model = keras.models.load_model(path, safe_mode=True, compile=False)
    except Exception as error:  # Keras raises whatever its layers and its backend raise
        raise Unusable(f"Keras cannot load {name}: {type(error).__name__}") from error
    if model.input_shape != inputs or model.output_shape != outputs:
        raise Unusable(f"{name} must map the shape {inputs} to {outputs}")
    if model.count_params() > most_parameters:
        raise Unusable(f"{name} has more than {most_parameters:,} parameters")
    return model


def run_rows(model: Any, rows: Array, name: str, *, batch: int = 256) -> Array:
    """The model's output for each row, as float32."""
    return in_batches(model, rows, name, batch)


def _members(path: Path, name: str, most_bytes: int) -> tuple[Any, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {member.filename: member.file_size for member in archive.infolist()}
            if len(archive.infolist()) > MAX_MEMBERS or sum(sizes.values()) > 4 * most_bytes:
                raise Unusable(f"{name} unpacks to more than {4 * most_bytes:,} bytes")
            if set(sizes) - {"metadata.json", "config.json", "model.weights.h5"}:
                raise Unusable(f"{name} holds files that belong to no Keras model")
            if sizes.get("config.json", MAX_CONFIG_BYTES + 1) > MAX_CONFIG_BYTES:
                raise Unusable(f"{name} has no config.json of at most {MAX_CONFIG_BYTES // 2**20} MiB")
            config = json.loads(archive.read("config.json"))
            return config, archive.read("model.weights.h5") if "model.weights.h5" in sizes else b""
    except RecursionError as error:
        raise Unusable(f"{name} has a configuration that is nested too deep") from error
    except (zipfile.BadZipFile, RuntimeError, OSError, EOFError) as error:
        raise Unusable(f"{name} is no .keras file") from error
    except (ValueError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        raise Unusable(f"{name} is damaged") from error


def _check_config(config: Any, name: str) -> None:
    """Every object of the configuration is one of Keras' own; none is a piece of code."""
    waiting = [config]
    for _ in range(MAX_OBJECTS):
        if not waiting:
            return
        item = waiting.pop()
        if isinstance(item, dict):
            _check_object(item, name)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    raise Unusable(f"{name} has a configuration of more than {MAX_OBJECTS:,} parts")


def _check_object(item: dict[str, Any], name: str) -> None:
    if "class_name" not in item:
        return
    word, room = item["class_name"], item.get("module", "keras")
    registered = item.get("registered_name")
    foreign = registered not in (None, word) and not str(registered).startswith("keras")
    if word in _REFUSED or room not in (*_ROOMS, None) or foreign or item.get("module_objects"):
        known = f"{ascii(str(room))[1:-1][:60]}.{ascii(str(word))[1:-1][:60]}"
        raise Unusable(f"{name} uses {known}: only Keras' own layers without code are loaded")


def _check_weights(weights: bytes, name: str, most_parameters: int) -> None:
    """The HDF5 file holds its own data: no external file, no link outside, no huge compressed array."""
    if not weights:
        return
    total = 0
    with tempfile.NamedTemporaryFile(suffix=".h5") as file:
        file.write(weights)
        file.flush()
        try:
            with h5py.File(file.name, "r") as store:
                waiting: list[Any] = [store]
                while waiting:
                    group = waiting.pop()
                    for key in group:
                        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                            raise Unusable(f"{name}: its weights link to another place")
                        item = group[key]
                        if isinstance(item, h5py.Group):
                            waiting.append(item)
                            continue
                        if item.external or item.is_virtual:
                            raise Unusable(f"{name}: its weights lie in another file")
                        total += math.prod(item.shape or (0,))
                        if total > 4 * most_parameters:
                            raise Unusable(f"{name} has more than {most_parameters:,} parameters")
        except (OSError, ValueError, RuntimeError, KeyError, RecursionError) as error:
            raise Unusable(f"{name}: its weights cannot be read") from error
