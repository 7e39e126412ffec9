"""The vocabulary of judging: verdicts and the stages of a submission. Imports nothing of ours."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """AC accepted, WA wrong answer, TLE time, MLE memory, OLE output, RE run-time error, CE compile
    error, IE internal error: ours, never charged to the candidate."""

    AC = "AC"
    WA = "WA"
    TLE = "TLE"
    MLE = "MLE"
    OLE = "OLE"
    RE = "RE"
    CE = "CE"
    IE = "IE"


class Stage(StrEnum):
    """The life of a submission. Open answers rest at AWAITING_REVIEW until a person has marked them."""

    QUEUED = "queued"
    COMPILING = "compiling"
    RUNNING = "running"
    AWAITING_REVIEW = "awaiting_review"
    DONE = "done"


FINAL_STAGES = frozenset({Stage.DONE, Stage.AWAITING_REVIEW})
