"""What a program finds in its environment, nothing of the host's in it, and where programs are."""

from __future__ import annotations

from pathlib import Path

TOOLCHAINS = "/toolchains"
"""The jail's folder of folders that each hold a `bin`: `Config.stores` may put some there."""
_PATH = "/usr/local/bin:/usr/bin:/bin"
CLEAN = {"PATH": _PATH, "HOME": "/work", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108 - the jail's own
"""A program's, beside those that its job and its device give it."""
CLEAN_PYTHON = CLEAN | {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "JOBLIB_MULTIPROCESSING": "0",
    "MPLBACKEND": "Agg",
}
"""A script's: its libraries keep to one thread, print nothing of their own, and open no window."""


def search_path() -> str:
    """Where programs are looked for: in the toolchains that the operator names before the system's."""
    try:
        named = sorted(folder.name for folder in Path(TOOLCHAINS).iterdir())
    except FileNotFoundError:
        named = []
    return ":".join([*(f"{TOOLCHAINS}/{name}/bin" for name in named), _PATH])
