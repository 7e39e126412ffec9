"""What a program finds in its environment: seven variables, none of the host's, and where programs are."""

from __future__ import annotations

from pathlib import Path

TOOLCHAINS = "/toolchains"
"""The jail's folder of folders that each hold a `bin`: `Config.stores` may put some there."""
_PATH = "/usr/local/bin:/usr/bin:/bin"
CLEAN = {"PATH": _PATH, "HOME": "/work", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108 - the jail's own


def search_path() -> str:
    """Where programs are looked for: in the toolchains that the operator names before the system's."""
    try:
        named = sorted(folder.name for folder in Path(TOOLCHAINS).iterdir())
    except FileNotFoundError:
        named = []
    return ":".join([*(f"{TOOLCHAINS}/{name}/bin" for name in named), _PATH])
