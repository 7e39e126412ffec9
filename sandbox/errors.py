"""Errors of the sandbox itself. What a submission does wrong is an `Outcome`, never an exception."""

from __future__ import annotations


class SandboxError(Exception):
    """The sandbox failed; the run says nothing about the submission and may be tried again."""


class SandboxUnavailable(SandboxError):
    """The sandbox cannot run here at all; `remedy` tells the operator what to do."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.remedy = remedy


class InvalidJob(SandboxError):
    """The caller asked for something no run may have (a bad path, a limit out of range)."""
