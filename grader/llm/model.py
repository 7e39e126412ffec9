"""What a language model's judgement consists of: frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from questionbank.packages.model import PointLevel


class PointVerdict(StrEnum):
    """What the model may say of a point."""

    MET = "met"
    PARTIAL = "partial"
    NOT_MET = "not_met"
    CONTRADICTED = "contradicted"


LEVELS: Mapping[PointVerdict, PointLevel] = {
    PointVerdict.MET: PointLevel.MET,
    PointVerdict.PARTIAL: PointLevel.PARTLY,
    PointVerdict.NOT_MET: PointLevel.NOT_MET,
    PointVerdict.CONTRADICTED: PointLevel.NOT_MET,
}


class Objection(StrEnum):
    """Why the judgement does not confirm the grade: each one sends the answer to a person."""

    RUNS_DIFFER = "runs_differ"
    SUSPICIOUS_SENTENCES = "suspicious_sentences"
    FAR_FROM_LOCAL = "far_from_local"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the answer, `text[start:end]` of it."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class PointJudgement:
    """What the model said of one point. `proven`: every quote is in the answer, and there is one where the
    verdict needs one."""

    point_id: str
    verdict: PointVerdict
    quotes: tuple[Quote, ...]
    reason: str
    proven: bool

    @property
    def level(self) -> PointLevel:
        return LEVELS[self.verdict]


@dataclass(frozen=True, slots=True)
class Opinion:
    """`points` are the first run's; `scores` what code computed from each run, shares from 0 to 1."""

    model: str
    points: tuple[PointJudgement, ...]
    scores: tuple[float, ...]
    objections: tuple[Objection, ...]

    @property
    def confirms(self) -> bool:
        return not self.objections
