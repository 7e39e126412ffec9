"""Verdicts, stages and messages in words, and figures in units people read."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grader.models import PointMark, Submission
from grader.verdict import Stage, Verdict

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
STAGE_WORDS: Mapping[str, Promise] = {
    Stage.QUEUED: _("Waiting for a worker…"),
    Stage.COMPILING: _("Preparing…"),
    Stage.RUNNING: _("Running the tests…"),
    Stage.AWAITING_REVIEW: _("Waiting for a reviewer"),
    Stage.DONE: _("Done"),
}
LEVEL_WORDS: Mapping[str, Promise] = {
    PointMark.Level.MET: _("Met"),
    PointMark.Level.PARTLY: _("Partly met"),
    PointMark.Level.NOT_MET: _("Not met"),
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
        return str(_("Marked"))
    return str(STAGE_WORDS.get(submission.stage, submission.stage))


def seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def size(value: int) -> str:
    return f"{value / 2**20:.0f} MiB" if value >= 2**20 else f"{value / 1024:.0f} KiB"


def figure(value: float, digits: int, unit: str) -> str:
    return f"{value:.{digits}f}{unit}"
