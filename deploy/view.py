"""What the unprivileged account sees of the host: the code read-only, its state writable, nobody's home.

The interpreter or the checkout may lie below a folder that only root may enter (/root, as a rule). A private
mount namespace covers such a folder with an empty one that holds just the needed places.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.account import Account, acting_as, become
from deploy.errors import CannotStart
from sandbox import syscalls

_CAP_SYS_ADMIN = 21


@dataclass(frozen=True, slots=True)
class View:
    """Places the account needs; all that is not `writable` is bound read-only."""

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]


def view_of(code: Path, *, writable: Sequence[Path]) -> View:
    """The checkout, the environment and the interpreter, and the folders that the account may write."""
    prefixes = [Path(prefix).resolve() for prefix in (sys.base_prefix, sys.prefix)]
    folders = {code.resolve(), *(prefix for prefix in prefixes if prefix != Path("/usr"))}
    return View(tuple(sorted(folders)), tuple(sorted(folder.resolve() for folder in writable)))


def enter_as(account: Account, view: View) -> None:
    """Becomes the account, in a mount namespace of its own where this process may make one.

    For a process that is about to execute a program. Raises `CannotStart` where the account cannot reach
    what it needs.
    """
    hidden = list(_hidden_folders(account, (*view.readable, *view.writable)))
    if may_mount():
        _make(view, hidden)
    elif hidden:
        raise CannotStart(
            f"Only root may enter {hidden[0]}, and this container may not mount over it.",
            "Install Touchstone and its Python where every account may read them, such as /opt and /usr.",
        )
    become(account)
    for folder in (*view.readable, *view.writable):
        if not os.access(folder, os.R_OK | os.X_OK):
            raise CannotStart(
                f"The account {account.uid} may not read {folder}.", f"As its owner: chmod -R go+rX {folder}"
            )


def may_mount() -> bool:
    """capabilities(7): whether this process has CAP_SYS_ADMIN, which root in a container may lack."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SYS_ADMIN & 1)
    return False


def _hidden_folders(account: Account, places: Sequence[Path]) -> Iterator[Path]:
    """The topmost folders on the way to the places that the account may not pass."""
    seen = set()
    with acting_as(account):
        for place in places:
            for ancestor in reversed(place.parents):
                if not os.access(ancestor, os.X_OK, effective_ids=True):
                    if ancestor not in seen:
                        yield ancestor
                    seen.add(ancestor)
                    break


def _make(view: View, hidden: Sequence[Path]) -> None:
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    # Opened before anything is covered: a bind by descriptor reaches what a path no longer does.
    handles = {place: os.open(place, os.O_PATH) for place in (*view.readable, *view.writable)}
    for folder in hidden:
        syscalls.mount(
            "tmpfs", str(folder), "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "size=1m,mode=755"
        )
    for place, handle in handles.items():
        place.mkdir(parents=True, exist_ok=True)
        syscalls.mount(f"/proc/self/fd/{handle}", str(place), "", syscalls.MS_BIND | syscalls.MS_REC)
        read_only = 0 if place in view.writable else syscalls.MOUNT_ATTR_RDONLY
        attributes = syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NODEV | read_only
        syscalls.set_mount_attributes(str(place), attributes)
        os.close(handle)
    for folder in hidden:
        syscalls.mount(
            "none",
            str(folder),
            "",
            syscalls.MS_REMOUNT
            | syscalls.MS_BIND
            | syscalls.MS_RDONLY
            | syscalls.MS_NOSUID
            | syscalls.MS_NODEV,
        )
