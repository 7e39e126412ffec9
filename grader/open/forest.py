"""A forest of regression trees in numpy: what was trained elsewhere is a file of plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
_LEAF = -1


@dataclass(frozen=True, slots=True)
class Forest:
    """Nodes of all trees in one row. `feature` is -1 at a leaf; a value at most `threshold` goes `left`.
    `roots` are the places of the trees' first nodes."""

    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    roots: NDArray[np.int32]

    def predict(self, rows: Matrix) -> Matrix:
        """The mean of the trees' values for each of `rows` (rows, features)."""
        rows = np.asarray(rows, np.float32)
        nodes = np.repeat(self.roots[None, :], len(rows), axis=0)
        numbers = np.arange(len(rows))[:, None]
        while True:
            features = self.feature[nodes]
            inner = features != _LEAF
            if not inner.any():
                mean: Matrix = self.value[nodes].astype(np.float64).mean(axis=1)
                return mean
            goes_left = rows[numbers, np.maximum(features, 0)] <= self.threshold[nodes]
            nodes = np.where(inner, np.where(goes_left, self.left[nodes], self.right[nodes]), nodes)

    def arrays(self, prefix: str) -> dict[str, NDArray[np.generic]]:
        """The arrays by name, for `from_arrays`."""
        return {f"{prefix}{name}": getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> Forest:
        return cls(**{name: arrays[f"{prefix}{name}"] for name in cls.__slots__})  # type: ignore[arg-type]
