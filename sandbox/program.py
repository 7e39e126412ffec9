"""The parked process that becomes the submission: confined already, it waits for one program and runs it."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import io
import os
import random
import resource
import signal
import socket
import sys
import threading
import traceback
import types
from pathlib import Path
from typing import Any, NoReturn

from sandbox import landlock, syscalls
from sandbox.environment import CLEAN, CLEAN_PYTHON
from sandbox.wire import WireError, receive_control, receive_with_descriptors, send_control

MOST_PENDING_SIGNALS = 1024
SAME_FOR_ALL = {
    # core(5): 1 is none, to a program of the host's too, which 0 would start where core_pattern names one.
    resource.RLIMIT_CORE: 1,
    resource.RLIMIT_NOFILE: 256,
    resource.RLIMIT_STACK: 64 * 1024 * 1024,
    resource.RLIMIT_MEMLOCK: 64 * 1024,
    # Timers and queued signals: the kernel counts them by account, and boxes may share one with the host.
    resource.RLIMIT_SIGPENDING: MOST_PENDING_SIGNALS,
}
"""Limits, soft and hard, that every program gets."""
_OF_THE_RUN = (resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC)
_NICENESS = 0
# Python ignores these two for itself; a program expects the defaults.
_IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)


def serve_one_program(
    orders: socket.socket, out: int, err: int, *, program_filter: bytes, scripts: bool, starter: int | None
) -> NoReturn:
    """Confines this process, waits for the order, becomes the program. Never returns.

    `scripts` says that the order will name one, most likely, and no program of the host's. `starter` is a
    descriptor of the program that waits in this one's place where it can be executed.
    """
    try:
        _confine(program_filter)
        os.chdir("/work")
        if starter is not None:
            with contextlib.suppress(OSError):
                _become_starter(starter, orders, out, err)
        _rehearse(scripts=scripts)
        _allow_for_own_frames()
        send_control(orders, {"event": "parked"})
        order, streams = receive_with_descriptors(orders)
    except WireError:
        os._exit(0)
    if not streams:
        os._exit(0)
    os.dup2(streams[0], 0)
    os.dup2(streams[1] if len(streams) > 1 else out, 1)
    os.dup2(err, 2)
    os.closerange(3, 65_536)
    _limit(order["limits"])
    program = order["program"]
    if program["kind"] == "command":
        _execute(program["argv"], order["environment"])
    os._exit(_run_script(program, order))


def _confine(program_filter: bytes) -> None:
    os.setsid()
    # The zygote's place and init's are before everyone's, so that init can always end what runs here.
    if os.getpriority(os.PRIO_PROCESS, 0) < _NICENESS:
        os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    syscalls.drop_capabilities()
    # init is not traceable, the submission is its own: without this its /proc/self would belong to nobody.
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)
    # The first to go when the box runs out of memory is the submission, not the box.
    Path("/proc/self/oom_score_adj").write_text("1000")
    for kind, value in SAME_FOR_ALL.items():
        if resource.getrlimit(kind) != (value, value):  # gVisor lets only its bundle set some
            resource.setrlimit(kind, (value, value))
    landlock.put_on(landlock.wall())
    syscalls.install_filter(program_filter)


def _become_starter(program: int, orders: socket.socket, out: int, err: int) -> NoReturn:
    """Goes on as `starter.c`, which has these descriptors as its standard streams."""
    _restore_signals()
    for own, fd in enumerate((orders.fileno(), out, err)):
        os.dup2(fd, own)
    os.execve(f"/proc/self/fd/{program}", ["starter"], {})  # noqa: S606 - our own program


def _rehearse(*, scripts: bool) -> None:
    """Goes once through what a run will do: the pages it writes are this process's own from then on.

    A page that is still shared with the zygote costs some microseconds at its first change, and a run
    changes hundreds of them.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        order: dict[str, Any] = {"program": {"kind": "", "path": "", "args": []}, "seed": "0" * 64}
        order |= {"limits": [2**30, 2**62, 2**30], "environment": {}}
        send_control(ours, order, 0)
        received, fd = receive_control(theirs)
        if fd is not None:
            os.close(fd)
    for kind in _OF_THE_RUN:
        resource.setrlimit(kind, resource.getrlimit(kind))
    if scripts:
        _reset_interpreter(received["seed"], received["environment"])
        exec(compile("x = [0]", "", "exec", dont_inherit=True), {"__builtins__": builtins})  # noqa: S102
        sys.stdout.flush()
    else:
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        with contextlib.suppress(OSError):
            os.execvpe("/nothing", ["nothing"], {**CLEAN})  # noqa: S606


def _allow_for_own_frames() -> None:
    """Raises the limit on recursion by what is below a script here and is not outside.

    Called where `_run_script` will be called: this frame stands for that one's.
    """
    # Before 3.12 an exec() counts as well: the script's, and each module's but the first of all.
    each_exec = 0 if sys.version_info >= (3, 12) else 1
    own = each_exec
    frame: types.FrameType | None = sys._getframe()
    while frame is not None:
        executed = frame.f_code.co_name == "<module>" and frame.f_back is not None
        own += 1 + (each_exec if executed else 0)
        frame = frame.f_back
    sys.setrecursionlimit(sys.getrecursionlimit() + own)


def _limit(limits: list[int]) -> None:
    """setrlimit(2): a second wall behind the supervisor's clock and the control group."""
    for kind, value in zip(_OF_THE_RUN, limits, strict=True):
        resource.setrlimit(kind, (value, value))


def _restore_signals() -> None:
    for number in _IGNORED:
        signal.signal(number, signal.SIG_DFL)


def _execute(argv: list[str], environment: dict[str, str]) -> NoReturn:
    _restore_signals()
    try:
        os.execvpe(argv[0], argv, environment)  # noqa: S606 - argv is the job's whole point
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
        os._exit(127)


def _run_script(program: dict[str, Any], order: dict[str, Any]) -> int:
    """Runs a file as `__main__` the way `python FILE` would; the exit code."""
    _reset_interpreter(order["seed"], order["environment"])
    path = program["path"]
    sys.argv = [path, *program["args"]]
    sys.path[:] = ["/work", *(entry for entry in sys.path if entry)]
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __file__=path)
    sys.modules["__main__"] = main
    code = 1
    try:
        source = Path(path).read_bytes()
        compiled = compile(source, path, "exec", dont_inherit=True)
        exec(compiled, main.__dict__)  # noqa: S102 - running submissions is what this process is for
        code = 0
    except SystemExit as stop:
        code = _exit_code(stop)
    except BaseException as error:
        _print_traceback(error)
    return _finish(code)


def _reset_interpreter(seed: str, environment: dict[str, str]) -> None:
    """Gives this child an environment, random state and standard streams of its own."""
    os.environ.clear()
    os.environ.update(CLEAN_PYTHON)
    os.environ.update(environment)
    random.seed(seed)
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed(int(seed[:8], 16))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = _text_stream(0, "r", "surrogateescape")
    sys.stdout = _text_stream(1, "w", "surrogateescape")
    sys.stderr = _text_stream(2, "w", "backslashreplace")


def _text_stream(fd: int, mode: str, errors: str) -> io.TextIOWrapper:
    raw = io.FileIO(fd, mode, closefd=False)
    buffer = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
    return io.TextIOWrapper(buffer, "utf-8", errors, line_buffering=fd == 2)


def _exit_code(stop: SystemExit) -> int:
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return int(stop.code) & 0xFF
    with contextlib.suppress(Exception):
        print(stop.code, file=sys.stderr)
    return 1


def _print_traceback(error: BaseException) -> None:
    """Writes the traceback from the submission's first frame on."""
    frames = error.__traceback__.tb_next if error.__traceback__ else None
    with contextlib.suppress(Exception):
        traceback.print_exception(type(error), error, frames, file=_text_stream(2, "w", "backslashreplace"))


def _finish(code: int) -> int:
    """What the interpreter does at its end: wait for threads, run exit handlers, flush."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    except SystemExit as stop:
        code = _exit_code(stop)
    except BaseException as error:
        _print_traceback(error)
        code = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            code = code or 120
    return code
