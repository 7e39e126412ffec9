"""A program that tries, from inside a jail, what a jail must refuse, and prints what it found as JSON.

It runs as a submission does and is never imported: `sandbox.doctor` sends its text.
"""

import ctypes
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path


def status_field(name: str) -> str:
    """A field of proc(5), /proc/self/status."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return line.split(":", 1)[1].strip()
    return ""


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
    own = ("/work", "/tmp", "/dev/shm", "/proc")  # noqa: S108 - names to leave out
    for folder, _, _ in os.walk("/"):
        if folder.startswith(own):
            continue
        try:
            fd = os.open(folder + "/touchstone-probe", os.O_CREAT | os.O_WRONLY)
        except OSError:
            if folder.count("/") > 2:
                break  # deep enough: the mounts, not the folders, are read-only
            continue
        os.close(fd)
        found.append(folder)
    return found


report = {
    "uid": os.getuid(),
    "processes": sorted(int(path.name) for path in Path("/proc").glob("[0-9]*")),
    "seccomp": status_field("Seccomp"),
    # prctl(2), PR_GET_NO_NEW_PRIVS: gVisor's /proc does not say it
    "no_new_privs": str(ctypes.CDLL(None).prctl(39, 0, 0, 0, 0)),
    "capabilities": [status_field(name) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "interfaces": sorted(
        line.split(":")[0].strip()
        for line in Path("/proc/self/net/dev").read_text().splitlines()
        if ":" in line
    ),
    "internet_refused": refused(lambda: socket.socket(socket.AF_INET)),
    "namespace_refused": ctypes.CDLL(None).unshare(0x10000000) == -1,
    "writable": writable_places(),
    "descriptors": sorted(int(path.name) for path in Path("/proc/self/fd").glob("*"))[:16],
    "environment": sorted(os.environ),
}
print(json.dumps(report))
