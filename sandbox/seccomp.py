"""The list of system calls a submission may make, compiled to a BPF program.

An allow list: what is not named here fails with EPERM. The program checks the architecture first, so that
no other table of numbers (i386, x32) can be reached. Filter layout: seccomp(2), linux/filter.h.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterable, Mapping

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_KILL_PROCESS = 0x80000000
_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JUMP_EQUAL = 0x15
_JUMP_GREATER_EQUAL = 0x35
_JUMP_ANY_BIT = 0x45
_RETURN = 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000

_NEW_NAMESPACE_FLAGS = 0x7E020080
_AF_UNIX = 1
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_F_SETLEASE, _F_NOTIFY = 1024, 1026
_MAP_HUGETLB = 0x40000
_PRIO_USER = 2
_INIT = 1
# prctl(2): PDEATHSIG 1-2, DUMPABLE 3, NAME 15-16, CAPBSET_READ 23, TIMERSLACK 29-30, NO_NEW_PRIVS 38-39,
# THP 41-42, SET_VMA "SVMA".
_PRCTL_ALLOWED = (1, 2, 3, 15, 16, 23, 29, 30, 38, 39, 41, 42, 0x53564D41)

# name: (x86_64, aarch64); -1 where the architecture has no such call.
_CALLS: dict[str, tuple[int, int]] = {
    # files: only read-only binds and the run's own tmpfs are there to be reached
    "read": (0, 63),
    "write": (1, 64),
    "open": (2, -1),
    "close": (3, 57),
    "stat": (4, -1),
    "fstat": (5, 80),
    "lstat": (6, -1),
    "poll": (7, -1),
    "lseek": (8, 62),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "readv": (19, 65),
    "writev": (20, 66),
    "access": (21, -1),
    "pipe": (22, -1),
    "select": (23, -1),
    "dup": (32, 23),
    "dup2": (33, -1),
    "sendfile": (40, 71),
    "flock": (73, 32),
    "fsync": (74, 82),
    "fdatasync": (75, 83),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "getdents": (78, -1),
    "getcwd": (79, 17),
    "chdir": (80, 49),
    "fchdir": (81, 50),
    "rename": (82, -1),
    "mkdir": (83, -1),
    "rmdir": (84, -1),
    "creat": (85, -1),
    "link": (86, -1),
    "unlink": (87, -1),
    "symlink": (88, -1),
    "readlink": (89, -1),
    "chmod": (90, -1),
    "fchmod": (91, 52),
    "umask": (95, 166),
    "utime": (132, -1),
    "mknod": (133, -1),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "getdents64": (217, 61),
    "fadvise64": (221, 223),
    "utimes": (235, -1),
    "openat": (257, 56),
    "mkdirat": (258, 34),
    "mknodat": (259, 33),
    "futimesat": (261, -1),
    "newfstatat": (262, 79),
    "unlinkat": (263, 35),
    "renameat": (264, 38),
    "linkat": (265, 37),
    "symlinkat": (266, 36),
    "readlinkat": (267, 78),
    "fchmodat": (268, 53),
    "faccessat": (269, 48),
    "pselect6": (270, 72),
    "ppoll": (271, 73),
    "splice": (275, 76),
    "tee": (276, 77),
    "sync_file_range": (277, 84),
    "utimensat": (280, 88),
    "fallocate": (285, 47),
    "dup3": (292, 24),
    "pipe2": (293, 59),
    "preadv": (295, 69),
    "pwritev": (296, 70),
    "renameat2": (316, 276),
    "copy_file_range": (326, 285),
    "preadv2": (327, 286),
    "pwritev2": (328, 287),
    "statx": (332, 291),
    "close_range": (436, 436),
    "openat2": (437, 437),
    "faccessat2": (439, 439),
    "fchmodat2": (452, 452),
    "getxattr": (191, 8),
    "lgetxattr": (192, 9),
    "fgetxattr": (193, 10),
    "listxattr": (194, 11),
    "llistxattr": (195, 12),
    "flistxattr": (196, 13),
    "readahead": (187, 213),
    # memory: bounded by the cgroup
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "msync": (26, 227),
    "mincore": (27, 232),
    "madvise": (28, 233),
    "mlock": (149, 228),
    "munlock": (150, 229),
    "mlock2": (325, 284),
    "pkey_mprotect": (329, 288),
    "membarrier": (324, 283),
    "get_mempolicy": (239, 236),
    "set_mempolicy": (238, 237),
    "mbind": (237, 235),
    # signals and processes: bounded by the pid namespace and pids.max
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "pause": (34, -1),
    "sched_yield": (24, 124),
    "fork": (57, -1),
    "vfork": (58, -1),
    "execve": (59, 221),
    "exit": (60, 93),
    "wait4": (61, 260),
    "kill": (62, 129),
    "exit_group": (231, 94),
    "waitid": (247, 95),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137),
    "rt_sigqueueinfo": (129, 138),
    "rt_sigsuspend": (130, 133),
    "sigaltstack": (131, 132),
    "rt_tgsigqueueinfo": (297, 240),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getpgrp": (111, -1),
    "setpgid": (109, 154),
    "setsid": (112, 157),
    "getpgid": (121, 155),
    "getsid": (124, 156),
    "gettid": (186, 178),
    "set_tid_address": (218, 96),
    "set_robust_list": (273, 99),
    "get_robust_list": (274, 100),
    "futex": (202, 98),
    "futex_waitv": (449, 449),
    "rseq": (334, 293),
    "arch_prctl": (158, -1),
    "execveat": (322, 281),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "restart_syscall": (219, 128),
    # who and what am I
    "getuid": (102, 174),
    "getgid": (104, 176),
    "geteuid": (107, 175),
    "getegid": (108, 177),
    "getgroups": (115, 158),
    "getresuid": (118, 148),
    "getresgid": (120, 150),
    "capget": (125, 90),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "getcpu": (309, 168),
    "getrusage": (98, 165),
    "getrlimit": (97, 163),
    "setrlimit": (160, 164),
    "times": (100, 153),
    "getpriority": (140, 141),
    "getrandom": (318, 278),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126),
    "sched_getattr": (315, 275),
    # time: reading and waiting only
    "gettimeofday": (96, 169),
    "time": (201, -1),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "alarm": (37, -1),
    "getitimer": (36, 102),
    "setitimer": (38, 103),
    "timer_create": (222, 107),
    "timer_settime": (223, 110),
    "timer_gettime": (224, 108),
    "timer_getoverrun": (225, 109),
    "timer_delete": (226, 111),
    "timerfd_create": (283, 85),
    "timerfd_settime": (286, 86),
    "timerfd_gettime": (287, 87),
    # event loops (no inotify: it watches what others do with shared files), and unix sockets inside an
    # empty network namespace
    "epoll_create": (213, -1),
    "epoll_wait": (232, -1),
    "epoll_ctl": (233, 21),
    "epoll_pwait": (281, 22),
    "epoll_create1": (291, 20),
    "epoll_pwait2": (441, 441),
    "eventfd": (284, -1),
    "eventfd2": (290, 19),
    "signalfd": (282, -1),
    "signalfd4": (289, 74),
    "connect": (42, 203),
    "accept": (43, 202),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "shutdown": (48, 210),
    "bind": (49, 200),
    "listen": (50, 201),
    "getsockname": (51, 204),
    "getpeername": (52, 205),
    "setsockopt": (54, 208),
    "getsockopt": (55, 209),
    "accept4": (288, 242),
    "recvmmsg": (299, 243),
    "sendmmsg": (307, 269),
}
# For a box's init alone: a submission's memory files would escape a count that looks at mappings.
_INIT_CALLS: dict[str, tuple[int, int]] = {"memfd_create": (319, 279)}
_CHECKED_CALLS: dict[str, tuple[int, int]] = {
    "clone": (56, 220),
    "ioctl": (16, 29),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "prctl": (157, 167),
    "clone3": (435, 435),
    "personality": (135, 92),
    "mmap": (9, 222),
    "fcntl": (72, 25),
    "prlimit64": (302, 261),
    "setpriority": (141, 140),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
}

_Instruction = tuple[int, int, int, int]


def allowed_calls() -> tuple[str, ...]:
    """Names of the calls allowed without a look at their arguments."""
    return tuple(sorted(_CALLS))


def allowed_numbers() -> tuple[int, ...]:
    """Numbers, on this machine, of every call that some arguments are allowed for."""
    column = 0 if platform.machine() == "x86_64" else 1
    numbers = [pair[column] for pair in (*_CALLS.values(), *_CHECKED_CALLS.values())]
    return tuple(sorted(number for number in numbers if number >= 0))


def _errno(number: int) -> int:
    return _ERRNO | number


def _argument_rules(call: str) -> list[_Instruction]:
    """Instructions that decide a call by its arguments (low 32 bits) and return."""

    def load(index: int) -> _Instruction:
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
        case "prctl":
            tests = [step for option in _PRCTL_ALLOWED for step in ((_JUMP_EQUAL, 0, 1, option), allow)]
            return [load(0), *tests, refuse]
        case "personality":  # reading only
            return [load(0), (_JUMP_EQUAL, 0, 1, 0xFFFFFFFF), allow, refuse]
        case "mmap":  # huge pages are the host's, and no control group of ours counts them
            return [load(3), (_JUMP_ANY_BIT, 0, 1, _MAP_HUGETLB), refuse, allow]
        case "fcntl":  # a lease or a watch on a shared file holds up, or spies on, whoever else opens it
            return [load(1), (_JUMP_EQUAL, 1, 0, _F_SETLEASE), (_JUMP_EQUAL, 0, 1, _F_NOTIFY), refuse, allow]
        case "prlimit64" | "sched_setaffinity" | "sched_setscheduler":  # init has the submission's uid
            return [load(0), (_JUMP_EQUAL, 0, 1, _INIT), refuse, allow]
        case "setpriority":
            everyone = (_JUMP_EQUAL, 2, 0, _PRIO_USER)
            return [load(0), everyone, load(1), (_JUMP_EQUAL, 0, 1, _INIT), refuse, allow]
        case "clone3":  # its flags lie in memory, out of the filter's reach: glibc falls back to clone
            return [(_RETURN, 0, 0, _errno(errno.ENOSYS))]
    raise AssertionError(call)


def _instructions(machine: str, calls: Mapping[str, tuple[int, int]]) -> Iterable[_Instruction]:
    column = 0 if machine == "x86_64" else 1
    yield (_LOAD, 0, 0, _ARCH)
    yield (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[machine])
    yield (_RETURN, 0, 0, _KILL_PROCESS)
    yield (_LOAD, 0, 0, _NUMBER)
    if machine == "x86_64":
        yield (_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT)
        yield (_RETURN, 0, 0, _KILL_PROCESS)
    for call, numbers in _CHECKED_CALLS.items():
        rules = _argument_rules(call)
        yield (_JUMP_EQUAL, 0, len(rules), numbers[column])
        yield from rules
    for numbers in calls.values():
        if numbers[column] >= 0:
            yield (_JUMP_EQUAL, 0, 1, numbers[column])
            yield (_RETURN, 0, 0, _ALLOW)
    yield (_RETURN, 0, 0, _errno(errno.EPERM))


def compile_filter(*, for_init: bool = False) -> bytes:
    """The program for this machine, an array of struct sock_filter (u16 code, u8 jt, u8 jf, u32 k).

    `for_init` adds what only a box's first process needs. Raises `KeyError` on a machine that is neither
    x86_64 nor aarch64.
    """
    calls = _CALLS | (_INIT_CALLS if for_init else {})
    return b"".join(struct.pack("=HBBI", *step) for step in _instructions(platform.machine(), calls))
