"""The lists of system calls that a submission may make, compiled to BPF programs.

Allow lists: what `sandbox.calls` does not name fails with EPERM. The program checks the architecture first,
so that no other table of numbers (i386, x32) can be reached. Filter layout: seccomp(2), linux/filter.h.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterable

from sandbox.calls import Call, Profile, calls_of

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_KILL_PROCESS = 0x80000000
_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JUMP_EQUAL = 0x15
_JUMP_GREATER_EQUAL = 0x35
_JUMP_ANY_BIT = 0x45
_AND = 0x54
_RETURN = 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000

_NEW_NAMESPACE_FLAGS = 0x7E020080
_AF_UNIX = 1
_SOL_SOCKET = 1
_SO_SNDBUF, _SO_RCVBUF, _SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 7, 8, 32, 33
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_F_SETLEASE, _F_NOTIFY = 1024, 1026
_MAP_HUGETLB = 0x40000
_PRIO_USER = 2
_INIT = 1
_TYPE_OF_FILE, _CHARACTERS, _BLOCKS = 0o170000, 0o020000, 0o060000
# prctl(2): PDEATHSIG 1-2, DUMPABLE 3, NAME 15-16, CAPBSET_READ 23, TIMERSLACK 29-30, NO_NEW_PRIVS 38-39,
# THP 41-42, SET_VMA "SVMA".
_PRCTL_ALLOWED = (1, 2, 3, 15, 16, 23, 29, 30, 38, 39, 41, 42, 0x53564D41)

Instruction = tuple[int, int, int, int]


def allowed_numbers(profile: Profile) -> tuple[int, ...]:
    """Numbers, on this machine, of every call that some arguments are allowed for."""
    numbers = (_number(call, platform.machine()) for call in calls_of(profile))
    return tuple(sorted(number for number in numbers if number is not None))


def instructions(machine: str, profile: Profile) -> Iterable[Instruction]:
    """The program for `machine`, as platform.machine() calls it: code, jump if so, jump if not, operand."""
    yield (_LOAD, 0, 0, _ARCH)
    yield (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[machine])
    yield (_RETURN, 0, 0, _KILL_PROCESS)
    yield (_LOAD, 0, 0, _NUMBER)
    if machine == "x86_64":
        yield (_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT)
        yield (_RETURN, 0, 0, _KILL_PROCESS)
    for call in calls_of(profile):
        number = _number(call, machine)
        if number is not None:
            rules = _rules(call.name)
            yield (_JUMP_EQUAL, 0, len(rules), number)
            yield from rules
    yield (_RETURN, 0, 0, _errno(errno.EPERM))


def _number(call: Call, machine: str) -> int | None:
    return call.x86_64 if machine == "x86_64" else call.aarch64


def _errno(number: int) -> int:
    return _ERRNO | number


def _rules(call: str) -> list[Instruction]:
    """Instructions that decide a call, by its arguments (low 32 bits) where they matter, and return."""

    def load(index: int) -> Instruction:
        return (_LOAD, 0, 0, _ARGUMENTS + 8 * index)

    allow, refuse = (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _errno(errno.EPERM))
    match call:
        case "clone":  # threads and children, never a new namespace
            return [load(0), (_JUMP_ANY_BIT, 0, 1, _NEW_NAMESPACE_FLAGS), refuse, allow]
        case "ioctl":  # terminal injection is the one that has no permission check
            return [load(1), (_JUMP_EQUAL, 1, 0, _TIOCSTI), (_JUMP_EQUAL, 0, 1, _TIOCLINUX), refuse, allow]
        case "socket" | "socketpair":
            no_family = (_RETURN, 0, 0, _errno(errno.EAFNOSUPPORT))
            return [load(0), (_JUMP_EQUAL, 0, 1, _AF_UNIX), allow, no_family]
        case "setsockopt":  # what buffers hold is the kernel's memory: they keep the size that all have
            done = (_RETURN, 0, 0, _errno(0))
            sizes = [(_JUMP_EQUAL, 3, 0, _SO_SNDBUF), (_JUMP_EQUAL, 2, 0, _SO_RCVBUF)]
            sizes += [(_JUMP_EQUAL, 1, 0, _SO_SNDBUFFORCE), (_JUMP_EQUAL, 0, 1, _SO_RCVBUFFORCE)]
            return [load(1), (_JUMP_EQUAL, 0, 6, _SOL_SOCKET), load(2), *sizes, done, allow]
        case "prctl":
            tests = [step for option in _PRCTL_ALLOWED for step in ((_JUMP_EQUAL, 0, 1, option), allow)]
            return [load(0), *tests, refuse]
        case "mknod" | "mknodat":
            mode = [load(1 if call == "mknod" else 2), (_AND, 0, 0, _TYPE_OF_FILE)]
            return [*mode, (_JUMP_EQUAL, 1, 0, _CHARACTERS), (_JUMP_EQUAL, 0, 1, _BLOCKS), refuse, allow]
        case "mmap":  # huge pages are the host's, and no control group of ours counts them
            return [load(3), (_JUMP_ANY_BIT, 0, 1, _MAP_HUGETLB), refuse, allow]
        case "fcntl":  # a lease or a watch on a shared file holds up, or spies on, whoever else opens it
            return [load(1), (_JUMP_EQUAL, 1, 0, _F_SETLEASE), (_JUMP_EQUAL, 0, 1, _F_NOTIFY), refuse, allow]
        case "prlimit64" | "sched_setaffinity":  # init has the submission's uid
            return [load(0), (_JUMP_EQUAL, 0, 1, _INIT), refuse, allow]
        case "setpriority":
            everyone = (_JUMP_EQUAL, 2, 0, _PRIO_USER)
            return [load(0), everyone, load(1), (_JUMP_EQUAL, 0, 1, _INIT), refuse, allow]
        case _ if call.endswith(("setxattr", "removexattr")):
            # Refused with EPERM, they would make cp(1) and sed(1) fail, which care for access lists.
            return [(_RETURN, 0, 0, _errno(errno.ENOTSUP))]
        case "clone3":  # its flags lie in memory, out of the filter's reach: glibc falls back to clone
            return [(_RETURN, 0, 0, _errno(errno.ENOSYS))]
    return [allow]


def compile_filter(profile: Profile) -> bytes:
    """The program for this machine, an array of struct sock_filter (u16 code, u8 jt, u8 jf, u32 k).

    Raises `KeyError` on a machine that is neither x86_64 nor aarch64.
    """
    return b"".join(struct.pack("=HBBI", *step) for step in instructions(platform.machine(), profile))
