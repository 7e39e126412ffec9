"""`make up`: everything on one machine, until Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from deploy.errors import CannotStart
from questionbank.config.places import run_folder, state_folder
from sandbox.doctor import Finding, host_findings

DEFAULT_PORT = 8000
_NEEDED_MB = 500


def say(line: str) -> None:
    """One line of progress."""
    print(f"· {line}", flush=True)


def check_host(state: Path) -> None:
    """Raises `CannotStart` where this machine cannot run an installation."""
    free = shutil.disk_usage(state).free // 2**20
    if free < _NEEDED_MB:
        raise CannotStart(f"The disk under {state} has {free} MB left.", f"Free at least {_NEEDED_MB} MB.")
    missing: list[Finding] = [finding for finding in host_findings() if not finding.held]
    if missing:
        raise CannotStart(
            "\n".join(
                f"The sandbox cannot work here: {finding.name}: {finding.detail}" for finding in missing
            ),
            " ".join(finding.remedy for finding in missing),
        )


def only_one(run: Path) -> int:
    """Holds the installation's lock until this process ends."""
    lock = os.open(run / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CannotStart(
            "This installation runs already.",
            "Use it, stop it, or give a second one a folder of its own: TOUCHSTONE_VAR=/path make up",
        ) from error
    return lock


class _Stop:
    """Remembers that a signal asked for the end."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: object) -> None:
        if not self.asked:
            self.asked = True
            raise KeyboardInterrupt


def main() -> int:
    """Prepares, starts, says where, and serves until a signal."""
    began = time.monotonic()
    os.environ.setdefault("TOUCHSTONE_DEMO", "1")
    stop = _Stop()
    installation = None
    try:
        state = state_folder()
        lock = only_one(run_folder(state))
        check_host(state)
        from deploy.installation import Installation

        installation = Installation(int(os.environ.get("TOUCHSTONE_PORT", DEFAULT_PORT)), say)
        installation.prepare()
        installation.start()
        print(
            f"\nTouchstone is ready after {time.monotonic() - began:.1f} s at {installation.address}",
            flush=True,
        )
        if os.environ["TOUCHSTONE_DEMO"] == "1":
            from fixtures.demo import PASSWORD

            print(f"Log in as candidate, interviewer or admin; the password is {PASSWORD}", flush=True)
        print(f"Logs are in {installation.logs}. Ctrl-C stops everything.\n", flush=True)
        installation.processes.watch(lambda: stop.asked)
    except CannotStart as error:
        print(f"\n{error}\n{error.remedy}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("stopping")
    finally:
        if installation is not None:
            installation.processes.stop()
    os.close(lock)
    return 0


if __name__ == "__main__":
    sys.exit(main())
