"""The system calls the jail is made of, by ctypes, each named with its man page.

This is the only module that talks to the kernel without Python's own wrappers.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
# Calls that must not give up the interpreter's lock meanwhile: the child of a clone(2) would not have it.
_locked_libc = ctypes.PyDLL(None, use_errno=True)

# waitpid(2): children of every kind, whatever signal their end would send
WALL = 0x40000000

# unshare(2), clone(2)
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
_CLONE_PIDFD = 0x00001000
_CLONE_INTO_CGROUP = 0x200000000
_SIGCHLD = 17

# fspick(2), fsconfig(2)
_FSPICK_CLOEXEC = 1
_FSPICK_NO_AUTOMOUNT = 4
_FSCONFIG_SET_STRING = 1
_FSCONFIG_CMD_RECONFIGURE = 7

# mount(2), umount2(2)
MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_NOSYMFOLLOW = 0x100
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 0x2

# mount_setattr(2)
MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
MOUNT_ATTR_NOEXEC = 0x8
AT_FDCWD = -100
AT_RECURSIVE = 0x8000

# prctl(2)
PR_SET_PDEATHSIG = 1
PR_GET_PDEATHSIG = 2
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_READ = 23
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
CAP_SETGID = 6
CAP_SETUID = 7
CAP_SETPCAP = 8
CAP_SYS_ADMIN = 21
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2
_CAPABILITIES_AT_MOST = 64

# landlock(7)
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_RULE_PATH_BENEATH = 1

# Calls of the years of one table for all architectures.
_COMMON_NUMBERS = {
    "fsconfig": 431,
    "fspick": 433,
    "clone3": 435,
    "mount_setattr": 442,
    "landlock_create_ruleset": 444,
    "landlock_add_rule": 445,
    "landlock_restrict_self": 446,
}
_NUMBERS = {
    "x86_64": {"pivot_root": 155, "capset": 126, "setgroups": 116, **_COMMON_NUMBERS},
    "aarch64": {"pivot_root": 41, "capset": 91, "setgroups": 159, **_COMMON_NUMBERS},
}


class _MountAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")]


class _CloneArguments(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint64)
        for name in (
            "flags",
            "pidfd",
            "child_tid",
            "parent_tid",
            "exit_signal",
            "stack",
            "stack_size",
            "tls",
            "set_tid",
            "set_tid_size",
            "cgroup",
        )
    ]


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapData(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


class _FilterProgram(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


class _LandlockRuleset(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("files", "network", "scopes")]


class _LandlockBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def _checked(result: int, call: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return result


def _syscall(name: str, *args: object) -> int:
    number = _NUMBERS[platform.machine()][name]
    return _checked(int(_libc.syscall(ctypes.c_long(number), *args)), name)


def unshare(flags: int) -> None:
    """unshare(2)."""
    _checked(_libc.unshare(flags), f"unshare({flags:#x})")


def fork_into(namespaces: int, group: int | None = None) -> tuple[int, int]:
    """clone3(2) as fork(2), the child in new namespaces and, where given, in the group of an open folder.

    Returns the child's pid and a pidfd of it; (0, -1) in the child. For a process with one thread only. The
    C library does not know of the child, which must fork(2) again before it runs code that cares.
    """
    pidfd = ctypes.c_int(-1)
    arguments = _CloneArguments(
        flags=namespaces | _CLONE_PIDFD | (0 if group is None else _CLONE_INTO_CGROUP),
        pidfd=ctypes.addressof(pidfd),
        exit_signal=_SIGCHLD,
        cgroup=0 if group is None else group,
    )
    number = ctypes.c_long(_NUMBERS[platform.machine()]["clone3"])
    size = ctypes.c_size_t(ctypes.sizeof(arguments))
    reference = ctypes.byref(arguments)
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = int(_locked_libc.syscall(number, reference, size))
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return 0, -1
    error = ctypes.get_errno()
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(error, f"clone3({namespaces:#x}): {os.strerror(error)}")
    return pid, pidfd.value


def pick_file_system(path: str) -> int:
    """fspick(2): a descriptor by which the file system mounted at `path` can be set up anew."""
    flags = ctypes.c_uint(_FSPICK_CLOEXEC | _FSPICK_NO_AUTOMOUNT)
    return _syscall("fspick", ctypes.c_int(AT_FDCWD), path.encode(), flags)


def reconfigure_file_system(picked: int, options: dict[str, str]) -> None:
    """fsconfig(2): sets options of a picked file system; needs the rights of its user namespace's owner."""
    fd, nothing = ctypes.c_int(picked), ctypes.c_void_p(None)
    for name, value in options.items():
        kind = ctypes.c_uint(_FSCONFIG_SET_STRING)
        _syscall("fsconfig", fd, kind, name.encode(), value.encode(), ctypes.c_int(0))
    _syscall("fsconfig", fd, ctypes.c_uint(_FSCONFIG_CMD_RECONFIGURE), nothing, nothing, ctypes.c_int(0))


def mount(source: str, target: str, fstype: str, flags: int, data: str = "") -> None:
    """mount(2)."""
    result = _libc.mount(
        source.encode(), target.encode(), fstype.encode(), ctypes.c_ulong(flags), data.encode()
    )
    _checked(result, f"mount({source}, {target}, {fstype}, {flags:#x}, {data})")


def umount(target: str) -> None:
    """umount2(2) with MNT_DETACH."""
    _checked(_libc.umount2(target.encode(), MNT_DETACH), f"umount2({target})")


def pivot_root(new_root: str, put_old: str) -> None:
    """pivot_root(2)."""
    _syscall("pivot_root", new_root.encode(), put_old.encode())


def set_mount_attributes(path: str, attributes: int) -> None:
    """mount_setattr(2), recursively; needs Linux 5.12."""
    attr = _MountAttr(attributes, 0, 0, 0)
    _syscall(
        "mount_setattr",
        ctypes.c_int(AT_FDCWD),
        path.encode(),
        ctypes.c_uint(AT_RECURSIVE),
        ctypes.byref(attr),
        ctypes.c_size_t(ctypes.sizeof(attr)),
    )


def prctl(option: int, value: int = 0, third: int = 0) -> None:
    """prctl(2)."""
    longs = [ctypes.c_ulong(number) for number in (value, third, 0, 0)]
    _checked(_libc.prctl(option, *longs), f"prctl({option})")


def die_with_parent() -> None:
    """PR_SET_PDEATHSIG of prctl(2): SIGKILL when the parent *thread* ends."""
    prctl(PR_SET_PDEATHSIG, 9)


@contextmanager
def acting_as(uid: int, gid: int) -> Iterator[None]:
    """Root does with files what another account may do: setfsuid(2), setfsgid(2), setgroups(2).

    In this thread alone, unlike seteuid(3), which changes all threads of a process at once.
    """
    groups = os.getgroups()
    death = ctypes.c_int()
    _checked(_libc.prctl(PR_GET_PDEATHSIG, ctypes.byref(death), 0, 0, 0), "prctl(PR_GET_PDEATHSIG)")
    _set_groups_of_thread([gid])
    _libc.setfsgid(gid)
    _libc.setfsuid(uid)
    try:
        yield
    finally:
        _libc.setfsuid(os.geteuid())
        _libc.setfsgid(os.getegid())
        _set_groups_of_thread(groups)
        # prctl(2): a change of these ids clears it.
        prctl(PR_SET_PDEATHSIG, death.value)


def _set_groups_of_thread(groups: list[int]) -> None:
    array = (ctypes.c_uint32 * len(groups))(*groups)
    _syscall("setgroups", ctypes.c_size_t(len(groups)), array)


def has_capability(number: int) -> bool:
    """capabilities(7): whether it is in this process's effective set."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> number & 1)
    return False


def drop_bounding_set() -> None:
    """capabilities(7): what a program cannot gain even by execve(2)."""
    for capability in range(_CAPABILITIES_AT_MOST):
        here = int(_libc.prctl(PR_CAPBSET_READ, ctypes.c_ulong(capability), 0, 0, 0))
        if here < 0:
            break  # this kernel's last capability is behind us
        if here:
            prctl(PR_CAPBSET_DROP, capability)  # who has none left may not drop one, and need not


def drop_capabilities() -> None:
    """capabilities(7): empties the bounding, ambient, effective, permitted and inheritable sets."""
    drop_bounding_set()
    try:
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a kernel without ambient capabilities (gVisor) has none to clear
            raise
    header = _CapHeader(0x20080522, 0)
    _syscall("capset", ctypes.byref(header), (_CapData * 2)())


def install_filter(program: bytes) -> None:
    """seccomp(2) through prctl(2); `program` is an array of struct sock_filter."""
    buffer = ctypes.create_string_buffer(program, len(program))
    prog = _FilterProgram(len(program) // 8, ctypes.addressof(buffer))
    _checked(
        _libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(prog), 0, 0),
        "prctl(PR_SET_SECCOMP)",
    )


def landlock_abi() -> int:
    """landlock_create_ruleset(2): the version of Landlock that this kernel has."""
    return _syscall(
        "landlock_create_ruleset",
        None,
        ctypes.c_size_t(0),
        ctypes.c_uint32(_LANDLOCK_CREATE_RULESET_VERSION),
    )


def landlock_create_ruleset(*, files: int, network: int, scopes: int, abi: int) -> int:
    """landlock_create_ruleset(2): a descriptor; what is handled is refused unless a rule allows it."""
    attributes = _LandlockRuleset(files, network, scopes)
    # An older kernel knows fewer fields, and refuses more even where they are zero.
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    return _syscall(
        "landlock_create_ruleset", ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )


def landlock_allow_beneath(ruleset: int, folder: int, allowed: int) -> None:
    """landlock_add_rule(2): allows these accesses to everything below an open folder."""
    rule = _LandlockBeneath(allowed, folder)
    _syscall(
        "landlock_add_rule",
        ctypes.c_int(ruleset),
        ctypes.c_int(_LANDLOCK_RULE_PATH_BENEATH),
        ctypes.byref(rule),
        ctypes.c_uint32(0),
    )


def landlock_restrict_self(ruleset: int, flags: int) -> None:
    """landlock_restrict_self(2)."""
    _syscall("landlock_restrict_self", ctypes.c_int(ruleset), ctypes.c_uint32(flags))
