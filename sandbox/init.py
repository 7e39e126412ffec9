"""Process 1 of a box: makes the box, waits for one job, pumps its output, ends it and hands back its files.

It runs in the same confinement as the submission, is not traceable by it, and cannot be killed by it: the
kernel ignores signals to a pid namespace's first process from inside. It trusts nothing the submission made.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import selectors
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from sandbox import mounts, payload, reporting, syscalls
from sandbox.calls import Profile
from sandbox.environment import search_path
from sandbox.job import Command, Job, Runtime, Script
from sandbox.program import serve_one_program
from sandbox.seccomp import compile_filter
from sandbox.socket_memory import SocketMemory
from sandbox.watchdog import Watchdog
from sandbox.wire import WireError, receive_control, send_control

RUNNER_ID = 1000
_ASK_EVERY_S = 0.005
_BRIEF_S = 0.003
_STEP_BACK = 5
_READING_S = 1.0
_NO_INPUT = "/dev/null"
_REHEARSED = "rehearsed"


@dataclass(frozen=True, slots=True)
class Filters:
    """The seccomp programs of a box, compiled once for all."""

    program: bytes
    init: bytes


def compiled_filters(runtime: Runtime) -> Filters:
    """For the submission, and for the process beside it."""
    profile = Profile.ML if runtime is Runtime.ML else Profile.CODE
    return Filters(compile_filter(profile), compile_filter(Profile.CODE))


def become_init(
    control: socket.socket, *, filters: Filters, scripts: bool, starter: int | None, watch: bool
) -> NoReturn:
    """Runs in the child of a zygote's fork, whose ids are mapped already, and never returns.

    `scripts` says that the runtime is there to run Python; `starter` runs commands (`starter.c`), where there
    is one; `watch` asks for figures from /proc because the host gives no control groups.
    """
    # Inside, a first process gets only the signals that it handles, and Python handles this one.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        _enter_box()
        disk = syscalls.pick_file_system("/work")
        _serve(_parked(control, filters, scripts=scripts, watch=watch, starter=starter, disk=disk))
    except (WireError, BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the supervisor or the client is gone, and with it everyone who would care
    os._exit(0)


def serve_contained(
    control: socket.socket, *, filters: Filters, scripts: bool, watch: bool, ahead_s: float
) -> NoReturn:
    """The same as process 1 of a container, which its runtime has made; never returns.

    `ahead_s` is how far the supervisor's clock is ahead of this one.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0)
        os.chdir("/work")
        _serve(_parked(control, filters, scripts=scripts, watch=watch, ahead_s=ahead_s))
    except (WireError, BrokenPipeError, ConnectionResetError):
        os._exit(0)
    os._exit(0)


@dataclass(slots=True)
class _Parked:
    """A box that waits for its job."""

    control: socket.socket
    program: socket.socket
    is_starter: bool
    """Whether the program is one: it takes commands alone, in a form of its own."""
    path: str
    exited: int | None
    """A pidfd of the parked program; None where the kernel has none (gVisor), and is asked now and then."""
    pid: int
    nothing: int
    """The input of a job that has none."""
    streams: tuple[reporting.Stream, reporting.Stream]
    selector: selectors.BaseSelector
    ahead_s: float
    sockets: SocketMemory | None
    """Where a watchdog stands in for a control group."""

    def has_ended(self, ready: set[int]) -> bool:
        """Whether the program's first process has ended."""
        if self.exited is not None:
            return self.exited in ready
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _enter_box() -> None:
    os.setresgid(RUNNER_ID, RUNNER_ID, RUNNER_ID)
    os.setresuid(RUNNER_ID, RUNNER_ID, RUNNER_ID)
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0)
    # Not with the other namespaces: the group that it shows as the root is the one that the box is in.
    syscalls.unshare(syscalls.CLONE_NEWCGROUP)
    socket.sethostname("box")
    mounts.mount_box()
    os.chdir("/work")


def _parked(
    control: socket.socket,
    filters: Filters,
    *,
    scripts: bool,
    watch: bool,
    starter: int | None = None,
    disk: int | None = None,
    ahead_s: float = 0.0,
) -> _Parked:
    """Makes the program's process, confines both, and tells the supervisor that a job may come."""
    own_disk = [] if disk is None else [disk]
    (out_read, out_write), (err_read, err_write) = os.pipe(), os.pipe()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        syscalls.die_with_parent()
        for inherited in (control.detach(), ours.detach(), out_read, err_read, *own_disk):
            os.close(inherited)
        serve_one_program(
            theirs, out_write, err_write, program_filter=filters.program, scripts=scripts, starter=starter
        )
    gc.disable()  # one job long, and every object that is looked at would be copied
    for end in (theirs.detach(), out_write, err_write, *([] if starter is None else [starter])):
        os.close(end)
    for end in (out_read, err_read):
        os.set_blocking(end, False)
    parked = _Parked(
        control=control,
        program=ours,
        is_starter=False,
        path=search_path(),
        exited=_exit_descriptor(pid),
        pid=pid,
        nothing=os.open(_NO_INPUT, os.O_RDONLY | os.O_CLOEXEC),
        streams=(reporting.Stream(out_read, reporting.OUT), reporting.Stream(err_read, reporting.ERR)),
        selector=selectors.DefaultSelector(),
        ahead_s=ahead_s,
        sockets=SocketMemory() if watch else None,
    )
    for fd in (parked.exited, control.fileno()):
        if fd is not None:
            parked.selector.register(fd, selectors.EVENT_READ)
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    syscalls.drop_capabilities()
    syscalls.install_filter(filters.init)
    _rehearse(parked.path, to_starter=starter is not None)
    if parked.sockets:
        Watchdog({"cpu_s": 1, "memory_bytes": 2**40}, parked.sockets).look()
    said, _ = receive_control(ours)  # the program is parked, too
    parked.is_starter = "starter" in said
    exited = [] if parked.exited is None else [parked.exited]
    send_control(control, {"event": "parked"}, *own_disk, *exited)
    for fd in own_disk:
        os.close(fd)
    return parked


def _exit_descriptor(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        return None


def _rehearse(path: str, *, to_starter: bool) -> None:
    """Goes once through what a run will do, so that the pages it writes are this process's own by then."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        program = Command((_REHEARSED,)) if to_starter else Script(_REHEARSED)
        payload.send(ours, Job(Runtime.COMMAND, program, files={_REHEARSED: b"x"}))
        nothing = os.open(_NO_INPUT, os.O_RDONLY | os.O_CLOEXEC)
        job = payload.receive(theirs, nothing)
        os.unlink(_REHEARSED)  # noqa: PTH108
        ours.sendall(b"x")
        stream = reporting.Stream(theirs.fileno(), reporting.OUT)
        stream.allow(1)
        stream.read_some()
        theirs.setblocking(False)
        ending = _Ending(0, None, False, False, time.monotonic())
        reporting.send_report(ours, ending.told(), [stream], job.collect, collect_bytes=0)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        order = {"cpu_s": 1, "file_bytes": 1, "processes": 1}
        payload.release(job, ours, order, path=path, to_starter=to_starter, own_stdin=True)
        theirs.recv(1)
    _rehearse_end()


def _rehearse_end() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, selectors.DefaultSelector() as selector:
        selector.register(theirs.fileno(), selectors.EVENT_READ)
        send_control(ours, {"event": "ended", "at": time.monotonic()})
        ready = {key.fd for key, _ in selector.select(None)}
        if theirs.fileno() in ready:
            receive_control(theirs)
    os.kill(-1, 0)  # to the parked program, which does not notice
    os.waitpid(-1, os.WNOHANG | syscalls.WALL)
    os.chmod("/work", 0o700)  # noqa: PTH101
    reporting.fullness("/work")


def _serve(parked: _Parked) -> None:
    control, streams = parked.control, parked.streams
    order, fd = receive_control(control)
    if fd is None:
        raise WireError("a job came without its data connection")
    data = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=fd)
    for stream in streams:
        stream.allow(order["output_bytes"])
    try:
        job = payload.receive(data, parked.nothing)
        watchdog = Watchdog(order, parked.sockets) if parked.sockets else None
        started = time.monotonic() + parked.ahead_s
        payload.release(
            job,
            parked.program,
            order,
            path=parked.path,
            to_starter=parked.is_starter,
            own_stdin=job.stdin != parked.nothing,
            alone=watchdog is not None,
        )
    except payload.Refused as refused:
        send_control(control, {"event": "refused", "why": str(refused)})
        return
    if order["tell_start"]:
        send_control(control, {"event": "started", "at": started})
    ending = _pump(parked, data, watchdog)
    _end_everything()
    figures = watchdog.figures() if watchdog else {}
    if not ending.accounted:
        send_control(control, {"event": "ended", "at": ending.at, **figures})
        # What a report needs is no longer counted against the submission; a late "stop" may come before.
        while receive_control(control)[0].get("op") != "report":
            pass
    os.chmod("/work", 0o700)  # noqa: PTH101 - the submission owned it, and may have shut us out
    told = ending.told() | {"wall_s": ending.at - started, "full": reporting.fullness("/work")}
    reporting.send_report(data, told, streams, job.collect, collect_bytes=order["collect_bytes"])
    # The client runs on this processor next: a box is taken down once the report is read, and gives way.
    os.nice(_STEP_BACK)
    data.settimeout(_READING_S)
    with contextlib.suppress(TimeoutError, ConnectionResetError):
        data.recv(1)


def write_id_maps(process: str, *, uid: int, gid: int, inside: int, count: int = 1) -> None:
    """user_namespaces(7): maps `count` ids from `inside` on to those from `uid` and `gid` on outside."""
    if count == 1:
        Path(process, "setgroups").write_text("deny")
    Path(process, "gid_map").write_text(f"{inside} {gid} {count}")
    Path(process, "uid_map").write_text(f"{inside} {uid} {count}")


@dataclass(frozen=True, slots=True)
class _Ending:
    """How the submission's first process ended, and when (CLOCK_MONOTONIC, seconds)."""

    exit_code: int | None
    signal: int | None
    output_limit: bool
    accounted: bool
    at: float

    def told(self) -> dict[str, Any]:
        return {"exit_code": self.exit_code, "signal": self.signal, "output_limit": self.output_limit}


def _pump(parked: _Parked, data: socket.socket, watchdog: Watchdog | None) -> _Ending:
    """Passes output on until the main process ends, a limit is passed, or the supervisor says stop."""
    selector = parked.selector
    streams = {stream.pipe: stream for stream in parked.streams}
    interval_s = watchdog.interval_s if watchdog else None if parked.exited is not None else _ASK_EVERY_S
    overflow = stopped = accounted = False
    unheard = list(streams)
    while True:
        ready = {key.fd for key, _ in selector.select(_BRIEF_S if unheard else interval_s)}
        for fd in ready & streams.keys():
            # A submission can read its own pipe, and be faster than we are.
            with contextlib.suppress(BlockingIOError):
                if not streams[fd].read_some():
                    selector.unregister(fd)
            if streams[fd].is_full:
                data.sendall(streams[fd].take())
            overflow = overflow or streams[fd].overflowed
        if parked.control.fileno() in ready:
            # The supervisor says "report" where it sees the end before we say it, else "stop".
            accounted = receive_control(parked.control)[0].get("op") == "report"
            stopped = True
        if watchdog and watchdog.look():
            stopped = True
        ended = parked.has_ended(ready)
        if overflow or stopped or ended:
            break
        # What a program of a few milliseconds writes stays in its pipes: waking us would hold it up.
        while unheard:
            selector.register(unheard.pop(), selectors.EVENT_READ)
    at = time.monotonic() + parked.ahead_s
    if not ended:
        _kill_all()
    _, status = os.waitpid(parked.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return _Ending(code if code >= 0 else None, -code if code < 0 else None, overflow, accounted, at)


def _kill_all() -> None:
    """kill(2) with -1: every process of the pid namespace but this one, at one stroke."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)


def _end_everything() -> None:
    """Kills and reaps until this process is alone: also children that a submission made this one's own.

    Whoever lost a parent is a child of this one: where there is none, nobody is left, and to ask for it costs
    less than to kill.
    """
    while True:
        try:
            os.waitpid(-1, syscalls.WALL | os.WNOHANG)
            _kill_all()
            os.waitpid(-1, syscalls.WALL)
        except ChildProcessError:
            return
