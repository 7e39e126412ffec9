"""The account that everything but the sandbox's supervisor runs as, where root starts an installation."""

from __future__ import annotations

import os
import pwd
import stat
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import CannotStart
from sandbox import syscalls

NAME = "touchstone"
UNNAMED_ID = 61_000
"""Uid and gid where the host has no such account: in no range that Debian or systemd gives out."""
_OURS = frozenset(
    {"secret_key", "db.sqlite3", "logs", "data", "versions", "static", "broker"}  # the state's
    | {"demo", "test-data"}  # what `make demo` and `make test` leave in it
    | {"public", "hidden", "downloads"}  # the data's
    | {"lock", "sandbox.sock", "broker.sock"}  # the run folder's
)


@dataclass(frozen=True, slots=True)
class Account:
    """Who owns an installation's state and runs its workers."""

    uid: int
    gid: int

    def environment(self, home: Path) -> dict[str, str]:
        """What differs from root's environment: nobody's home but the state's folder."""
        return {"HOME": str(home), "USER": NAME, "LOGNAME": NAME}


def unprivileged_account() -> Account | None:
    """The account to hand over to; None where this process is not root, or could be nobody else."""
    rights = (syscalls.CAP_SETUID, syscalls.CAP_SETGID)
    if os.geteuid() != 0 or not all(map(syscalls.has_capability, rights)):
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        account = Account(UNNAMED_ID, UNNAMED_ID)
    else:
        account = Account(entry.pw_uid, entry.pw_gid)
    # A container's user namespace may hold no id but root's: then root is an account like any other.
    return account if _is_mapped("uid", account.uid) and _is_mapped("gid", account.gid) else None


def _is_mapped(kind: str, number: int) -> bool:
    """user_namespaces(7): whether this namespace has the id."""
    for line in Path(f"/proc/self/{kind}_map").read_text().splitlines():
        first, _, count = (int(field) for field in line.split())
        if first <= number < first + count:
            return True
    return False


def acting_as(account: Account | None) -> AbstractContextManager[None]:
    """Touches files as the account would, so that no link it planted can lead root's hand."""
    return syscalls.acting_as(account.uid, account.gid) if account else nullcontext()


def become(account: Account) -> None:
    """Gives root away for good: no capability, no group of root's, nothing to be gained by execve(2)."""
    if syscalls.has_capability(syscalls.CAP_SETPCAP):
        syscalls.drop_bounding_set()
    os.setgroups([account.gid])
    os.setresgid(account.gid, account.gid, account.gid)
    os.setresuid(account.uid, account.uid, account.uid)
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)


def hand_over(folder: Path, account: Account) -> None:
    """Makes the account the owner of everything below `folder`, whoever started it before."""
    names = {entry.name for entry in folder.iterdir()}
    if names and not names & _OURS:
        raise CannotStart(
            f"{folder} holds files, but none of Touchstone's: its owner is not changed.",
            "Let TOUCHSTONE_VAR, TOUCHSTONE_DATA and TOUCHSTONE_RUN name empty folders, or those it made.",
        )
    for _, folders, files, fd in os.fwalk(folder, follow_symlinks=False):
        for name in folders + files:
            _give(name, fd, account)
    os.chown(folder, account.uid, account.gid)


def _give(name: str, folder: int, account: Account) -> None:
    """chown(2) of what `name` is, not of what it leads to."""
    handle = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=folder)
    try:
        details = os.fstat(handle)
        if (details.st_uid, details.st_gid) == (account.uid, account.gid):
            return
        if stat.S_ISREG(details.st_mode) and details.st_nlink > 1:
            # It may be the second name of a file that is none of ours.
            place = Path(f"/proc/self/fd/{handle}").readlink()
            raise CannotStart(
                f"{place} has {details.st_nlink} names and another owner.",
                f"Remove it, or give it to the installation: chown {account.uid}:{account.gid} {place}",
            )
        if stat.S_ISLNK(details.st_mode):
            os.chown(name, account.uid, account.gid, dir_fd=folder, follow_symlinks=False)
        else:
            os.chown(f"/proc/self/fd/{handle}", account.uid, account.gid)
    finally:
        os.close(handle)
