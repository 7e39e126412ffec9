"""What the unprivileged account sees of the host: the code read-only, its state writable, nobody's home.

The interpreter or the checkout may lie below a folder that only root may enter (/root, as a rule). A private
mount namespace covers such a folder with an empty one that holds just the needed places.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.account import Account, acting_as
from deploy.errors import CannotStart
from sandbox import syscalls


@dataclass(frozen=True, slots=True)
class View:
    """Places the account needs; all that is not `writable` is bound read-only.

    `offered` are shown where a cover would take them away, and may stay out of reach.
    """

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    offered: tuple[Path, ...] = ()


def view_of(code: Path, *, writable: Sequence[Path], offered: Sequence[Path] = ()) -> View:
    """The checkout, the environment and the interpreter, what may be written, and what else is offered."""
    prefixes = [Path(prefix).resolve() for prefix in (sys.base_prefix, sys.prefix)]
    folders = {code.resolve(), *(prefix for prefix in prefixes if prefix != Path("/usr"))}
    readable, may_write, more = (
        tuple(sorted({place.resolve() for place in places})) for places in (folders, writable, offered)
    )
    return View(readable, may_write, more)


def named_in_environment() -> list[Path]:
    """Folders that the environment names for Python to import from, where they exist."""
    named = os.environ.get("PYTHONPATH", "").split(":")
    return [Path(folder) for folder in named if folder and Path(folder).is_dir()]


def enter(account: Account, view: View) -> None:
    """Moves this process to a mount namespace in which the account can reach what it needs.

    Where root may not mount (in a container, as a rule) nothing changes. Raises `CannotStart` where something
    stays out of the account's reach.
    """
    hidden = list(_hidden_folders(account, (*view.readable, *view.writable, *view.offered)))
    if syscalls.has_capability(syscalls.CAP_SYS_ADMIN):
        _make(view, hidden)
    elif hidden:
        raise CannotStart(
            f"Only root may enter {hidden[0]}, and this container may not mount over it.",
            "Install Touchstone and its Python where every account may read them, such as /opt and /usr.",
        )
    with acting_as(account):
        for place in (*view.readable, *view.writable):
            needed = os.R_OK | (os.X_OK if place.is_dir() else 0)
            if not os.access(place, needed, effective_ids=True):
                raise CannotStart(
                    f"The account {account.uid} may not read {place}.",
                    f"As its owner: chmod -R go+rX {place}",
                )


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


def _make_place(place: Path, handle: int) -> None:
    """What a bind needs at `place`, where a cover took it away."""
    if place.exists():
        return
    if stat.S_ISDIR(os.fstat(handle).st_mode):
        place.mkdir(parents=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()


def _make(view: View, hidden: Sequence[Path]) -> None:
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    # Opened before anything is covered: a bind by descriptor reaches what a path no longer does.
    covered = [place for place in view.offered if any(map(place.is_relative_to, hidden))]
    handles = {place: os.open(place, os.O_PATH) for place in (*view.readable, *covered, *view.writable)}
    for folder in hidden:
        syscalls.mount(
            "tmpfs", str(folder), "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "size=1m,mode=755"
        )
    # All of them first: a cover inside the checkout becomes read-only with it.
    for place, handle in handles.items():
        _make_place(place, handle)
    for place, handle in handles.items():
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
