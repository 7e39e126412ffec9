"""Errors of the sandbox itself. What a submission does wrong is an `Outcome`, never an exception."""

from __future__ import annotations


class SandboxError(Exception):
    """The sandbox failed; the run says nothing about the submission and may be tried again."""


class SandboxUnavailable(SandboxError):
    """The sandbox cannot run here at all; `remedy` tells the operator what to do."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


class InvalidJob(SandboxError):
    """The caller asked for something no run may have (a bad path, a limit out of range)."""


class NoDevice(SandboxError):
    """The job demands a device that this host has not; another try here cannot help."""


class DeviceBusy(SandboxError):
    """No device came free in time; a later try may find one."""


class DeviceFailed(SandboxError):
    """The device did not live through the run, which says nothing about the submission."""


class MissingRuntime(SandboxError):
    """The job demands high assurance, and this host has no OCI runtime to give it."""


class BoxLost(SandboxError):
    """The box ended with its zygote before it could say how the job did: the client tries again."""


_CROSSING = (BoxLost, InvalidJob, NoDevice, DeviceBusy, DeviceFailed, MissingRuntime)


def named(name: str, message: str) -> SandboxError:
    """The error of a class's name as it came over the wire; plain `SandboxError` for any other."""
    for kind in _CROSSING:
        if kind.__name__ == name:
            return kind(message)
    return SandboxError(message)
