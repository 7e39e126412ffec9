"""What people may be told when the grader refuses something."""

from __future__ import annotations


class GraderError(Exception):
    """The base of what `grader.services` raises; the text is for people."""


class AnswerRefused(GraderError):
    """The answer is none that this problem takes; `field` names the part of it that is at fault."""

    def __init__(self, message: str, *, field: str = "source") -> None:
        super().__init__(message)
        self.field = field


class KeyReused(GraderError):
    """An idempotency key came again with another answer."""


class StaleDraft(GraderError):
    """Another tab or computer has saved a newer draft."""


class RunUnknown(GraderError):
    """No such run, or it has expired."""


class CannotMark(GraderError):
    """The marks do not fit the submission."""


class CannotAsk(GraderError):
    """The answer cannot be looked at again, or not once more."""


class InvalidRule(GraderError):
    """Thresholds that make no sense; `field` names the one at fault."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class CannotRejudge(GraderError):
    """Answers cannot be judged again like this, or not now; `field` names what was asked for wrongly."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class CannotImport(GraderError):
    """A file of problems is not taken, or not now; `field` names what was sent wrongly."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Fenced(GraderError):
    """A newer attempt has taken the submission over: this worker's results are void."""
