"""The supervisor's side of a zygote and what is forked from it: keepers of slots, and boxes."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import syscalls
from sandbox.cgroups import Group, Usage
from sandbox.errors import SandboxError
from sandbox.job import Runtime
from sandbox.starter import compiled as compiled_starter
from sandbox.wire import WireError, receive_control, receive_with_descriptors, send_control

_KEEPER_TIMEOUT_S = 10.0
_STRIKE_OUT_S = 0.001
_UNKILLABLE = "-1000"
OWN_INODES = 8
"""Each folder of a box and its mount itself take an inode of their own."""
_PROCESS_CLOCK = 2
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/work",
    "TMPDIR": "/tmp",  # noqa: S108 - the jail's own
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JOBLIB_MULTIPROCESSING": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "",
    "MPLBACKEND": "Agg",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class ZygoteFailed(SandboxError):
    """A zygote did not start, or died."""


class Zygote:
    """One runtime's zygote process, started at once and ready later.

    `place` puts a process, by its pid, into the group that zygotes live in. `ended` is called, in a thread
    of the zygote's own, when its process is no more.
    """

    def __init__(
        self,
        runtime: Runtime,
        root: Path,
        config: dict[str, Any],
        *,
        place: Callable[[int], None],
        ended: Callable[[Zygote], None],
    ) -> None:
        self.runtime = runtime
        self.control, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process: int | None = None
        """A pidfd of the process that has imported the runtime; None until it is ready."""
        self.pid = 0
        self.missing: list[str] = []
        self.boxes = 0
        self.jobs = 0
        self.alive = True
        self._command = [
            *(sys.executable, "-m", "sandbox.zygote", "--runtime", runtime.value),
            *("--control", str(self._theirs.fileno()), "--root", str(root)),
        ]
        self._config = config
        self._place = place
        self._ended = ended
        # PR_SET_PDEATHSIG counts threads: the one that starts a process must live as long as it does.
        self._thread = threading.Thread(target=self._live, name=f"zygote-{runtime}", daemon=True)
        self._thread.start()

    def _live(self) -> None:
        try:
            with self._theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own module
                    self._command,
                    pass_fds=[self._theirs.fileno()],
                    cwd=Path(__file__).resolve().parent.parent,
                    env=ENVIRONMENT,
                    stdin=subprocess.DEVNULL,
                )
            self._place(self._process.pid)
            # Not on the command line, which every box can read; and nothing is forked before it is here.
            starter = compiled_starter() if self.runtime is Runtime.COMMAND else None
            send_control(self.control, self._config, *([] if starter is None else [starter]))
            if not self.alive:
                self._process.kill()
            self._process.wait()
        finally:
            self.alive = False
            self._ended(self)

    def welcome(self) -> None:
        """Takes the zygote's word that it is ready."""
        try:
            ready, self.process = receive_control(self.control)
        except (WireError, OSError) as error:
            raise ZygoteFailed(
                f"The {self.runtime} zygote did not start; its error is in the supervisor's log."
            ) from error
        self.missing = ready["missing"]
        self.pid = pid_of(self.process) if self.process is not None else 0

    def resident_bytes(self) -> int:
        """The memory that its boxes share with it; 0 before it is ready."""
        if self.process is None:
            return 0
        try:
            pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        except OSError:
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        """Ends the zygote and with it every box and keeper of it."""
        if self.alive:
            self.alive = False
            with contextlib.suppress(AttributeError):  # not started yet: its thread looks at `alive`
                self._process.kill()

    def wait(self, timeout_s: float) -> None:
        """Waits for the end of a stopped zygote."""
        self._thread.join(timeout_s)

    def close(self) -> None:
        """Closes what connects to an ended zygote."""
        self.control.close()
        if self.process is not None:
            os.close(self.process)
            self.process = None


@dataclass(slots=True, eq=False)
class Slot:
    """A place for one box at a time: its group, and whoever forks boxes into it."""

    number: int
    zygote: Zygote
    group: Group | None
    keeper: socket.socket | None = None
    """The connection of a process inside the group, where boxes cannot be born into it from outside."""
    keeper_pid: int = 0

    def furnish(self) -> None:
        """Puts a keeper into the group; takes some ten milliseconds. Nothing to do where none is needed."""
        if self.group is None or self.group.folder is not None:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                send_control(self.zygote.control, {"op": "keep"}, theirs.fileno())
            ours.settimeout(_KEEPER_TIMEOUT_S)
            _, process = receive_control(ours)
            if process is None:
                raise WireError("a keeper did not name its process")
            self.keeper_pid = pid_of(process)
            os.close(process)
            self.group.add(self.keeper_pid)
            # Neither the kernel nor a submission may take the keeper when the group's memory runs out.
            with contextlib.suppress(PermissionError):  # root's to give
                Path(f"/proc/{self.keeper_pid}/oom_score_adj").write_text(_UNKILLABLE)
        except (WireError, OSError) as error:
            ours.close()
            raise ZygoteFailed(f"The {self.zygote.runtime} zygote made no keeper: {error}") from error
        self.keeper = ours

    def spawn(self) -> Box:
        """Has a box forked; it is parked when it says so."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fds = [theirs.fileno()]
        if self.group is not None and self.group.folder is not None:
            fds.append(self.group.folder)
        try:
            with theirs:
                breeder = self.keeper or self.zygote.control
                send_control(breeder, {"op": "spawn", "box": self.number}, *fds)
        except OSError as error:
            ours.close()
            raise ZygoteFailed(f"The {self.zygote.runtime} zygote is gone: {error}") from error
        return Box(self, ours)

    def wait_empty(self, timeout_s: float) -> bool:
        """Whether nothing of a dead box is left in the group; the kernel strikes it out a little late."""
        if self.group is None:
            return True
        deadline = time.monotonic() + timeout_s
        while not set(self.group.pids()) <= {self.keeper_pid}:
            if time.monotonic() > deadline:
                return False
            time.sleep(_STRIKE_OUT_S)
        return True

    def renew(self) -> None:
        """Makes the slot ready for its next box."""
        if self.group:
            self.group.renew()

    def remove(self) -> None:
        """Gives the slot up with everything in it."""
        if self.keeper:
            self.keeper.close()
        if self.group:
            self.group.kill()
            self.group.remove()


@dataclass(slots=True, eq=False)
class Box:
    """One parked child: its control connection, its first process, and the account of its group so far."""

    slot: Slot
    control: socket.socket
    process: int = -1
    """A pidfd of the box's first process; -1 until it is born."""
    disk: int = -1
    """A descriptor by which the box's file system is given its size; -1 until it is parked."""
    program: int = -1
    """A pidfd of the process that becomes the submission; -1 until it is parked."""
    base: Usage | None = None
    own_base_s: float = 0.0
    """CPU that the first process had used when the box was parked."""
    ended: Callable[[], None] | None = None
    """Called once nothing of the box is left."""
    parked: bool = False
    pid: int = 0
    program_pid: int = 0
    _clock: int = 0

    @property
    def group(self) -> Group | None:
        """The slot's group."""
        return self.slot.group

    def hear(self) -> None:
        """Takes one of the two messages by which a box says that it is born, and parked."""
        _, fds = receive_with_descriptors(self.control)
        if self.process < 0 and len(fds) == 1:
            (self.process,) = fds
            self.pid = pid_of(self.process)
            self._clock = process_clock(self.pid)
        elif len(fds) != 2:
            for fd in fds:
                os.close(fd)
            raise WireError(f"a box came with {len(fds)} descriptors")
        else:
            self.disk, self.program = fds
            self.program_pid = pid_of(self.program)
            self.own_base_s = self.own_cpu_s()
            self.base = self.group.begin() if self.group else None
            self.parked = True

    @property
    def tells_start(self) -> bool:
        """Whether a run's start comes long enough after the hand-over to be told, whatever its files."""
        return False

    def spare_processes(self, processes: int) -> int:
        """Processes that its group must allow beyond the submission's: none that are not counted already."""
        return 0

    def own_cpu_s(self) -> float:
        """Seconds of CPU that the box's first process has used, which is none of the submission's."""
        try:
            return time.clock_gettime(self._clock)
        except OSError:  # it is dead
            return self.own_base_s

    def is_alone(self) -> bool:
        """Whether nothing but the program, which has ended, was left of the submission."""
        ours = {self.slot.keeper_pid, self.pid, self.program_pid}
        return self.group is not None and set(self.group.pids()) <= ours

    def is_alive(self) -> bool:
        """Whether the first process still runs."""
        poll = select.poll()
        poll.register(self.process, select.POLLIN)
        return not poll.poll(0)

    def resize(self, *, disk_bytes: int, inodes: int) -> None:
        """Sets the size and the number of files of the box's writable file system; the box itself may not."""
        options = {"size": str(int(disk_bytes)), "nr_inodes": str(int(inodes) + OWN_INODES)}
        syscalls.reconfigure_file_system(self.disk, options)

    def kill(self) -> None:
        """Ends the box: the kernel kills a pid namespace with its first process."""
        if self.process >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.process, signal.SIGKILL)

    def close(self) -> None:
        """Closes what connects to the box; its file system goes with the last descriptor."""
        self.control.close()
        for fd in (self.disk, self.program, self.process):
            if fd >= 0:
                os.close(fd)
        self.disk = self.program = self.process = -1


def process_clock(pid: int) -> int:
    """clock_getcpuclockid(3): the clock of another process."""
    return (~pid << 3) | _PROCESS_CLOCK


def pid_of(pidfd: int) -> int:
    """The process of a pidfd as this process's pid namespace numbers it."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    raise SandboxError("The kernel does not say the process of a pidfd (Linux 5.3 is needed).")
