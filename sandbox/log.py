"""What the processes of the sandbox say outside their sockets."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from contextlib import suppress
from typing import TextIO


def log(message: str) -> None:
    """Says it in the log, which is stderr. What the log does not take, for its disk is full, is lost."""
    _write(sys.stderr, f"sandbox: {message}")


def say(line: str) -> None:
    """Says it on stdout to whoever has started this process, if they still listen."""
    _write(sys.stdout, line)


def log_death(death: threading.ExceptHookArgs) -> None:
    """For `threading.excepthook`: says why a thread has died."""
    name = death.thread.name if death.thread else "a thread"
    log(f"{name} has died: {''.join(traceback.format_exception(death.exc_value)).rstrip()}")


def _write(stream: TextIO | None, line: str) -> None:
    """Past the stream's own buffer: what that keeps after a failure it tries again, and fails again."""
    if stream is None:
        return  # it was closed when this process began
    # To say something is never worth the life of the thread that says it, or of who waits for that.
    with suppress(OSError):
        os.write(stream.fileno(), f"{line}\n".encode(errors="backslashreplace"))
