"""What people may be told when the interview room refuses something."""

from __future__ import annotations


class InterviewError(Exception):
    """The base of what `interviews.services` raises; the text is for people."""


class InvalidSet(InterviewError):
    """The set's title, time or problems make no sense."""


class AttemptClosed(InterviewError):
    """The attempt is finished or its time is over."""
