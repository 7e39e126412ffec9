"""Why there is no opinion of a language model. The local grade stands without one."""

from __future__ import annotations


class JudgeUnavailable(Exception):
    """The base: no opinion on this answer; the text says why, for the operator's log."""


class EndpointFailed(JudgeUnavailable):
    """The endpoint did not answer, not in time, not in size, or refused."""


class BadReply(JudgeUnavailable):
    """What came is no judgement by the schema."""


class BudgetSpent(JudgeUnavailable):
    """The day's calls are used up."""


class JudgeDisabled(JudgeUnavailable):
    """This version of the model gave points to a canary, or has not been tried on all of them yet."""


class AnswerTooLong(JudgeUnavailable):
    """Longer than what is sent to a model."""
