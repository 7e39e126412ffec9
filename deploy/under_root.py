"""How the processes of the account know that root's process started them and keeps the sandbox for them."""

from __future__ import annotations

import os

PREPARED = "TOUCHSTONE_PREPARED_FD"
"""Names the descriptor on which to say that the sandbox may start."""


def under_root() -> bool:
    """Whether root's process started this one: it holds the lock and keeps the sandbox."""
    return PREPARED in os.environ


def say_prepared() -> None:
    """Tells root's process, once, that the data is in place and the sandbox may start."""
    descriptor = int(os.environ[PREPARED])
    os.write(descriptor, b".")
    os.close(descriptor)
