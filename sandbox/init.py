"""Process 1 of a box: makes the box, waits for one job, pumps its output, ends it and hands back its files.

It runs in the same confinement as the submission, is not traceable by it, and cannot be killed by it: the
kernel ignores signals to a pid namespace's first process from inside. It trusts nothing the submission made.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from sandbox import collecting, mounts, payload, syscalls
from sandbox.program import serve_one_program
from sandbox.seccomp import compile_filter
from sandbox.watchdog import Watchdog
from sandbox.wire import WireError, receive_control, send_bulk, send_control

_RUNNER_ID = 1000
_PIPE_CHUNK = 65_536


@dataclass(slots=True)
class _Stream:
    """What has come through one pipe, up to the limit."""

    data: bytearray
    overflowed: bool = False


@dataclass(frozen=True, slots=True)
class _Ending:
    exit_code: int | None
    signal: int | None
    output_limit: bool


def become_init(control: socket.socket, *, inner_id: int | None, watch: bool) -> NoReturn:
    """Runs in the child of a zygote's fork and never returns.

    `inner_id` is the uid of the zygote's user namespace that this box gets, None where there is but one.
    `watch` asks for figures from /proc because the host gives no control groups.
    """
    # Inside, a first process gets only the signals that it handles, and Python handles this one.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _enter_namespaces(inner_id)
    if os.fork() != 0:
        os._exit(0)  # the new pid namespace holds children only, so its first process is one
    try:
        _serve(control, watch=watch)
    except (WireError, BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the supervisor or the client is gone, and with it everyone who would care
    os._exit(0)


def _serve(control: socket.socket, *, watch: bool) -> None:
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0)
    socket.sethostname("box")
    own = os.pidfd_open(os.getpid())
    send_control(control, {"event": "born"}, own)
    os.close(own)
    receive_control(control)  # "placed": from here on every child is born in the box's group
    mounts.mount_box()
    program_filter, own_filter = compile_filter(), compile_filter(for_init=True)
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    for end in (out_read, err_read):
        os.set_blocking(end, False)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        syscalls.die_with_parent()
        for inherited in (control.detach(), ours.detach(), out_read, err_read):
            os.close(inherited)
        serve_one_program(theirs, out_write, err_write, program_filter)
    theirs.close()
    os.close(out_write)
    os.close(err_write)
    send_control(control, {"event": "parked"})
    order, fd = receive_control(control)
    if fd is None:
        raise WireError("a job came without its data connection")
    data = socket.socket(fileno=fd)
    mounts.resize_box(disk_bytes=order["disk_bytes"], inodes=order["inodes"])
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    syscalls.drop_capabilities()
    syscalls.install_filter(own_filter)
    job = payload.receive(data)
    send_control(control, {"event": "loaded"})
    receive_control(control)  # "go"
    own_cpu = time.process_time()
    watchdog = Watchdog(order) if watch else None
    payload.release(job, ours, order)
    streams = {out_read: _Stream(bytearray()), err_read: _Stream(bytearray())}
    ending = _pump(pid, control, streams, limit=order["output_bytes"], watchdog=watchdog)
    _end_everything()
    _drain(streams, limit=order["output_bytes"])
    figures = watchdog.figures() if watchdog else {}
    send_control(control, {"event": "ended", "own_cpu_s": time.process_time() - own_cpu, **figures})
    # What a report needs is no longer counted against the submission; a late "stop" may come before.
    while receive_control(control)[0].get("op") != "report":
        pass
    _report(data, ending, streams[out_read], streams[err_read], job, order["collect_bytes"])
    send_control(control, {"event": "reported"})
    receive_control(control)  # until the supervisor ends the box


def _enter_namespaces(inner_id: int | None) -> None:
    if inner_id is not None:
        os.setgroups([])
        os.setresgid(inner_id, inner_id, inner_id)
        os.setresuid(inner_id, inner_id, inner_id)
        # A change of uid makes /proc/self ours no longer, and the maps are written through it.
        syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)
    uid, gid = os.getuid(), os.getgid()
    syscalls.unshare(
        syscalls.CLONE_NEWUSER
        | syscalls.CLONE_NEWPID
        | syscalls.CLONE_NEWNS
        | syscalls.CLONE_NEWNET
        | syscalls.CLONE_NEWIPC
        | syscalls.CLONE_NEWUTS
        | syscalls.CLONE_NEWCGROUP
    )
    write_id_maps("/proc/self", uid=uid, gid=gid, inside=_RUNNER_ID)


def write_id_maps(process: str, *, uid: int, gid: int, inside: int, count: int = 1) -> None:
    """user_namespaces(7): maps `count` ids from `inside` on to those from `uid` and `gid` on outside."""
    if count == 1:
        Path(process, "setgroups").write_text("deny")
    Path(process, "gid_map").write_text(f"{inside} {gid} {count}")
    Path(process, "uid_map").write_text(f"{inside} {uid} {count}")


def _pump(
    pid: int,
    control: socket.socket,
    streams: dict[int, _Stream],
    *,
    limit: int,
    watchdog: Watchdog | None,
) -> _Ending:
    """Reads the job's output until its main process ends, a limit is passed, or the supervisor says stop."""
    with selectors.DefaultSelector() as selector:
        exited = os.pidfd_open(pid)
        selector.register(exited, selectors.EVENT_READ)
        selector.register(control, selectors.EVENT_READ)
        for fd in streams:
            selector.register(fd, selectors.EVENT_READ)
        overflow = stopped = False
        while True:
            ready = {key.fd for key, _ in selector.select(watchdog.interval_s if watchdog else None)}
            for fd in ready & streams.keys():
                # A submission can read its own pipe, and be faster than we are.
                with contextlib.suppress(BlockingIOError):
                    if not _read_some(fd, streams[fd], limit):
                        selector.unregister(fd)
            overflow = any(stream.overflowed for stream in streams.values())
            if control.fileno() in ready:
                receive_control(control)
                stopped = True
            if watchdog and watchdog.look():
                stopped = True
            if exited in ready or overflow or stopped:
                break
        os.close(exited)
    _kill_all()
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return _Ending(code if code >= 0 else None, -code if code < 0 else None, overflow)


def _read_some(fd: int, stream: _Stream, limit: int) -> bool:
    """Takes what is there; False when the pipe has no writer left."""
    chunk = os.read(fd, _PIPE_CHUNK)
    room = limit - len(stream.data)
    stream.data += chunk[:room]
    if len(chunk) > room:
        stream.overflowed = True
    return bool(chunk)


def _kill_all() -> None:
    """kill(2) with -1: every process of the pid namespace but this one, at one stroke."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return


def _end_everything() -> None:
    """Kills and reaps until this process is alone."""
    while True:
        _kill_all()
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _drain(streams: dict[int, _Stream], *, limit: int) -> None:
    """What was written before the end but not read yet; no writer lives any more."""
    for fd, stream in streams.items():
        while len(stream.data) <= limit and not stream.overflowed:
            try:
                if not _read_some(fd, stream, limit):
                    break
            except BlockingIOError:
                break


def _report(
    data: socket.socket,
    ending: _Ending,
    out: _Stream,
    err: _Stream,
    job: payload.Received,
    collect_bytes: int,
) -> None:
    Path("/work").chmod(0o700)  # the submission owned it, and may have shut us out
    collected = collecting.collect(Path("/work"), job.collect, max_bytes=collect_bytes)
    header: dict[str, Any] = {
        "exit_code": ending.exit_code,
        "signal": ending.signal,
        "output_limit": ending.output_limit or out.overflowed or err.overflowed,
        "stdout": len(out.data),
        "stderr": len(err.data),
        "files": [[path, len(content)] for path, content in collected.files.items()],
        "uncollected": collected.left_out,
    }
    send_bulk(data, header, [bytes(out.data), bytes(err.data), *collected.files.values()])
    data.close()
