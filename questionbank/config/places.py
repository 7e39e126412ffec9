"""Where an installation keeps its state and its sockets. Plain Python, for set-up reads it too."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent
"""The folder of manage.py."""


def state_folder() -> Path:
    """`TOUCHSTONE_VAR`, by default `var/` beside manage.py; made with mode 0700."""
    folder = Path(os.environ.get("TOUCHSTONE_VAR") or HOME / "var").resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def data_folder(state: Path) -> Path:
    """`TOUCHSTONE_DATA`, by default `data/` below the state: installed models and data, which installations
    may share. Made when the first of them is installed."""
    return Path(os.environ.get("TOUCHSTONE_DATA") or state / "data").resolve()


def run_folder(state: Path) -> Path:
    """`TOUCHSTONE_RUN`, by default a private folder of a short name: a socket path has 107 bytes."""
    given = os.environ.get("TOUCHSTONE_RUN")
    if given:
        folder = Path(given).resolve()
    else:
        name = hashlib.sha256(str(state).encode()).hexdigest()[:12]
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        if runtime and os.access(runtime, os.W_OK):
            folder = Path(runtime) / f"touchstone-{name}"
        else:
            folder = Path(tempfile.gettempdir()) / f"touchstone-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(
            f"{folder} belongs to another account: set TOUCHSTONE_RUN to a folder of your own."
        )
    return folder
