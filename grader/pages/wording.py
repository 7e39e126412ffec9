"""Verdicts, stages and messages in words, and figures in units people read."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grader.feedback import Standing
from grader.llm.model import Objection, PointVerdict
from grader.models import Submission
from grader.open.model import Flag
from grader.publishing import Doubt
from grader.rejudging import Trouble
from grader.verdict import Stage, Verdict
from questionbank.packages.model import PointLevel

VERDICT_WORDS: Mapping[str, Promise] = {
    Verdict.AC: _("Accepted"),
    Verdict.WA: _("Wrong answer"),
    Verdict.TLE: _("Time limit exceeded"),
    Verdict.MLE: _("Memory limit exceeded"),
    Verdict.OLE: _("Output limit exceeded"),
    Verdict.RE: _("Run-time error"),
    Verdict.CE: _("Compile error"),
    Verdict.IE: _("Internal error"),
}
TROUBLE_WORDS: Mapping[str, Promise] = {
    Trouble.FAILED: _("Judging failed on our side."),
    Trouble.LOST: _("Workers were lost over it."),
    Trouble.REFUSED: _("The newer version takes no such answer."),
}
STAGE_WORDS: Mapping[str, Promise] = {
    Stage.QUEUED: _("Waiting for a worker…"),
    Stage.COMPILING: _("Preparing…"),
    Stage.RUNNING: _("Running the tests…"),
    Stage.AWAITING_REVIEW: _("Waiting for a reviewer"),
    Stage.DONE: _("Done"),
}
LEVEL_WORDS: Mapping[str, Promise] = {
    PointLevel.MET: _("Met"),
    PointLevel.PARTLY: _("Partly met"),
    PointLevel.NOT_MET: _("Not met"),
    PointLevel.UNSURE: _("Unsure"),
}
LEVEL_CLASSES: Mapping[str, str] = {
    PointLevel.MET: "AC",
    PointLevel.PARTLY: "TLE",
    PointLevel.NOT_MET: "WA",
    PointLevel.UNSURE: "",
}
"""The colours of verdicts, for levels."""
STANDING_WORDS: Mapping[str, Promise] = {
    Standing.PROVISIONAL: _("Provisional"),
    Standing.PUBLISHED: _("Graded"),
    Standing.MARKED: _("Marked"),
}
DOUBT_WORDS: Mapping[str, Promise] = {
    Doubt.WIDE: _("the interval is wide"),
    Doubt.STRADDLES: _("the interval spans the pass mark"),
    Doubt.FLAGGED: _("something was flagged"),
    Doubt.FEW_SAMPLES: _("too few graded answers to this question"),
    Doubt.LANGUAGE: _("the grader was not measured in this language"),
    Doubt.JUDGES_DISAGREE: _("the language model does not agree"),
}
JUDGE_WORDS: Mapping[str, Promise] = {
    PointVerdict.MET: _("Met"),
    PointVerdict.PARTIAL: _("Partly met"),
    PointVerdict.NOT_MET: _("Not met"),
    PointVerdict.CONTRADICTED: _("Contradicted"),
}
OBJECTION_WORDS: Mapping[str, Promise] = {
    Objection.RUNS_DIFFER: _("its two runs differ"),
    Objection.SUSPICIOUS_SENTENCES: _("sentences that speak to the grader change its mind"),
    Objection.FAR_FROM_LOCAL: _("it is far from the local grader"),
    Objection.UNPROVEN: _("it quotes what the answer does not say"),
}
FLAG_WORDS: Mapping[str, Promise] = {
    Flag.EMPTY: _("empty"),
    Flag.COPY_OF_QUESTION: _("a copy of the question"),
    Flag.COPY_OF_OTHER_ANSWER: _("a copy of another question's model answer"),
    Flag.KEYWORD_STUFFING: _("keywords without sentences"),
    Flag.OFF_TOPIC: _("off the topic"),
    Flag.CONTRADICTION: _("contradicts a point"),
    Flag.NEGATION: _("denies a point"),
    Flag.TOO_LONG: _("very long"),
    Flag.INVISIBLE_CHARACTERS: _("invisible characters"),
    Flag.INJECTION: _("speaks to the grader"),
}
ADVICE: Mapping[str, Promise] = {
    Verdict.TLE: _("A test took longer than the limit. Look for a loop that grows faster than it must."),
    Verdict.MLE: _("A test needed more memory than the limit."),
    Verdict.OLE: _("A test printed more than the limit allows."),
    Verdict.IE: _("This was our fault. The answer is not counted; please send it again."),
}

TIMER_WORDS: Mapping[str, Promise] = {
    "wall clock": _("the wall clock"),
    "device events": _("the device's own events"),
}


def state_word(submission: Submission) -> str:
    """The verdict where there is one, else how far judging has come."""
    if submission.verdict:
        return str(VERDICT_WORDS.get(submission.verdict, submission.verdict))
    if submission.stage == Stage.DONE and submission.score is not None:
        return str(_("Graded"))
    return str(STAGE_WORDS.get(submission.stage, submission.stage))


def seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def size(value: int) -> str:
    return f"{value / 2**20:.0f} MiB" if value >= 2**20 else f"{value / 1024:.0f} KiB"


def figure(value: float, digits: int, unit: str) -> str:
    return f"{value:.{digits}f}{unit}"
