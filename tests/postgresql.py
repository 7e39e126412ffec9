"""`python -m tests.postgresql`: the tests that touch the database, over a private PostgreSQL cluster.

The cluster lies in a temporary folder, listens on a socket in it alone, and ends with this process.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.syscalls import die_with_parent

HOME = Path(__file__).resolve().parent.parent
ROOMS = ("api", "grader", "interviews", "pages", "questionbank")
"""Folders of tests whose subject is what the database does."""
SAME_ON_ANY = ("pages/test_no_route_gives_hidden_things_away.py", "pages/test_languages.py")
"""What takes long and asks nothing that one database answers otherwise than another."""
UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root."""
READY_WITHIN_S = 60.0
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "listen_addresses=")


class NoPostgresql(Exception):
    """The server's programs are not on this machine, or it did not start."""


def programs() -> Path:
    """The folder of `initdb` and `postgres`: on PATH, or where Debian keeps them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not versions:
        raise NoPostgresql("PostgreSQL is not installed: run `bash deploy/system_packages.sh` as root.")
    return versions[-1].parent


@contextmanager
def private_cluster() -> Iterator[str]:
    """The address (DATABASE_URL) of a fresh, empty cluster."""
    account = UNPRIVILEGED if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="touchstone-pg-") as name:
        folder = Path(name)
        if account:
            shutil.chown(folder, account)
        data, log = folder / "data", folder / "log"
        settings = [
            "--username=touchstone",
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]
        subprocess.run(
            [programs() / "initdb", "--pgdata", data, *settings],
            user=account,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        options = [part for option in _FAST for part in ("-c", option)]
        with log.open("wb") as output:
            server = subprocess.Popen(
                [programs() / "postgres", "-D", data, "-k", folder, *options],
                user=account,
                cwd=folder,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,
            )
        try:
            _wait_until_ready(folder, server, log)
            yield f"postgresql://touchstone@/postgres?host={folder}"
        finally:
            # SIGINT, "fast shutdown": does not wait for clients to leave.
            server.send_signal(signal.SIGINT)
            server.wait(30)


def _wait_until_ready(folder: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    ready = [programs() / "pg_isready", "--quiet", "--host", folder]
    while subprocess.run(ready, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise NoPostgresql(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)


def main(arguments: list[str]) -> int:
    """Runs pytest with `arguments`, by default over every room, on PostgreSQL; its exit code."""
    by_default = [f"tests/{room}" for room in ROOMS] + [f"--ignore=tests/{file}" for file in SAME_ON_ANY]
    given = arguments or by_default
    try:
        with private_cluster() as address:
            environment = os.environ | {"DATABASE_URL": address}
            command = [sys.executable, "-m", "pytest", *given]
            return subprocess.run(command, cwd=HOME, env=environment, check=False).returncode
    except NoPostgresql as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
