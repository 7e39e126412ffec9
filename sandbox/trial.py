"""`python -m sandbox.trial`: makes, step by step, what every box is made of, and says which step fails.

One JSON object a line and step, with the error and its number where the kernel refused; the steps that build
on a refused one are not tried.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from sandbox import syscalls
from sandbox.calls import Profile
from sandbox.forking import BOX_NAMESPACES
from sandbox.init import RUNNER_ID, write_id_maps
from sandbox.memory_file import memory_file
from sandbox.seccomp import compile_filter

# As /proc/sys/user/max_*_namespaces names them.
NAMESPACES = {
    "user": syscalls.CLONE_NEWUSER,
    "mnt": syscalls.CLONE_NEWNS,
    "pid": syscalls.CLONE_NEWPID,
    "net": syscalls.CLONE_NEWNET,
    "ipc": syscalls.CLONE_NEWIPC,
    "uts": syscalls.CLONE_NEWUTS,
    "cgroup": syscalls.CLONE_NEWCGROUP,
}
_HOME = Path(__file__).resolve().parent.parent


class Part(StrEnum):
    """What a box is made of, in an operator's words; some of it is tried at two levels."""

    TRYING = "a process that tries"
    FILTER = "system call filters"
    MEMORY = "files in memory"
    USER = "user namespaces"
    OTHERS = "namespaces of processes, mounts, network, IPC and host name"
    MOUNTS = "private mounts"
    TEMPORARY = "temporary file systems that follow no links"
    BINDS = "read-only bind mounts"
    PROC = "process file systems"
    ROOT = "roots of their own"
    DESCRIPTORS = "process descriptors"


@dataclass(frozen=True, slots=True)
class Step:
    """`error` is empty where the step succeeded; `number` is the error's errno. `short` are the kinds of
    namespaces of which this user may have no other one (`user`, `mnt`…)."""

    part: Part
    error: str = ""
    number: int = 0
    short: tuple[str, ...] = ()


def tried() -> tuple[Step, ...]:
    """The steps as a process of its own made them, so that nothing of this one changes."""
    command = [sys.executable, "-m", "sandbox.trial"]
    try:
        said = subprocess.run(command, cwd=_HOME, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        return (Step(Part.TRYING, f"it cannot be started: {error.strerror}", error.errno or 0),)
    try:
        steps = tuple(_parsed(line) for line in said.stdout.splitlines())
    except (ValueError, TypeError):
        steps = ()
    return steps or (Step(Part.TRYING, said.stderr.strip()[-400:] or f"exit {said.returncode}"),)


def _parsed(line: str) -> Step:
    said = json.loads(line)
    return Step(Part(said["part"]), said["error"], said["number"], tuple(said["short"]))


Try = Callable[[], None]


def _before_the_fork() -> Iterator[tuple[Part, Try]]:
    yield Part.FILTER, _filter_calls
    yield Part.MEMORY, lambda: os.close(memory_file("trial", [b"."]))
    if not (os.geteuid() == 0 and syscalls.has_capability(syscalls.CAP_SYS_ADMIN)):
        # Who may not mount by right may do it in a user namespace of its own.
        yield Part.USER, _make_user_namespace
    yield Part.OTHERS, _make_namespaces


def _in_the_namespaces(place: Path) -> Iterator[tuple[Part, Try]]:
    """What the first process of the new pid namespace does, in the order in which a box needs it."""
    yield Part.MOUNTS, lambda: syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    yield Part.TEMPORARY, lambda: _mount_temporary(place)
    yield Part.BINDS, lambda: _bind_read_only(place)
    yield Part.PROC, lambda: _mount_proc(place / "proc", "")
    yield Part.ROOT, lambda: _change_root(place)
    yield Part.USER, _bear_box


def _in_a_box() -> Iterator[tuple[Part, Try]]:
    yield Part.PROC, lambda: _mount_proc(Path("/proc"), "subset=pid")
    yield Part.TEMPORARY, _resize_temporary
    yield Part.DESCRIPTORS, lambda: os.close(os.pidfd_open(os.getpid()))


def _filter_calls() -> None:
    """In a process of its own: the steps after it are not for a submission."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
            syscalls.install_filter(compile_filter(Profile.CODE))
        except OSError as error:
            os.write(write, str(error.errno).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    if said:
        raise OSError(int(said), os.strerror(int(said)))


def _make_user_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER)
    write_id_maps("/proc/self", uid=uid, gid=gid, inside=0)


def _bear_box() -> None:
    """As a box is born: at one stroke into all its namespaces, its ids mapped by who bears it."""
    read, write = os.pipe()
    pid, pidfd = syscalls.fork_into(BOX_NAMESPACES)
    if pid == 0:
        os.close(write)
        if os.read(read, 1):
            _attempt(_in_a_box())
        os._exit(0)
    try:
        write_id_maps(f"/proc/{pid}", uid=os.geteuid(), gid=os.getegid(), inside=RUNNER_ID)
        os.write(write, b".")
    finally:
        os.close(write)
        os.waitpid(pid, 0)
        os.close(pidfd)


def _make_namespaces() -> None:
    syscalls.unshare(
        syscalls.CLONE_NEWNS
        | syscalls.CLONE_NEWPID
        | syscalls.CLONE_NEWNET
        | syscalls.CLONE_NEWIPC
        | syscalls.CLONE_NEWUTS
        | syscalls.CLONE_NEWCGROUP
    )


def _mount_temporary(place: Path) -> None:
    flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOSYMFOLLOW
    syscalls.mount("tmpfs", str(place), "tmpfs", flags, "size=1m,nr_inodes=64,mode=755")
    for name in ("usr", "proc", "old"):
        (place / name).mkdir()


def _bind_read_only(place: Path) -> None:
    syscalls.mount("/usr", str(place / "usr"), "", syscalls.MS_BIND | syscalls.MS_REC)
    attributes = syscalls.MOUNT_ATTR_RDONLY | syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NODEV
    syscalls.set_mount_attributes(str(place / "usr"), attributes)


def _mount_proc(place: Path, options: str) -> None:
    flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
    syscalls.mount("proc", str(place), "proc", flags, options)


def _resize_temporary() -> None:
    syscalls.mount("tmpfs", "/old", "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "size=1m")
    picked = syscalls.pick_file_system("/old")
    syscalls.reconfigure_file_system(picked, {"size": "2m"})
    os.close(picked)


def _change_root(place: Path) -> None:
    os.chdir(place)
    syscalls.pivot_root(".", "old")
    os.chdir("/")
    syscalls.umount("/old")


def _attempt(steps: Iterator[tuple[Part, Try]]) -> bool:
    """Tries them and prints how each went; False after the first one that was refused."""
    for part, attempt in steps:
        step = Step(part)
        try:
            attempt()
        except OSError as error:
            short = _short_kinds() if error.errno == errno.ENOSPC else ()
            step = Step(part, str(error.strerror), error.errno or 0, short)
        print(json.dumps(asdict(step)), flush=True)
        if step.error:
            return False
    return True


def _short_kinds() -> tuple[str, ...]:
    """Which kinds are short: each is asked for alone, in a process of its own."""
    short = []
    for kind, flag in NAMESPACES.items():
        pid = os.fork()
        if pid == 0:
            try:
                syscalls.unshare(flag)
            except OSError as error:
                os._exit(error.errno == errno.ENOSPC)
            os._exit(0)
        if os.waitpid(pid, 0)[1]:
            short.append(kind)
    return tuple(short)


def _attempt_all(*parts: Iterator[tuple[Part, Try]]) -> None:
    """Each part in a fork of the one before, for a pid namespace begins with the next child."""
    pid = os.fork()
    if pid == 0:
        first, *others = parts
        if _attempt(first) and others:
            _attempt_all(*others)
        os._exit(0)
    os.waitpid(pid, 0)


def main() -> int:
    """Always 0: what was refused is said, not returned."""
    # Made and removed by a process that stays outside the namespaces.
    place = Path(tempfile.mkdtemp(prefix="touchstone-trial-"))
    _attempt_all(_before_the_fork(), _in_the_namespaces(place))
    place.rmdir()
    return 0


if __name__ == "__main__":
    sys.exit(main())
