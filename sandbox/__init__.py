"""Runs one untrusted job under limits and says what happened. Knows nothing of problems or verdicts."""

from sandbox.client import Config, Sandbox, connect, private_sandbox
from sandbox.errors import DeviceBusy, InvalidJob, NoDevice, SandboxError, SandboxUnavailable
from sandbox.job import MIB, Command, DeviceKind, DeviceRequest, Job, Limits, Outcome, Runtime, Script, Status

__all__ = [
    "MIB",
    "Command",
    "Config",
    "DeviceBusy",
    "DeviceKind",
    "DeviceRequest",
    "InvalidJob",
    "Job",
    "Limits",
    "NoDevice",
    "Outcome",
    "Runtime",
    "Sandbox",
    "SandboxError",
    "SandboxUnavailable",
    "Script",
    "Status",
    "connect",
    "private_sandbox",
]
