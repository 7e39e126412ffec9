"""A second wall behind the mounts: what a submission may do with files, sockets and signals, by Landlock.

landlock(7). It holds even where the mounts or the network namespace would not: writing below the box's own
folders only, no TCP, and no signal or abstract socket beyond the run. The kernel says at run time how much
of it it knows (its ABI's version); the rest is left out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox import syscalls

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_CHAR, _MAKE_DIR = 1 << 4, 1 << 5, 1 << 6, 1 << 7
_MAKE_REG, _MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK = 1 << 8, 1 << 9, 1 << 10, 1 << 11
_MAKE_SYM, _REFER, _TRUNCATE, _IOCTL_DEV = 1 << 12, 1 << 13, 1 << 14, 1 << 15
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1 << 0, 1 << 1
_LOG_SAME_EXEC_OFF, _LOG_SUBDOMAINS_OFF = 1 << 0, 1 << 2

READ = _EXECUTE | _READ_FILE | _READ_DIR
CHANGE = (
    _WRITE_FILE | _TRUNCATE | _REMOVE_DIR | _REMOVE_FILE | _REFER
    | _MAKE_DIR | _MAKE_REG | _MAKE_SYM | _MAKE_SOCK | _MAKE_FIFO
)  # fmt: skip
RULES: Mapping[str, int] = {
    "/": READ,
    "/work": READ | CHANGE,
    "/tmp": READ | CHANGE,  # noqa: S108 - the jail's own
    "/dev/shm": READ | CHANGE,  # noqa: S108
    "/dev": _READ_FILE | _READ_DIR | _WRITE_FILE | _IOCTL_DEV,
}


@dataclass(frozen=True, slots=True)
class Wall:
    """A set of rules the kernel knows, ready to be put on; `abi` 0 where it has no Landlock."""

    abi: int
    files: int
    network: int
    scopes: int


def wall(abi: int | None = None) -> Wall:
    """The strongest wall of this kernel, or of one with an older `abi`."""
    known = abi_version()
    abi = known if abi is None else min(abi, known)
    files = (_EXECUTE << 13) - 1  # the first thirteen rights are the first version's
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
        files |= right if abi >= since else 0
    return Wall(
        abi=abi,
        files=files if abi else 0,
        network=_BIND_TCP | _CONNECT_TCP if abi >= 4 else 0,
        scopes=_SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if abi >= 6 else 0,
    )


def abi_version() -> int:
    """How much of Landlock this kernel has; 0 for none, or where it is switched off."""
    try:
        return syscalls.landlock_abi()
    except OSError:
        return 0


def put_on(built: Wall, rules: Mapping[str, int] = RULES) -> None:
    """Restricts this thread and all it starts, for good, to what `rules` allow; needs `no_new_privs`."""
    if not built.abi:
        return
    ruleset = syscalls.landlock_create_ruleset(
        files=built.files, network=built.network, scopes=built.scopes, abi=built.abi
    )
    try:
        for path, rights in rules.items():
            folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                syscalls.landlock_allow_beneath(ruleset, folder, rights & built.files)
            finally:
                os.close(folder)
        # Every refusal would be a line in the host's audit log, and a submission can ask for millions.
        quiet = _LOG_SAME_EXEC_OFF | _LOG_SUBDOMAINS_OFF if built.abi >= 7 else 0
        syscalls.landlock_restrict_self(ruleset, quiet)
    finally:
        os.close(ruleset)
