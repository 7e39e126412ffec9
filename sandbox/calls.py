"""Every system call that a submission may make, and what needs it: the allow lists in words.

Found by tracing real work: compilers, interpreters and programs of every language here, Python's standard
library, numpy, scikit-learn and TensorFlow. What none of them needs is not here. docs/sandbox.md shows the
table; `sandbox.seccomp` makes it a filter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Profile(StrEnum):
    """Which list a box gets: CODE for programs of every language, ML, the wider one, for the runtime `ml`."""

    CODE = "code"
    ML = "ml"


@dataclass(frozen=True, slots=True)
class Call:
    """One call with its numbers, None where the architecture has no such call, and who needs it."""

    name: str
    x86_64: int | None
    aarch64: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Group:
    """Calls of one kind, with what bounds them all."""

    title: str
    bound: str
    calls: tuple[Call, ...]
    profiles: frozenset[Profile] = frozenset(Profile)


def calls_of(profile: Profile) -> Iterator[Call]:
    """The calls of one list; some of them are decided by their arguments."""
    for group in GROUPS:
        if profile in group.profiles:
            yield from group.calls


def table() -> str:
    """The lists for docs/sandbox.md, in Markdown."""
    lines = []
    for group in GROUPS:
        whose = (
            "" if group.profiles == frozenset(Profile) else f" (`{'`, `'.join(sorted(group.profiles))}` only)"
        )
        lines += [f"{group.title}{whose}. {group.bound}", "", "| call | who needs it |", "| --- | --- |"]
        reasons: dict[str, list[str]] = {}
        for call in group.calls:
            reasons.setdefault(call.why, []).append(f"`{call.name}`")
        lines += [f"| {' '.join(names)} | {why} |" for why, names in reasons.items()]
        lines.append("")
    return "\n".join(lines).strip()


GROUPS = (
    Group(
        "Files",
        "Only read-only mounts and the run's own file system are there to be reached.",
        (
            Call("read", 0, 63, "every program"),
            Call("write", 1, 64, "every program"),
            Call("open", 2, None, "programs linked against an old C library"),
            Call("openat", 257, 56, "every program"),
            Call("creat", 85, None, "bash, and C of the old style"),
            Call("close", 3, 57, "every program"),
            Call("close_range", 436, 436, "Python's subprocess"),
            Call("stat", 4, None, "old C libraries"),
            Call("fstat", 5, 80, "every program"),
            Call("lstat", 6, None, "old C libraries"),
            Call("newfstatat", 262, 79, "every program"),
            Call("statx", 332, 291, "Rust, Node, coreutils"),
            Call("lseek", 8, 62, "every program that seeks"),
            Call("pread64", 17, 67, "the loader, databases"),
            Call("pwrite64", 18, 68, "databases, numpy"),
            Call("readv", 19, 65, "scattered reads of C and Rust"),
            Call("writev", 20, 66, "Java, static C"),
            Call("preadv", 295, 69, "Node's event loop, SQLite's kin"),
            Call("pwritev", 296, 70, "Node's event loop"),
            Call("access", 21, None, "the loader"),
            Call("faccessat", 269, 48, "old C libraries"),
            Call("faccessat2", 439, 439, "bash, Go"),
            Call("pipe", 22, None, "old C libraries"),
            Call("pipe2", 293, 59, "shells, subprocesses"),
            Call("dup", 32, 23, "shells"),
            Call("dup2", 33, None, "shells, subprocesses"),
            Call("dup3", 292, 24, "Go, Rust"),
            Call("fcntl", 72, 25, "every program; leases and watches are refused"),
            Call("flock", 73, 32, "SQLite, Go's build cache"),
            Call("fsync", 74, 82, "databases"),
            Call("fdatasync", 75, 83, "SQLite"),
            Call("truncate", 76, 45, "Python, coreutils"),
            Call("ftruncate", 77, 46, "mapped files, linkers"),
            Call("fallocate", 285, 47, "linkers, Python's posix_fallocate"),
            Call("fadvise64", 221, 223, "coreutils"),
            Call("getdents64", 217, 61, "whoever lists a folder"),
            Call("getcwd", 79, 17, "shells, compilers"),
            Call("chdir", 80, 49, "shells"),
            Call("fchdir", 81, 50, "find, rm"),
            Call("rename", 82, None, "compilers"),
            Call("renameat", 264, 38, "coreutils, Rust"),
            Call("renameat2", 316, 276, "mv"),
            Call("mkdir", 83, None, "most"),
            Call("mkdirat", 258, 34, "coreutils, Rust"),
            Call("rmdir", 84, None, "most"),
            Call("link", 86, None, "Python's semaphores"),
            Call("linkat", 265, 37, "ln"),
            Call("unlink", 87, None, "compilers"),
            Call("unlinkat", 263, 35, "rm, Python"),
            Call("symlink", 88, None, "archives"),
            Call("symlinkat", 266, 36, "ln"),
            Call("readlink", 89, None, "the loader, Python, Java"),
            Call("readlinkat", 267, 78, "coreutils"),
            Call("mknod", 133, None, "mkfifo of old C libraries; devices are refused"),
            Call("mknodat", 259, 33, "mkfifo; devices are refused"),
            Call("chmod", 90, None, "linkers"),
            Call("fchmod", 91, 52, "linkers, Python"),
            Call("fchmodat", 268, 53, "chmod"),
            Call("fchmodat2", 452, 452, "chmod of new C libraries"),
            Call("umask", 95, 166, "shells, linkers"),
            Call("utime", 132, None, "old C libraries"),
            Call("utimes", 235, None, "old C libraries"),
            Call("utimensat", 280, 88, "touch, archives, Go"),
            Call("statfs", 137, 43, "df, Go, Java"),
            Call("fstatfs", 138, 44, "databases"),
            Call("sendfile", 40, 71, "Python's shutil, Go"),
            Call("copy_file_range", 326, 285, "coreutils, Rust, Go"),
            Call("getxattr", 191, 8, "ls, Python's shutil"),
            Call("lgetxattr", 192, 9, "ls"),
            Call("fgetxattr", 193, 10, "sed, of the file it rewrites"),
            Call("listxattr", 194, 11, "Python's shutil"),
            Call("llistxattr", 195, 12, "Python's shutil"),
            Call("flistxattr", 196, 13, "cp"),
            Call("setxattr", 188, 5, "cp, sed and install: answered as where a file system has none"),
            Call("lsetxattr", 189, 6, "cp, sed and install: answered as where a file system has none"),
            Call("fsetxattr", 190, 7, "cp, sed and install: answered as where a file system has none"),
            Call("removexattr", 197, 14, "cp, sed and install: answered as where a file system has none"),
            Call("lremovexattr", 198, 15, "cp, sed and install: answered as where a file system has none"),
            Call("fremovexattr", 199, 16, "cp, sed and install: answered as where a file system has none"),
            Call("ioctl", 16, 29, "terminals and devices; terminal injection is refused"),
        ),
    ),
    Group(
        "Memory",
        "Bounded by the control group, or watched.",
        (
            Call("mmap", 9, 222, "every program; huge pages are refused, no group of ours counts them"),
            Call("mprotect", 10, 226, "every program"),
            Call("munmap", 11, 215, "every program"),
            Call("brk", 12, 214, "every program"),
            Call("mremap", 25, 216, "large reallocations"),
            Call("msync", 26, 227, "mapped files"),
            Call("mincore", 27, 232, "Java, to find its main thread's stack"),
            Call("madvise", 28, 233, "allocators"),
        ),
    ),
    Group(
        "Processes and signals",
        "Bounded by the pid namespace and the limit on processes.",
        (
            Call("rt_sigaction", 13, 134, "every program"),
            Call("rt_sigprocmask", 14, 135, "every program"),
            Call("rt_sigreturn", 15, 139, "every signal handler"),
            Call("rt_sigpending", 127, 136, "Python"),
            Call("rt_sigtimedwait", 128, 137, "Python, Java"),
            Call("rt_sigsuspend", 130, 133, "shells"),
            Call("sigaltstack", 131, 132, "Go, Rust, Java"),
            Call("pause", 34, None, "C"),
            Call("sched_yield", 24, 124, "threads"),
            Call("fork", 57, None, "old C libraries"),
            Call("vfork", 58, None, "shells, posix_spawn"),
            Call("clone", 56, 220, "threads and processes, never a new namespace"),
            Call(
                "clone3",
                435,
                435,
                "answered with ENOSYS: no filter sees its flags, and C libraries fall back to clone",
            ),
            Call("execve", 59, 221, "whoever starts a program"),
            Call("exit", 60, 93, "threads"),
            Call("exit_group", 231, 94, "every program"),
            Call("wait4", 61, 260, "shells"),
            Call("waitid", 247, 95, "Go, Rust, Python"),
            Call("kill", 62, 129, "shells"),
            Call("tkill", 200, 130, "static C"),
            Call("tgkill", 234, 131, "abort, Go"),
            Call("setpgid", 109, 154, "shells"),
            Call("setsid", 112, 157, "subprocesses of their own session"),
            Call("getpid", 39, 172, "most"),
            Call("getppid", 110, 173, "most"),
            Call("getpgrp", 111, None, "shells"),
            Call("getpgid", 121, 155, "shells"),
            Call("getsid", 124, 156, "shells"),
            Call("gettid", 186, 178, "threads"),
            Call("set_tid_address", 218, 96, "every program"),
            Call("set_robust_list", 273, 99, "every program"),
            Call("futex", 202, 98, "threads"),
            Call("rseq", 334, 293, "the C library"),
            Call("arch_prctl", 158, None, "the loader"),
            Call("prctl", 157, 167, "thread names and the like, from a short list"),
            Call("pidfd_open", 434, 434, "Python's asyncio, Go"),
            Call("pidfd_send_signal", 424, 424, "Go"),
            Call("restart_syscall", 219, 128, "the kernel's own, after a stop"),
        ),
    ),
    Group(
        "Who and what am I",
        "Reading, and limits that can only shrink.",
        (
            Call("getuid", 102, 174, "most"),
            Call("getgid", 104, 176, "most"),
            Call("geteuid", 107, 175, "most"),
            Call("getegid", 108, 177, "most"),
            Call("getgroups", 115, 158, "test, id"),
            Call("getresuid", 118, 148, "shells"),
            Call("getresgid", 120, 150, "shells"),
            Call("capget", 125, 90, "Node"),
            Call("uname", 63, 160, "most"),
            Call("sysinfo", 99, 179, "most"),
            Call("getcpu", 309, 168, "allocators"),
            Call("getrusage", 98, 165, "most"),
            Call("getrlimit", 97, 163, "C"),
            Call("setrlimit", 160, 164, "C"),
            Call("prlimit64", 302, 261, "ulimit, Java, Go; of init refused"),
            Call("times", 100, 153, "shells"),
            Call("getpriority", 140, 141, "nice"),
            Call("setpriority", 141, 140, "nice; of init or of the whole account refused"),
            Call("getrandom", 318, 278, "most"),
            Call("sched_getaffinity", 204, 123, "whoever counts processors"),
            Call("sched_getparam", 143, 121, "C++ and TensorFlow, of their threads"),
            Call("sched_getscheduler", 145, 120, "C++ and TensorFlow, of their threads"),
            Call("sched_get_priority_max", 146, 125, "C++ and TensorFlow, of their threads"),
            Call("sched_get_priority_min", 147, 126, "C++ and TensorFlow, of their threads"),
        ),
    ),
    Group(
        "Time",
        "Reading and waiting only.",
        (
            Call("gettimeofday", 96, 169, "old C libraries"),
            Call("time", 201, None, "old C libraries"),
            Call("clock_gettime", 228, 113, "most"),
            Call("clock_getres", 229, 114, "most"),
            Call("nanosleep", 35, 101, "Go, C"),
            Call("clock_nanosleep", 230, 115, "most"),
            Call("alarm", 37, None, "C"),
            Call("getitimer", 36, 102, "Python"),
            Call("setitimer", 38, 103, "Python"),
            Call("timer_create", 222, 107, "C, Go's profiler"),
            Call("timer_settime", 223, 110, "C, Go's profiler"),
            Call("timer_gettime", 224, 108, "C, Go's profiler"),
            Call("timer_getoverrun", 225, 109, "C, Go's profiler"),
            Call("timer_delete", 226, 111, "C, Go's profiler"),
            Call("timerfd_create", 283, 85, "event loops"),
            Call("timerfd_settime", 286, 86, "event loops"),
            Call("timerfd_gettime", 287, 87, "event loops"),
        ),
    ),
    Group(
        "Waiting and talking",
        "Unix sockets are the only family, in an empty network namespace.",
        (
            Call("poll", 7, None, "most"),
            Call("ppoll", 271, 73, "C, Rust"),
            Call("select", 23, None, "C"),
            Call("pselect6", 270, 72, "Python, shells"),
            Call("epoll_create", 213, None, "old C libraries"),
            Call("epoll_create1", 291, 20, "event loops"),
            Call("epoll_ctl", 233, 21, "event loops"),
            Call("epoll_wait", 232, None, "Java, Python"),
            Call("epoll_pwait", 281, 22, "Go, Node"),
            Call("eventfd2", 290, 19, "event loops"),
            Call("signalfd4", 289, 74, "event loops"),
            Call("socket", 41, 198, "unix sockets alone"),
            Call("socketpair", 53, 199, "unix sockets alone"),
            Call("connect", 42, 203, "multiprocessing, asyncio"),
            Call("accept", 43, 202, "multiprocessing, asyncio"),
            Call("accept4", 288, 242, "multiprocessing, asyncio"),
            Call("bind", 49, 200, "multiprocessing, asyncio"),
            Call("listen", 50, 201, "multiprocessing, asyncio"),
            Call("sendto", 44, 206, "multiprocessing, asyncio"),
            Call("recvfrom", 45, 207, "multiprocessing, asyncio"),
            Call("sendmsg", 46, 211, "multiprocessing, asyncio"),
            Call("recvmsg", 47, 212, "multiprocessing, asyncio"),
            Call("shutdown", 48, 210, "multiprocessing, asyncio"),
            Call("getsockname", 51, 204, "multiprocessing, asyncio"),
            Call("getpeername", 52, 205, "multiprocessing, asyncio"),
            Call(
                "setsockopt",
                54,
                208,
                "multiprocessing, asyncio; sizes of buffers are answered without effect",
            ),
            Call("getsockopt", 55, 209, "multiprocessing, asyncio"),
        ),
    ),
    Group(
        "Only with machine learning libraries",
        "For the runtime `ml`.",
        (
            Call("mbind", 237, 235, "OpenBLAS places its buffers"),
            Call("get_mempolicy", 239, 236, "OpenBLAS places its buffers"),
            Call("set_mempolicy", 238, 237, "OpenBLAS places its buffers"),
            Call("sched_setaffinity", 203, 122, "OpenMP pins its threads; init's are refused"),
            Call("mlock", 149, 228, "drivers pin buffers, within RLIMIT_MEMLOCK"),
            Call("munlock", 150, 229, "drivers pin buffers, within RLIMIT_MEMLOCK"),
        ),
        frozenset({Profile.ML}),
    ),
)


if __name__ == "__main__":
    print(table())
