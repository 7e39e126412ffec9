"""`make up`: everything on one machine, until Ctrl-C."""

from __future__ import annotations

import os
import sys
import time

import environ

from deploy.errors import CannotStart
from deploy.host import port_asked_for
from deploy.installation import Installation
from deploy.session import FAILED, run
from deploy.stopping import Stop


def main() -> int:
    """Prepares, starts, says where, and serves until a signal."""
    began = time.monotonic()
    if not environ.Env().bool("TOUCHSTONE_HTTPS", False):
        # Their password is public: a site that is reached from outside has them only where it says so.
        os.environ.setdefault("TOUCHSTONE_DEMO", "1")

    def serve(installation: Installation, stop: Stop) -> int:
        _greet(installation, time.monotonic() - began)
        installation.processes.watch(stop)
        return 0

    try:
        port = port_asked_for()
    except CannotStart as error:
        print(f"{error}\n{error.remedy}", file=sys.stderr)
        return FAILED
    return run(serve, port)


def _greet(installation: Installation, seconds: float) -> None:
    print(f"\nTouchstone is ready after {seconds:.1f} s at {installation.address}")
    if installation.demo_password:
        print(f"Log in as candidate, interviewer or admin; the password is {installation.demo_password}")
    print(f"Logs are in {installation.logs}. Ctrl-C stops everything.\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
