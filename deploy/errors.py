"""What stops an installation from starting, with the remedy."""

from __future__ import annotations


class CannotStart(Exception):
    """The text says what is wrong; `remedy` what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy
