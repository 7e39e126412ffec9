"""One run of an installation: prepared, started, used, and stopped whole, whatever happens."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError
from django.db.utils import OperationalError

from deploy.account import unprivileged_account
from deploy.errors import CannotStart
from deploy.host import check_host, of_the_system, only_one
from deploy.installation import Installation
from deploy.root import keep_sandbox
from deploy.stopping import Stop
from deploy.under_root import under_root
from questionbank.config.places import HOME, run_folder, state_folder

FAILED, INTERRUPTED = 1, 130
Work = Callable[[Installation, Stop], int]


def say(line: str) -> None:
    """One line of progress. That nobody can be told, for a disk is full, is no reason to end what runs."""
    with suppress(OSError):
        print(f"· {line}", flush=True)


def run(work: Work, port: int, *, fresh: bool = False) -> int:
    """Does `work` while the installation runs: its exit code, or 1 after a sentence that says why not.

    `fresh` empties the state folder first."""
    stop = Stop()
    try:
        return _run(work, port, stop, fresh)
    except CannotStart as error:
        refusal = error
    except (OSError, OperationalError, ImproperlyConfigured, CommandError) as error:
        known = _known(error)
        if known is None:
            raise
        refusal = known
    except KeyboardInterrupt:
        say("stopped before it was ready; the next start goes on from here")
        return INTERRUPTED
    print(f"\n{refusal}\n{refusal.remedy}", file=sys.stderr)
    return FAILED


def _run(work: Work, port: int, stop: Stop, fresh: bool) -> int:
    account = unprivileged_account()
    if account is not None:
        return keep_sandbox(account, stop, say)
    with stop.interrupts():
        state = state_folder()
        if not under_root():
            only_one(run_folder(state))
            check_host(state)
        if fresh:
            _empty(state)
        installation = Installation(port, say)
        installation.prepare()
    try:
        installation.start(stop)
        return INTERRUPTED if stop() else work(installation, stop)
    finally:
        if stop():
            say("stopping")
        installation.processes.stop()


def _empty(folder: Path) -> None:
    """Removes what is in it; the folder itself may be a mount point."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _obstacle(folder: Path) -> OSError | None:
    """What keeps a file from being made in the folder."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error


def _known(error: Exception) -> CannotStart | None:
    """The sentence for an error that an operator can mend; None where it needs a developer's eyes."""
    if isinstance(error, OSError):
        return of_the_system(error, HOME)
    if isinstance(error, CommandError):
        return CannotStart(str(error), "Mend it, then start again.")
    if isinstance(error, ImproperlyConfigured):
        return CannotStart(f"A setting is wrong: {error}", "docs/operator.md lists the settings.")
    if "unable to open database file" in str(error) and (obstacle := _obstacle(state_folder())):
        # SQLite keeps to itself why; a file of our own meets the same.
        return of_the_system(obstacle, HOME)
    if "disk is full" in str(error) or "readonly database" in str(error):
        return CannotStart(f"The database cannot be written: {error}.", "Free some space and start again.")
    return CannotStart(
        f"The database does not answer: {str(error).strip()}", "Start it, or mend DATABASE_URL."
    )
