"""`python -m tests.sandbox.pretending HOST COMMAND…`: executes a command on a host made to differ.

HOST is JSON, see `Pretence`. The difference is real, as far as the command can see: files are laid over the
host's in a mount namespace, calls are refused by a filter around it, rights are taken away.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sandbox import syscalls
from sandbox.init import write_id_maps

NUMBERS = {
    "x86_64": {
        "mount": 165, "unshare": 272, "setns": 308, "umount2": 166, "pivot_root": 155, "mount_setattr": 442,
        "clone": 56, "clone3": 435, "prctl": 157, "seccomp": 317, "fspick": 433, "fsconfig": 431,
        "landlock_create_ruleset": 444, "memfd_create": 319,
    },
    "aarch64": {
        "mount": 40, "unshare": 97, "setns": 268, "umount2": 39, "pivot_root": 41, "mount_setattr": 442,
        "clone": 220, "clone3": 435, "prctl": 167, "seccomp": 277, "fspick": 433, "fsconfig": 431,
        "landlock_create_ruleset": 444, "memfd_create": 279,
    },
}[os.uname().machine]  # fmt: skip
NEW_NAMESPACES = 0x7E020080
PR_SET_SECCOMP = 22
# What Docker leaves to root in a container: CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP
# NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP.
DOCKER_CAPABILITIES = (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31)


@dataclass(frozen=True, slots=True)
class Pretence:
    """`files` in / or /run are there besides the folders of this host. `over` are laid over existing files,
    where no file can be made, but leave whole /proc in sight elsewhere, as they are the host's own.
    `replaced` folders hold the given files alone. `masked` are places of /proc that a container engine or a
    service manager covers. `refused` maps a call to the errno it fails with; after a colon comes what
    decides ("clone:namespaces", "prctl:seccomp"). `capabilities` are those that stay, None for all."""

    files: dict[str, str] = field(default_factory=dict)
    over: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, dict[str, str]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    masked: tuple[str, ...] = ()
    capabilities: tuple[int, ...] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def launcher(self) -> list[str]:
        """What to put before a command so that it runs there."""
        return [sys.executable, "-m", "tests.sandbox.pretending", json.dumps(asdict(self))]


def main() -> None:
    host, command = Pretence(**json.loads(sys.argv[1])), sys.argv[2:]
    uid = os.geteuid()
    if uid != 0:
        enter_user_namespace(inside=0)
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    lay_over(host)
    os.environ.update(host.environment)
    if host.capabilities is not None:
        last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
        for number in set(range(last + 1)) - set(host.capabilities):
            syscalls.prctl(syscalls.PR_CAPBSET_DROP, number)
    if uid != 0:
        enter_user_namespace(inside=uid)  # execve(2) takes the rights in it away again
    if host.refused:
        syscalls.install_filter(compiled(host.refused))
    os.execvp(command[0], command)


def enter_user_namespace(*, inside: int) -> None:
    outside = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER)
    write_id_maps("/proc/self", uid=outside[0], gid=outside[1], inside=inside)


def lay_over(host: Pretence) -> None:
    """A root of its own, in which everything of the host's is bound but what is said to differ, and /run."""
    here = Path.cwd()
    # A folder with mounts below it, as those of an account's checkout are, cannot be bound without them.
    apart = "/var/tmp" if here.is_relative_to("/tmp") else None
    root = Path(tempfile.mkdtemp(prefix="touchstone-pretence-", dir=apart))
    syscalls.mount("tmpfs", str(root), "tmpfs", 0, "size=16m,mode=755")
    top = root / "pretence"
    for name in ("run", "old", "pretence"):
        (root / name).mkdir()
    for entry in Path("/").iterdir():
        place = root / entry.name
        if entry.is_symlink():
            place.symlink_to(entry.readlink())
        elif entry.is_dir() and not place.exists():
            place.mkdir()
            # Without the mounts below it where this root is one of them.
            below = 0 if root.is_relative_to(entry) else syscalls.MS_REC
            syscalls.mount(str(entry), str(place), "", syscalls.MS_BIND | below)
    for path, text in host.files.items():
        (root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (root / path[1:]).write_text(text)
    if host.over:
        (top / "proc").mkdir()
        syscalls.mount("/proc", str(top / "proc"), "", syscalls.MS_BIND | syscalls.MS_REC)
    for number, (path, text) in enumerate(host.over.items()):
        (top / f"over-{number}").write_text(text)
        syscalls.mount(str(top / f"over-{number}"), str(root / path[1:]), "", syscalls.MS_BIND)
    for folder, files in host.replaced.items():
        syscalls.mount("tmpfs", str(root / folder[1:]), "tmpfs", 0, "mode=755")
        for name, text in files.items():
            (root / folder[1:] / name).write_text(text)
        syscalls.mount("tmpfs", str(root / folder[1:]), "tmpfs", syscalls.MS_REMOUNT | syscalls.MS_RDONLY)
    for path in host.masked:
        place = root / path[1:]
        if place.is_dir():
            syscalls.mount("tmpfs", str(place), "tmpfs", syscalls.MS_RDONLY)
        elif place.exists():
            syscalls.mount("/dev/null", str(place), "", syscalls.MS_BIND)
    os.chdir(root)
    syscalls.pivot_root(".", "old")
    os.chdir(here)
    syscalls.umount("/old")


def compiled(refused: dict[str, int]) -> bytes:
    """seccomp(2): everything is allowed but these."""
    allow, load_number = (0x06, 0, 0, 0x7FFF0000), (0x20, 0, 0, 0)
    steps = [load_number]
    for name, number in refused.items():
        call, _, which = name.partition(":")
        refuse = (0x06, 0, 0, 0x00050000 | number)
        if which == "namespaces":
            rule = [(0x20, 0, 0, 16), (0x45, 0, 1, NEW_NAMESPACES), refuse, allow]
        elif which == "seccomp":
            rule = [(0x20, 0, 0, 16), (0x15, 0, 1, PR_SET_SECCOMP), refuse, allow]
        else:
            rule = [refuse]
        steps += [(0x15, 0, len(rule), NUMBERS[call]), *rule]
    return b"".join(struct.pack("=HBBI", *step) for step in (*steps, allow))


if __name__ == "__main__":
    main()
