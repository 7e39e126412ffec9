"""A program that looks at its jail from inside, tries what must be refused, and prints what it found as JSON.

It runs as a submission does and is never imported: `sandbox.selfcheck` sends its text.
"""

import ctypes
import functools
import json
import os
import resource
import socket
from collections.abc import Callable
from pathlib import Path

_OWN = ("/work", "/tmp", "/dev/shm", "/proc")  # noqa: S108 - names to leave out
_INIT_FILES = (
    "mem",
    "environ",
    "maps",
    "fd",
    "root",
    "cwd",
    "exe",
    "map_files",
    "pagemap",
    "stack",
    "syscall",
)
_libc = ctypes.CDLL(None, use_errno=True)


def status_fields() -> dict[str, str]:
    """proc(5), /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def refused(attempt: Callable[[], object]) -> bool:
    """Whether the kernel says no."""
    try:
        attempt()
    except OSError:
        return True
    return False


def writable_places() -> list[str]:
    """Folders outside the box's own where a file can be made."""
    found = []
    for folder, folders, _ in os.walk("/"):
        folders[:] = [name for name in folders if not f"{folder.rstrip('/')}/{name}".startswith(_OWN)]
        if folder.count("/") > 2:
            folders.clear()  # deep enough: the mounts, not the folders, are read-only
        try:
            fd = os.open(folder + "/touchstone-probe", os.O_CREAT | os.O_WRONLY)
        except OSError:
            continue
        os.close(fd)
        found.append(folder)
    return found


def mounts() -> list[dict[str, object]]:
    """proc(5), /proc/self/mountinfo: place, type, and the flags of the mount and of its file system."""
    found: list[dict[str, object]] = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        _, _, _, _, place, flags, *_ = before.split(" ")
        fstype, _, options = after.split(" ", 2)
        found.append(
            {"place": place, "type": fstype, "flags": flags.split(","), "options": options.split(",")}
        )
    return found


def readable_of_init() -> list[str]:
    """What of the box's first process can be read that tells of the world outside."""
    return [name for name in _INIT_FILES if not refused(functools.partial(look_at, Path("/proc/1", name)))]


def look_at(path: Path) -> None:
    """Reads the beginning of a file, where a link leads, or where those in a folder lead."""
    if path.is_symlink():
        path.readlink()
    elif path.is_dir():
        for entry in path.iterdir():
            entry.readlink()
    else:
        with path.open("rb") as file:
            file.read(1)


def follows_planted_link() -> bool:
    """Whether a symbolic link on the box's own file system leads anywhere."""
    planted = Path("/work/planted")
    planted.symlink_to("/etc/passwd")
    try:
        return not refused(planted.read_bytes)
    finally:
        planted.unlink()


def set_uid_counts() -> bool:
    """Whether a set-uid bit on the box's own file system would be heeded (statvfs(3), ST_NOSUID)."""
    return not os.statvfs("/work").f_flag & os.ST_NOSUID


def names(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def interfaces() -> list[str]:
    lines = Path("/proc/self/net/dev").read_text().splitlines()
    return sorted(line.split(":")[0].strip() for line in lines if ":" in line)


status = status_fields()
report = {
    "ids": [os.getresuid(), os.getresgid()],
    "groups": os.getgroups(),
    "id_maps": [Path(f"/proc/self/{kind}_map").read_text().split() for kind in ("uid", "gid")],
    "namespaces": {path.name: str(path.readlink()) for path in Path("/proc/self/ns").iterdir()},
    "processes": sorted(int(path.name) for path in Path("/proc").glob("[0-9]*")),
    "pid": os.getpid(),
    "hostname": socket.gethostname(),
    "seccomp": status["Seccomp"],
    # prctl(2), PR_GET_NO_NEW_PRIVS: gVisor's /proc does not say it
    "no_new_privs": str(_libc.prctl(39, 0, 0, 0, 0)),
    "capabilities": [
        int(status.get(name, "0"), 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    ],
    "interfaces": interfaces(),
    "internet_refused": refused(lambda: socket.socket(socket.AF_INET)),
    "namespace_refused": _libc.unshare(0x10000000) == -1,
    "mount_refused": _libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == -1,
    "trace_refused": _libc.ptrace(16, 1, None, None) == -1,
    "root": names("/"),
    "etc": names("/etc"),
    "devices": names("/dev"),
    "proc": [name for name in names("/proc") if not name.isdigit()],
    "writable": writable_places(),
    "comm_refused": refused(lambda: Path("/proc/self/comm").write_text("x")),
    "mounts": mounts(),
    "init": readable_of_init(),
    "follows_link": follows_planted_link(),
    "set_uid_counts": set_uid_counts(),
    "limits": {
        name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))
        for name in ("CORE", "NOFILE", "MEMLOCK", "STACK", "NPROC", "FSIZE", "CPU")
    },
    "descriptors": sorted(int(path.name) for path in Path("/proc/self/fd").glob("*"))[:16],
    "environment": sorted(os.environ),
    "random": os.urandom(16).hex(),
}
print(json.dumps(report))
