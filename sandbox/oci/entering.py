"""The process that becomes an OCI runtime: put into its group first, then into a view of the host of its own.

crun 1.8 refuses to start where version 2 of control groups is mounted beside version 1 with controllers left
in it, although it is told to leave groups alone: in the view it starts in, that mount is hidden. The
container's disk is made here, so that it goes with the container.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

from sandbox import mounts, syscalls
from sandbox.init import write_id_maps
from sandbox.wire import receive_control, send_control

_HYBRID = Path("/sys/fs/cgroup/unified")


def main() -> NoReturn:
    """Waits on stdin, a control connection, for the order that says what to run."""
    control = socket.socket(fileno=0)
    order, _ = receive_control(control)  # when it comes, this process is in its group
    _enter_view(privileged=order["privileged"])
    _make_disk(Path(order["disk"]), order["owner"])
    disk = syscalls.pick_file_system(order["disk"])
    send_control(control, {"event": "entered"}, disk)
    os.close(disk)
    # The supervisor's own priority is higher, so that it can always end what it runs.
    if os.getpriority(os.PRIO_PROCESS, 0) < 0:
        os.setpriority(os.PRIO_PROCESS, 0, 0)
    control.detach()
    os.execv(order["argv"][0], order["argv"])  # noqa: S606 - the runtime


def _enter_view(*, privileged: bool) -> None:
    uid, gid = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWNS | (0 if privileged else syscalls.CLONE_NEWUSER))
    if not privileged:
        write_id_maps("/proc/self", uid=uid, gid=gid, inside=0)
    syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    if _HYBRID.is_dir():
        syscalls.mount("tmpfs", str(_HYBRID), "tmpfs", syscalls.MS_RDONLY, "size=4k")


def _make_disk(folder: Path, owner: int) -> None:
    mounts.mount_disk(folder)
    for name in mounts.BOX_FOLDERS.values():
        os.chown(folder / name, owner, owner)


if __name__ == "__main__":
    sys.exit(main())
