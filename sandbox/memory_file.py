"""Files in memory that nobody can change any more: memfd_create(2), with seals."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterable

_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
_MFD_EXEC = 0x10


def memory_file(name: str, blobs: Iterable[bytes], *, executable: bool = False) -> int:
    """A descriptor at the start of a file that holds the blobs, one after another."""
    fd = _make(name, _MFD_EXEC) if executable else _make(name)
    try:
        for blob in blobs:
            write_all(fd, blob)
        os.lseek(fd, 0, os.SEEK_SET)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _make(name: str, flags: int = 0) -> int:
    flags |= os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        return os.memfd_create(name, flags)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return os.memfd_create(name, flags & ~_MFD_EXEC)  # before Linux 6.3 each may be executed


def write_all(fd: int, content: bytes) -> None:
    """write(2), until all of it is."""
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]
