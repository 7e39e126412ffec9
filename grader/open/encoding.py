"""Sentences as vectors: Google's multilingual Universal Sentence Encoder 3 in 8 bits, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import onnxruntime_extensions
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FOLDER = "sentence-encoder"
SIZE = 512
_MAX_CHARACTERS = 2000
"""The model reads no more words than that; longer texts only cost time."""
_KEPT = 50_000


class EncoderMissing(RuntimeError):
    """The sentence encoder is not installed; the message says how to install it."""


class Encoder:
    """Unit vectors of 512 numbers; the dot product of two is their cosine. Keeps what it has seen."""

    def __init__(self, store: Path, threads: int = 1) -> None:
        """Opens the model in `store`, the public folder of the installed data.

        Raises `EncoderMissing`.
        """
        path = store / FOLDER / "model.onnx"
        if not path.is_file():
            raise EncoderMissing(
                f"The sentence encoder is not in {path.parent}: "
                f"run `python -m fixtures.recipes install {FOLDER} --into {store.parent}`"
            )
        options = onnxruntime.SessionOptions()
        options.register_custom_ops_library(onnxruntime_extensions.get_library_path())
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._seen: dict[str, Floats] = {}

    def embed(self, texts: Sequence[str]) -> Floats:
        """Unit vectors (texts, 512); an empty text is a vector of zeros."""
        if len(self._seen) > _KEPT:
            self._seen.clear()
        for text in dict.fromkeys(texts):
            if text not in self._seen:
                self._seen[text] = self._vector(text)
        return np.stack([self._seen[text] for text in texts]) if texts else np.zeros((0, SIZE), np.float32)

    def _vector(self, text: str) -> Floats:
        # One text a call: in a batch the quantisation of one depends on its neighbours.
        text = text[:_MAX_CHARACTERS].strip()
        if not text:
            return np.zeros(SIZE, np.float32)
        vector: Floats = self._session.run(None, {self._input: np.array([text])})[0].reshape(-1)
        return vector / np.float32(max(float(np.linalg.norm(vector)), 1e-9))
