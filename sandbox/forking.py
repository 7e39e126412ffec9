"""Forks boxes from a process that has imported a runtime: the zygote itself, or a keeper in a slot's group.

With control groups of version 1 a process is moved into its group, and the first move waits some ten
milliseconds for the kernel. So a keeper, a fork of the zygote, is moved there once, and every box of the
slot is born in the group. With version 2 the kernel does that at birth.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from sandbox import syscalls
from sandbox.init import RUNNER_ID, Filters, become_init, write_id_maps
from sandbox.log import log
from sandbox.wire import WireError, receive_with_descriptors, send_control

HOST_IDS_FROM = 2_000_000
"""Host uids and gids of boxes, when the supervisor may map a range of its own."""
HOST_ID_COUNT = 4096
BOX_NAMESPACES = (
    syscalls.CLONE_NEWUSER
    | syscalls.CLONE_NEWPID
    | syscalls.CLONE_NEWNS
    | syscalls.CLONE_NEWNET
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUTS
)


@dataclass(frozen=True, slots=True)
class Breed:
    """What all boxes of a zygote have in common. `own_ids`: each has a user id of its own outside."""

    filters: Filters
    own_ids: bool
    scripts: bool
    starter: int | None
    """A descriptor of the program that runs commands, where there is one."""
    watch: bool


def may_map_range() -> bool:
    """Whether boxes may have user ids of their own; a container's root may lack the ids or the right."""
    rights = (syscalls.CAP_SETUID, syscalls.CAP_SETGID)
    if os.geteuid() != 0 or not all(map(syscalls.has_capability, rights)):
        return False
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        first, _, count = (int(field) for field in line.split())
        if first <= HOST_IDS_FROM and first + count >= HOST_IDS_FROM + HOST_ID_COUNT:
            return True
    return False


def serve_forks(control: socket.socket, breed: Breed) -> NoReturn:
    """Forks on request until the supervisor goes away."""
    # The kernel reaps: nobody here asks how a box ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with contextlib.suppress(WireError, ConnectionError):
        while True:
            order, fds = receive_with_descriptors(control)
            match order.get("op"):
                case "ping":
                    send_control(control, {"event": "pong"})
                case "keep":
                    _fork_keeper(socket.socket(fileno=fds[0]), control, breed)
                case "spawn":
                    _fork_box(int(order["box"]), fds, control, breed)
    os._exit(0)


def unfit() -> str:
    """Why this process may not fork now; empty where it may.

    A thread does not survive a fork, and what it held stays locked. TensorFlow starts threads with its
    eager context, and forgets that they are gone.
    """
    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208 - asked before every fork
    if threads != 1:
        return f"it has {threads} threads"
    eager = sys.modules.get("tensorflow.python.eager.context")
    context = getattr(eager, "_context", None)
    if context is not None and context._initialized:
        return "TensorFlow's eager context is initialised"
    return ""


def _check_fitness() -> None:
    if why := unfit():
        log(f"the zygote may not fork, {why}")
        os._exit(1)


def _fork_keeper(own: socket.socket, control: socket.socket, breed: Breed) -> None:
    _check_fitness()
    if os.fork() != 0:
        own.close()
        return
    syscalls.die_with_parent()
    control.close()
    pidfd = os.pidfd_open(os.getpid())
    send_control(own, {"event": "kept"}, pidfd)
    os.close(pidfd)
    serve_forks(own, breed)


def _fork_box(number: int, fds: list[int], control: socket.socket, breed: Breed) -> None:
    """Forks one box, and says on its own connection that it is born; `fds` may hold its group's folder."""
    _check_fitness()
    own, group = socket.socket(fileno=fds[0]), fds[1] if len(fds) > 1 else None
    mapped_read, mapped_write = os.pipe()
    pid, pidfd = syscalls.fork_into(BOX_NAMESPACES, group)
    if pid == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        os.close(mapped_write)
        if group is not None:
            os.close(group)
        if not os.read(mapped_read, 1):
            os._exit(0)
        os.close(mapped_read)
        become_init(
            own, filters=breed.filters, scripts=breed.scripts, starter=breed.starter, watch=breed.watch
        )
    try:
        outside = 1 + number % (HOST_ID_COUNT - 1) if breed.own_ids else 0
        write_id_maps(f"/proc/{pid}", uid=outside, gid=outside, inside=RUNNER_ID)
        send_control(own, {"event": "born"}, pidfd)
        os.write(mapped_write, b".")
    finally:
        for fd in (mapped_read, mapped_write, pidfd, *([] if group is None else [group])):
            os.close(fd)
        own.close()
