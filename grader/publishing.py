"""Whether a machine's grade of an open answer may stand by itself: publish, or abstain and ask a person."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_ROUNDING = 1e-9


class Doubt(StrEnum):
    """Why a grade is provisional. One is enough; a flag sends to review and never lowers a score."""

    WIDE = "wide"
    STRADDLES = "straddles"
    FLAGGED = "flagged"
    FEW_SAMPLES = "few_samples"
    LANGUAGE = "language"
    JUDGES_DISAGREE = "judges_disagree"


@dataclass(frozen=True, slots=True)
class Rule:
    """The operator's thresholds. Scores, marks and widths are shares from 0 to 1."""

    half_width: float = 0.2
    """The most that the interval may reach to either side of the score."""
    pass_mark: float = 0.6
    graded_answers: int = 5
    """The fewest answers to the same question, in the same language, that people have graded."""
    audit_share: float = 0.05
    """How much of what is published goes to a person all the same."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the rule asks of a grade. `confirmed`: a language model has judged it and come to the same."""

    score: float
    low: float
    high: float
    flags: Sequence[str]
    graded_answers: int
    calibrated: bool
    confirmed: bool = False

    @property
    def half_width(self) -> float:
        """The longer side: an interval cut off at 0 or 1 is not narrow for that."""
        return max(self.high - self.score, self.score - self.low)


def doubts_of(estimate: Estimate, rule: Rule) -> tuple[Doubt, ...]:
    """Every reason against publishing; none: it may stand by itself.

    What a language model has confirmed needs no graded answers and no calibrated language: it does not
    rest on them.
    """
    found = []
    if estimate.half_width > rule.half_width + _ROUNDING:
        found.append(Doubt.WIDE)
    if estimate.low < rule.pass_mark <= estimate.high:
        found.append(Doubt.STRADDLES)
    if estimate.flags:
        found.append(Doubt.FLAGGED)
    if not estimate.confirmed and estimate.graded_answers < rule.graded_answers:
        found.append(Doubt.FEW_SAMPLES)
    if not estimate.confirmed and not estimate.calibrated:
        found.append(Doubt.LANGUAGE)
    return tuple(found)


def is_audited(identifier: str, rule: Rule, secret: str) -> bool:
    """Whether a published answer is among those that a person looks at all the same.

    By chance, but the same for an answer that is graded again; nobody without the secret can tell before.
    """
    drawn = hmac.digest(secret.encode(), b"audit " + identifier.encode(), hashlib.sha256)
    return int.from_bytes(drawn[:8], "big") / 2**64 < rule.audit_share
