"""What an installation asks of its host, checked before anything is started."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
from pathlib import Path

from deploy.errors import CannotStart
from questionbank.config.places import assurance
from sandbox.fitness import assurance_findings, host_findings
from sandbox.guarantees import Finding

DEFAULT_PORT = 8000
NEEDED_MB = 500


def port_asked_for() -> int:
    """`TOUCHSTONE_PORT`; raises `CannotStart` where it is no port."""
    given = os.environ.get("TOUCHSTONE_PORT") or str(DEFAULT_PORT)
    if not given.isdecimal() or not 0 < int(given) < 2**16:
        raise CannotStart(
            f"TOUCHSTONE_PORT is {given!r}.", "Give a number from 1 to 65535, or leave it out for 8000."
        )
    return int(given)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def check_port(port: int) -> None:
    """Raises `CannotStart` where the web address cannot be had."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise CannotStart(
                f"Port {port} is not open to this account.",
                "Ports below 1024 are root's: choose another, TOUCHSTONE_PORT=8000 make up",
            ) from error
        except OSError as error:
            raise CannotStart(
                f"Port {port} is taken ({error.strerror}).",
                f"Stop what uses it, or choose another: TOUCHSTONE_PORT={port + 1} make up",
            ) from error


def check_host(state: Path) -> None:
    """Raises `CannotStart` where this machine cannot run an installation whose state lies in `state`."""
    free = shutil.disk_usage(state).free // 2**20
    if free < NEEDED_MB:
        raise CannotStart(
            f"The disk under {state} has {free} MB left.",
            f"Free at least {NEEDED_MB} MB, or keep the state elsewhere: TOUCHSTONE_VAR=/path make up",
        )
    try:
        demanded = assurance()
    except ValueError as error:
        raise CannotStart(str(error), "Set it so, or leave it out.") from error
    findings = (*host_findings(), *assurance_findings(demanded.high, demanded.runtime))
    missing: list[Finding] = [finding for finding in findings if not finding.held]
    if missing:
        raise CannotStart(
            "\n".join(
                f"The sandbox cannot work here: {finding.name}: {finding.detail}" for finding in missing
            ),
            " ".join(finding.remedy for finding in missing),
        )


def only_one(run: Path) -> int:
    """Holds the installation's lock until this process ends; the lock's descriptor."""
    lock = os.open(run / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise CannotStart(
            "This installation runs already.",
            "Use it, stop it, or give a second one a folder of its own: TOUCHSTONE_VAR=/path make up",
        ) from error
    return lock


def of_the_system(error: OSError, state: Path) -> CannotStart | None:
    """The sentence for what the operating system refused; None where it needs a developer's eyes."""
    place = error.filename or state
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CannotStart(
            f"The disk is full: {place} cannot be written ({error.strerror}).",
            f"Free at least {NEEDED_MB} MB (and inodes: df -i) under {state} and start again.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return CannotStart(
            f"{place} cannot be written ({error.strerror}).",
            "Run as its owner or as root, or keep the state elsewhere: TOUCHSTONE_VAR=/path make up",
        )
    return None
