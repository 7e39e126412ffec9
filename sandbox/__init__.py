"""Runs one untrusted job under limits and says what happened. Knows nothing of problems or verdicts."""

import importlib
from typing import TYPE_CHECKING, Any

from sandbox.errors import DeviceBusy, InvalidJob, NoDevice, SandboxError, SandboxUnavailable
from sandbox.job import MIB, Command, DeviceKind, DeviceRequest, Job, Limits, Outcome, Runtime, Script, Status

if TYPE_CHECKING:
    from sandbox.client import Config, Sandbox, connect, private_sandbox

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

_OF_CLIENTS = frozenset({"Config", "Sandbox", "connect", "private_sandbox"})


def __getattr__(name: str) -> Any:
    """What clients use comes when it is asked for: a zygote imports this package too, and every page that
    it has is forked into each box, and taken down there by execve(2) while somebody waits."""
    if name in _OF_CLIENTS:
        return getattr(importlib.import_module("sandbox.client"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
