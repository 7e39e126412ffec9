"""The local grader: a question and an answer become a grade, without any network."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from grader.open.calibrating import Calibration
from grader.open.encoding import Encoder
from grader.open.features import Comparer
from grader.open.flags import flags_of, has_invisible, is_copy_of_question, is_empty
from grader.open.forest import Forest
from grader.open.model import Flag, OpenGrade, OpenQuestion, PointGrade, PointLevel
from grader.open.points import PointReading, Prepared, prepare, read_points
from grader.open.texts import folded, language_of, looks_english

GRADER = "local/1"
TRAINED = Path(__file__).parent / "trained"
MAX_READ = 20_000
"""Characters of an answer that are read; a longer one is flagged anyway."""
_MET, _PARTLY_FROM, _PARTLY_TO, _NOT_MET = 0.7, 0.42, 0.58, 0.28
_FOUND, _SHORT = 0.2, 30
_OFFSET_PRIOR = 8.0
"""So many graded answers must stand behind an offset before half of it counts."""
_KEPT_QUESTIONS = 64


@dataclass(frozen=True, slots=True)
class Trained:
    """What training left: a forest and a calibration for each fold of the bank's questions. A question of the
    bank is graded by the forest that has not seen it, any other by all of them."""

    forests: tuple[Forest, ...]
    calibrations: tuple[Calibration, ...]
    calibration: Calibration
    fold_of: Mapping[str, int]

    @classmethod
    def load(cls, folder: Path = TRAINED) -> Trained:
        document: dict[str, Any] = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
        with np.load(folder / "points.npz", allow_pickle=False) as arrays:
            forests = tuple(Forest.from_arrays(arrays, f"{fold}_") for fold in range(document["folds"]))
        return cls(
            forests=forests,
            calibrations=tuple(Calibration.from_document(item) for item in document["by_fold"]),
            calibration=Calibration.from_document(document["all"]),
            fold_of=document["fold_of"],
        )

    def forests_for(self, question_id: str) -> tuple[Forest, ...]:
        fold = self.fold_of.get(question_id)
        return self.forests if fold is None else (self.forests[fold],)

    def calibration_for(self, question_id: str) -> Calibration:
        fold = self.fold_of.get(question_id)
        return self.calibration if fold is None else self.calibrations[fold]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Before calibration: the raw score from 0 to 1, and by point the probability of being met."""

    raw: float
    probabilities: tuple[float, ...]
    reading: PointReading
    prepared: Prepared
    nothing_found: bool
    """In a short answer: a longer one may be right in words that nobody thought of."""


class LocalGrader:
    """Grades answers; keeps the questions and texts that it has taken apart. For one thread."""

    def __init__(self, store: Path, trained: Trained | None = None, threads: int = 1) -> None:
        """`store` is the installed data's public folder. Raises `encoding.EncoderMissing`."""
        self.comparer = Comparer(Encoder(store, threads))
        self._trained = trained or Trained.load()
        self._prepared: OrderedDict[tuple[Any, ...], tuple[Prepared, float]] = OrderedDict()

    def grade(self, question: OpenQuestion, text: str, language: str = "") -> OpenGrade:
        """The grade of one answer in `language`, "en" or "zh", found out where it is empty."""
        language = language or language_of(text)
        graded = sum(answer.language == language for answer in question.graded)
        text_read = text[:MAX_READ]
        if is_empty(text_read):
            flags = (Flag.EMPTY, *((Flag.INVISIBLE_CHARACTERS,) if has_invisible(text) else ()))
            return _nothing(question, flags, language, graded)
        if is_copy_of_question(text_read, question):
            return _nothing(question, (Flag.COPY_OF_QUESTION,), language, graded)
        estimate = self.estimate(question, text_read, language)
        calibration = self._trained.calibration_for(question.id)
        score = calibration.score(estimate.raw)
        interval = calibration.interval(language, score, estimate.nothing_found)
        low, high = interval or (0.0, 1.0)
        flags = flags_of(estimate.prepared, text, estimate.reading, language, self.comparer)
        return OpenGrade(
            points=tuple(
                _point(wanted.point.id, probability, span)
                for wanted, probability, span in zip(
                    estimate.prepared.wanted,
                    estimate.probabilities,
                    estimate.reading.evidence,
                    strict=True,
                )
            ),
            score=round(score, 4),
            low=math.floor(1e4 * min(low, score)) / 1e4,
            high=math.ceil(1e4 * max(high, score)) / 1e4,
            flags=flags,
            language=language,
            calibrated=interval is not None and (language == "zh" or looks_english(text_read)),
            graded_answers=graded,
            grader=GRADER,
        )

    def estimate(self, question: OpenQuestion, text: str, language: str) -> Estimate:
        """The score before calibration: the forests' probabilities, moved by how far people's grades of other
        answers to this question lay from the forests' own, as far as there are enough of them."""
        forests = self._trained.forests_for(question.id)
        prepared, offset = self._question(question, language, forests)
        reading, probabilities, raw = self._raw(prepared, text, forests)
        short = len(self.comparer.read(text).words) <= _SHORT
        nothing_found = short and max(probabilities) < _FOUND
        return Estimate(float(np.clip(raw + offset, 0, 1)), probabilities, reading, prepared, nothing_found)

    def _question(
        self, question: OpenQuestion, language: str, forests: Sequence[Forest]
    ) -> tuple[Prepared, float]:
        key = _key(question, language)
        if key not in self._prepared:
            prepared = prepare(question, language, self.comparer)
            errors = [
                answer.score - self._raw(prepared, answer.text, forests)[2] for answer in prepared.graded
            ]
            self._prepared[key] = prepared, sum(errors) / (len(errors) + _OFFSET_PRIOR)
            if len(self._prepared) > _KEPT_QUESTIONS:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(key)
        prepared, offset = self._prepared[key]
        return replace(prepared, question=question), offset

    def _raw(
        self, prepared: Prepared, text: str, forests: Sequence[Forest]
    ) -> tuple[PointReading, tuple[float, ...], float]:
        reading = read_points(prepared, text, self.comparer)
        found = np.mean([forest.predict(reading.features) for forest in forests], axis=0)
        weights = [wanted.point.weight for wanted in prepared.wanted]
        return reading, tuple(float(value) for value in np.clip(found, 0, 1)), float(found @ weights)


def grade(question: OpenQuestion, text: str, language: str = "", *, store: Path) -> OpenGrade:
    """The grade of one answer by the grader of this process; see `LocalGrader`."""
    return _grader(store).grade(question, text, language)


@lru_cache(maxsize=2)
def _grader(store: Path) -> LocalGrader:
    return LocalGrader(store)


def _key(question: OpenQuestion, language: str) -> tuple[Any, ...]:
    graded = tuple((answer.text, answer.score) for answer in question.graded if answer.language == language)
    points = tuple((point.id, point.weight, folded(str(point))) for point in question.points)
    return question.id, language, question.prompt.get(language, ""), points, graded


def _point(name: str, probability: float, span: Any) -> PointGrade:
    if probability >= _MET:
        level = PointLevel.MET
    elif probability <= _NOT_MET:
        level = PointLevel.NOT_MET
    elif _PARTLY_FROM <= probability <= _PARTLY_TO:
        level = PointLevel.PARTLY
    else:
        level = PointLevel.UNSURE
    if level is PointLevel.NOT_MET or span is None:
        return PointGrade(name, level, round(probability, 4), None, None)
    return PointGrade(name, level, round(probability, 4), span.start, span.end)


def _nothing(question: OpenQuestion, flags: tuple[Flag, ...], language: str, graded: int) -> OpenGrade:
    """No point is met: the answer says nothing of its own."""
    return OpenGrade(
        points=tuple(PointGrade(point.id, PointLevel.NOT_MET, 0.0, None, None) for point in question.points),
        score=0.0,
        low=0.0,
        high=0.0,
        flags=flags,
        language=language,
        calibrated=True,
        graded_answers=graded,
        grader=GRADER,
    )
