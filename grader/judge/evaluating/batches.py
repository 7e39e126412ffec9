"""Runs a model of any format over rows, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .running import Unusable

Array = NDArray[Any]


def in_batches(run: Callable[[Array], Any], rows: Array, name: str, size: int) -> Array:
    """What `run` makes of all rows, as float32; `Unusable` where it fails or a row has no finite result."""
    try:
        parts = [np.asarray(run(rows[start : start + size])) for start in range(0, len(rows), size)]
        found: Array = np.concatenate(parts).astype(np.float32)
    except Exception as error:  # a framework raises whatever its kernels raise
        raise Unusable(f"{name} fails while it runs: {type(error).__name__}") from error
    if found.shape[:1] != rows.shape[:1] or not np.all(np.isfinite(found)):
        raise Unusable(f"{name} returns NaN, infinity or another number of rows")
    return found
