"""Runs one untrusted job under limits and says what happened. Knows nothing of problems or verdicts."""

from sandbox.client import Config, Sandbox, connect, private_sandbox
from sandbox.errors import InvalidJob, SandboxError, SandboxUnavailable
from sandbox.job import MIB, Command, Job, Limits, Outcome, Runtime, Script, Status

__all__ = [
    "MIB",
    "Command",
    "Config",
    "InvalidJob",
    "Job",
    "Limits",
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
