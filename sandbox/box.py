"""The supervisor's side of one zygote and its boxes: park ahead of time, hand out, watch, end."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.cgroups import Group, Hierarchy
from sandbox.errors import SandboxError
from sandbox.job import Runtime
from sandbox.wire import WireError, receive_control, send_control

_PARK_TIMEOUT_S = 30.0
_START_TIMEOUT_S = 120.0
_EMPTY_TIMEOUT_S = 10.0
_ENVIRONMENT = {
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


@dataclass(slots=True)
class Box:
    """One parked child: its control connection, its first process, its group."""

    number: int
    control: socket.socket
    process: int
    """A pidfd of the box's first process."""
    group: Group | None

    def kill(self) -> None:
        """Ends the box: the kernel kills a pid namespace with its first process."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.process, signal.SIGKILL)

    def dispose(self) -> None:
        """Kills the box and waits until nothing of it is left."""
        self.kill()
        poll = select.poll()
        poll.register(self.process, select.POLLIN)
        poll.poll(_EMPTY_TIMEOUT_S * 1000)
        os.close(self.process)
        self.control.close()
        if self.group and not self.group.wait_empty(_EMPTY_TIMEOUT_S):
            raise SandboxError(f"box {self.number} still has processes {_EMPTY_TIMEOUT_S} s after its end")


class Zygote:
    """One runtime's zygote process. Must be made in a thread that lives as long as it does."""

    def __init__(self, runtime: Runtime, config: dict[str, Any]) -> None:
        self.runtime = runtime
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = ours
        self._root = Path(tempfile.mkdtemp(prefix="touchstone-root-"))
        self._root.chmod(0o755)
        command = [
            sys.executable,
            "-m",
            "sandbox.zygote",
            "--runtime",
            runtime.value,
            "--control",
            str(theirs.fileno()),
            "--root",
            str(self._root),
        ]
        home = Path(__file__).resolve().parent.parent
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, pass_fds=[theirs.fileno()], cwd=home, env=_ENVIRONMENT, stdin=subprocess.DEVNULL
        )
        theirs.close()
        ours.settimeout(_START_TIMEOUT_S)
        try:
            # Not on the command line, which every box can read.
            send_control(ours, config)
            ready, _ = receive_control(ours)
        except (WireError, OSError) as error:
            self.stop()
            raise ZygoteFailed(
                f"The {runtime} zygote did not start; its error is in the supervisor's log."
            ) from error
        self.missing: list[str] = ready["missing"]
        ours.settimeout(_PARK_TIMEOUT_S)

    @property
    def pid(self) -> int:
        """The process that ends with the zygote."""
        return self._process.pid

    def spawn(self, number: int, group: Group | None) -> Box:
        """Forks and parks one box. Takes a few milliseconds, more where the group's version is 1."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(_PARK_TIMEOUT_S)
        try:
            with theirs:
                send_control(self._control, {"op": "spawn", "box": number}, theirs.fileno())
            _, process = receive_control(ours)
        except (WireError, OSError) as error:
            ours.close()
            raise ZygoteFailed(f"The {self.runtime} zygote made no box: {error}") from error
        if process is None:
            ours.close()
            raise ZygoteFailed(f"A box of the {self.runtime} zygote did not name its process.")
        box = Box(number, ours, process, group)
        try:
            if group:
                group.lift_limits()
                group.add(_pid_of(process))
            send_control(ours, {"op": "placed"})
            receive_control(ours)
        except (WireError, OSError) as error:
            box.dispose()
            raise ZygoteFailed(f"A box of the {self.runtime} zygote could not be parked: {error}") from error
        return box

    def stop(self) -> None:
        """Ends the zygote and with it every box."""
        self._control.close()
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._root, ignore_errors=True)


def _pid_of(pidfd: int) -> int:
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    raise SandboxError("The kernel does not say the process of a pidfd (Linux 5.3 is needed).")


class Pool:
    """Keeps boxes of one runtime parked, in a thread of its own that also owns the zygote."""

    def __init__(
        self,
        runtime: Runtime,
        parked: int,
        *,
        config: dict[str, Any],
        hierarchy: Hierarchy,
        next_number: Callable[[], int],
        report: Callable[[str], None],
    ) -> None:
        self.runtime = runtime
        self._config = config
        self._hierarchy = hierarchy
        self._next_number = next_number
        self._report = report
        self._ready: queue.Queue[Box | SandboxError] = queue.Queue()
        self._wanted = threading.Semaphore(parked)
        self._groups: list[tuple[int, Group | None]] = []
        self._stopping = threading.Event()
        self.started = threading.Event()
        self._thread = threading.Thread(target=self._keep_parked, name=f"park-{runtime}", daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> Box:
        """A parked box, at once where one is ready; `SandboxError` where none can be made."""
        try:
            box = self._ready.get(timeout=timeout_s)
        except queue.Empty as error:
            raise SandboxError(f"No box of the {self.runtime} runtime within {timeout_s} s.") from error
        self._wanted.release()
        if isinstance(box, SandboxError):
            raise box
        return box

    def give_back(self, box: Box) -> None:
        """Ends a used box; its group serves the next one."""
        box.dispose()
        self._groups.append((box.number, box.group))

    def stop(self) -> None:
        """Ends the zygote and every box of it."""
        self._stopping.set()
        self._wanted.release()
        self._thread.join(_START_TIMEOUT_S)

    def _keep_parked(self) -> None:
        zygote: Zygote | None = None
        failures = 0
        while True:
            self._wanted.acquire()
            if self._stopping.is_set():
                break
            try:
                zygote = zygote or Zygote(self.runtime, self._config)
                number, group = self._free_group()
                box = zygote.spawn(number, group)
            except (SandboxError, OSError) as error:
                self._report(str(error))
                if zygote:
                    zygote.stop()
                zygote, failures = None, failures + 1
                if failures < 3:
                    self._wanted.release()
                else:
                    failures = 0
                    self._ready.put(SandboxError(str(error)))
                continue
            failures = 0
            self.started.set()
            self._ready.put(box)
        self._dispose_parked()
        if zygote:
            zygote.stop()
        for _, group in self._groups:
            if group:
                group.remove()

    def _free_group(self) -> tuple[int, Group | None]:
        if self._groups:
            return self._groups.pop()
        number = self._next_number()
        return number, self._hierarchy.group(f"box-{number}")

    def _dispose_parked(self) -> None:
        while not self._ready.empty():
            box = self._ready.get()
            if isinstance(box, Box):
                self.give_back(box)
