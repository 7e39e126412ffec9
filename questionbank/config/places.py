"""Where an installation keeps its state and its sockets. Plain Python, for set-up reads it too."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent
"""The folder of manage.py."""


def state_folder() -> Path:
    """`TOUCHSTONE_VAR`, by default `var/` beside manage.py; made with mode 0700."""
    folder = Path(os.environ.get("TOUCHSTONE_VAR") or HOME / "var").resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, f"it belongs to uid {folder.stat().st_uid}", str(folder))
    return folder


def data_folder(state: Path) -> Path:
    """`TOUCHSTONE_DATA`, by default `data/` below the state: installed models and data, which installations
    may share. Made when the first of them is installed."""
    return Path(os.environ.get("TOUCHSTONE_DATA") or state / "data").resolve()


def toolchain_folders() -> list[Path]:
    """`TOUCHSTONE_TOOLCHAINS`, folders with compilers and interpreters for jails, with ":" between them."""
    return [
        Path(folder).resolve() for folder in os.environ.get("TOUCHSTONE_TOOLCHAINS", "").split(":") if folder
    ]


@dataclass(frozen=True, slots=True)
class Assurance:
    """Whether every run goes through an OCI runtime, and through which; by itself the strongest there is."""

    high: bool
    runtime: str | None


def assurance() -> Assurance:
    """`TOUCHSTONE_ASSURANCE`, standard or high, and `TOUCHSTONE_OCI_RUNTIME`, runsc or crun."""
    level = os.environ.get("TOUCHSTONE_ASSURANCE") or "standard"
    if level not in ("standard", "high"):
        raise ValueError(f"TOUCHSTONE_ASSURANCE is standard or high, not {level!r}.")
    return Assurance(level == "high", os.environ.get("TOUCHSTONE_OCI_RUNTIME") or None)


def run_folder(state: Path) -> Path:
    """`TOUCHSTONE_RUN`, by default a private folder of a short name: a socket path has 107 bytes.

    It belongs to whom the state belongs to; root, beside a running installation, uses that account's.
    """
    owner = state.stat()
    given = os.environ.get("TOUCHSTONE_RUN")
    if given:
        folder = Path(given).resolve()
    else:
        name = hashlib.sha256(str(state).encode()).hexdigest()[:12]
        runtime = os.environ.get("XDG_RUNTIME_DIR") if owner.st_uid == os.getuid() else None
        if runtime and os.access(runtime, os.W_OK):
            folder = Path(runtime) / f"touchstone-{name}"
        else:
            folder = Path(tempfile.gettempdir()) / f"touchstone-{owner.st_uid}-{name}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if found.st_uid == os.getuid() == 0 != owner.st_uid and stat.S_ISDIR(found.st_mode):
        os.chown(folder, owner.st_uid, owner.st_gid, follow_symlinks=False)
    elif found.st_uid != owner.st_uid or not stat.S_ISDIR(found.st_mode):
        raise PermissionError(errno.EACCES, f"it belongs to uid {found.st_uid}", str(folder))
    return folder
