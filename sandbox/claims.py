"""Folders that are a supervisor's for as long as it lives: a lock on each, flock(2), ends with it.

The lock alone says who lives. A pid says nothing: supervisors in pid namespaces of their own have the same
one, and a dead one's is given again. It stands in the names for people to read.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.mount_table import mounts

NAME = r"[0-9]+-[0-9a-f]{8}"
_TEMPORARY = re.compile(rf"touchstone-(root|oci)-{NAME}")
_TRIES = 100


def new_name(prefix: str) -> str:
    """The prefix and what `NAME` matches; no two are alike but by a rare chance."""
    return f"{prefix}{os.getpid()}-{secrets.token_hex(4)}"


def claim(folder: Path) -> int | None:
    """Makes the folder, and the descriptor that locks it; None where the name is taken or was taken away.

    Between its making and its lock a folder looks like a dead supervisor's to another that starts.
    """
    try:
        folder.mkdir(0o700)  # no other account may open it, and so lock it, before we do
    except FileExistsError:
        return None
    with suppress(FileNotFoundError):
        lock = lock_folder(folder)
        if lock is None:
            return None
        if _is_at(lock, folder):
            os.fchmod(lock, 0o755)
            return lock
        os.close(lock)
    return None


def lock_folder(folder: Path) -> int | None:
    """A descriptor that locks the folder, None where another has the lock; links are not followed."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def _is_at(fd: int, folder: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), folder.lstat())
    except FileNotFoundError:
        return False


@dataclass(frozen=True, slots=True)
class TemporaryFolder:
    """A folder of our own among the temporary ones, readable by all."""

    path: Path
    _lock: int

    @classmethod
    def make(cls, kind: str) -> TemporaryFolder:
        """A new one; `kind` is "root" or "oci"."""
        parent = tempfile.gettempdir()
        for _ in range(_TRIES):
            path = Path(parent, new_name(f"touchstone-{kind}-"))
            lock = claim(path)
            if lock is not None:
                return cls(path, lock)
        raise FileExistsError(errno.EEXIST, "no name is free for a temporary folder", parent)

    def remove(self) -> None:
        """Removes it with all that is in it, and lets go of it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def remove_stale_temporaries() -> list[str]:
    """Removes what dead supervisors of our account have left of these; what could not be removed."""
    left = []
    parent = Path(tempfile.gettempdir()).resolve()
    try:
        found = [parent / name for name in os.listdir(parent) if _TEMPORARY.fullmatch(name)]  # noqa: PTH208 - names
    except OSError as error:  # a host may let its accounts write there and see nothing
        return [f"whatever is in {parent}: {error.strerror}"]
    for folder in found:
        try:
            if _is_ours(folder.lstat()):  # others may put there what they like
                _remove_stale(folder)
        except FileNotFoundError:
            pass  # another start removes the same
        except OSError as error:
            left.append(f"{folder}: {error.strerror}")
    return left


def _is_ours(status: os.stat_result) -> bool:
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def _remove_stale(folder: Path) -> None:
    lock = lock_folder(folder)
    if lock is None:
        return
    try:
        if not (_is_ours(os.fstat(lock)) and _is_at(lock, folder)):
            return
        if any(mount.point.is_relative_to(folder) for mount in mounts()):
            raise OSError(errno.EBUSY, "a file system is mounted there")
        # By its descriptor: this is the folder that was looked at, whatever its path leads to by now.
        for name in os.listdir(lock):  # noqa: PTH208 - a descriptor is no path
            if stat.S_ISDIR(os.stat(name, dir_fd=lock, follow_symlinks=False).st_mode):
                shutil.rmtree(name, dir_fd=lock)
            else:
                os.unlink(name, dir_fd=lock)
        folder.rmdir()
    finally:
        os.close(lock)
