"""The supervisor's side of containers: starts one for a job, looks after it, and leaves nothing of it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sandbox import layout, syscalls
from sandbox.box import ENVIRONMENT, OWN_INODES, process_clock
from sandbox.cgroups import Group, Usage
from sandbox.claims import TemporaryFolder
from sandbox.devices import Device
from sandbox.errors import SandboxError
from sandbox.forking import HOST_ID_COUNT, HOST_IDS_FROM, may_map_range
from sandbox.init import RUNNER_ID
from sandbox.job import Runtime
from sandbox.layout import Bind
from sandbox.oci.bundle import Process, write_bundle
from sandbox.oci.runtimes import OciRuntime
from sandbox.wire import WireError, receive_control, send_control
from sandbox.zygote import WITH_PACKAGES

# What the host's kernel gives, and not one in user space.
_HOST_KERNELS = ("processes:", "landlock:", "uid:")
_CODE = "/sandbox-code"
_END_TIMEOUT_S = 60.0
_KILL_TIMEOUT_S = 10.0
_LOG_SHOWN = 400
_PID_TRIES, _PID_PAUSE_S = 500, 0.01
# A kernel in user space has threads of its own, and some for each task of the container.
_THREADS_A_TASK, _THREADS_AT_LEAST = 4, 256


class Container:
    """A container that waits for one job, or runs it: what `sandbox.run` needs of a box."""

    def __init__(
        self, control: socket.socket, group: Group | None, folder: TemporaryFolder, *, own_kernel: bool
    ) -> None:
        self.control = control
        self.group = group
        self.folder = folder
        self.bundle = folder.path
        self.process = -1
        """A pidfd of its first process, or of the runtime that holds it."""
        self.program = -1
        """A pidfd of the process that becomes the submission; of the first one where the kernel has none."""
        self.base: Usage | None = None
        self.own_base_s = 0.0
        self.ended: Callable[[], None] | None = None
        self.end = threading.Lock()
        self._disk = -1
        self._own_kernel = own_kernel
        self._clock: int | None = None

    def hear_entered(self) -> None:
        """Takes the word of the process that becomes the runtime, and the container's disk."""
        _, fd = receive_control(self.control)
        if fd is None:
            raise WireError("a container came without its disk")
        self._disk = fd

    def hear_born(self) -> None:
        """Takes the word of the container's first process that it lives."""
        receive_control(self.control)
        pid = self._pid()
        self.process = os.pidfd_open(pid)
        if not self._own_kernel:
            self._clock = process_clock(pid)

    def _pid(self) -> int:
        """What the runtime says of it, which may come a moment after the process's own word."""
        file = self.bundle / "pid"
        for _ in range(_PID_TRIES):
            if file.exists() and (text := file.read_text()):
                return int(text)
            time.sleep(_PID_PAUSE_S)
        raise WireError("the runtime does not say what its process is")

    def hear_parked(self) -> None:
        """Takes its word that a job may come; the account of the group begins here."""
        _, program = receive_control(self.control)
        self.program = os.dup(self.process) if program is None else program
        self.own_base_s = self.own_cpu_s()
        self.base = self.group.begin() if self.group else None

    @property
    def tells_start(self) -> bool:
        """A container's runtime takes its time to hand a job in."""
        return True

    def spare_processes(self, processes: int) -> int:
        """Processes and threads that the group must allow beyond the submission's."""
        return _THREADS_A_TASK * processes + _THREADS_AT_LEAST if self._own_kernel else 0

    def own_cpu_s(self) -> float:
        """CPU of the first process; what a kernel in user space does is the submission's."""
        if self._clock is None:
            return self.own_base_s
        try:
            return time.clock_gettime(self._clock)
        except OSError:  # it is dead
            return self.own_base_s

    def is_alone(self) -> bool:
        """Never taken for granted: the runtime has processes of its own in the group."""
        return False

    def resize(self, *, disk_bytes: int, inodes: int) -> None:
        """Sets the size of the container's disk."""
        options = {"size": str(disk_bytes), "nr_inodes": str(inodes + OWN_INODES)}
        syscalls.reconfigure_file_system(self._disk, options)

    def kill(self) -> None:
        """Ends the container with all its processes."""
        if self.process >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.process, signal.SIGKILL)

    def close(self) -> None:
        """Closes what connects to the container."""
        self.control.close()
        for fd in (self._disk, self.program, self.process):
            if fd >= 0:
                os.close(fd)
        self._disk = self.program = self.process = -1


class Containers:
    """Starts containers of one OCI runtime. Safe to use from any thread."""

    def __init__(
        self,
        runtime: OciRuntime,
        *,
        config: dict[str, Any],
        new_group: Callable[[str], Group | None],
        next_number: Callable[[], int],
        report: Callable[[str], None],
    ) -> None:
        self.runtime = runtime
        self._config = config
        self._new_group = new_group
        self._next_number = next_number
        self._report = report
        may_mount = syscalls.has_capability(syscalls.CAP_SYS_ADMIN)
        self._privileged = os.geteuid() == 0 and (runtime.own_kernel or (may_map_range() and may_mount))
        self._living: dict[Container, subprocess.Popen[bytes]] = {}
        self._stopping = False

    def source(self, runtime: Runtime, device: Device | None) -> ContainerSource:
        """Where containers for such jobs come from, in the manner of a pool of boxes."""
        return ContainerSource(self, runtime, device)

    def start(self, runtime: Runtime, device: Device | None, *, timeout_s: float) -> Container:
        """A container that has imported the runtime and waits; `SandboxError` where none comes."""
        number = self._next_number()
        folder = TemporaryFolder.make("oci")  # the container's own user passes through
        bundle = folder.path
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        own_kernel = self.runtime.own_kernel
        container = Container(ours, self._new_group(f"oci-{number}"), folder, own_kernel=own_kernel)
        ours.settimeout(timeout_s)
        process: subprocess.Popen[bytes] | None = None
        try:
            disk = bundle / "disk"
            disk.mkdir()
            host_id = self._host_id(number)
            self._write_bundle(bundle, runtime, device, disk, host_id)
            process = self._launch(theirs, bundle)
            theirs.close()  # what dies must be heard
            self._living[container] = process
            if self._stopping:
                raise WireError("the sandbox is stopping")
            if container.group:
                container.group.add(process.pid)
            send_control(ours, self._entering(number, bundle, disk, host_id))
            container.hear_entered()
            send_control(
                ours,
                {
                    "runtime": runtime.value,
                    "libraries": self._config["libraries"],
                    "watch": self._config["watch"],
                    "own_clock": own_kernel,
                },
            )
            container.hear_born()
            send_control(ours, {"op": "placed", "at": time.monotonic()})
            container.hear_parked()
        except (WireError, OSError, ValueError) as error:
            said = _end_of(bundle / "log")
            if process:
                self._end(container, process)
            else:
                self._clear_away(container)
            raise SandboxError(f"{self.runtime.name} made no container: {error}. {said}".rstrip()) from error
        finally:
            theirs.close()
        return container

    def give_back(self, container: Container) -> None:
        """Takes a used container, which ends by itself once its client has read its report, or is killed."""
        threading.Thread(target=self._see_end, args=(container,), daemon=True).start()

    def stop(self) -> None:
        """Ends every container."""
        self._stopping = True
        for container, process in list(self._living.items()):
            self._end(container, process)

    def _host_id(self, number: int) -> int | None:
        """The runner's id outside, as `sandbox.forking` gives it to boxes."""
        if self.runtime.own_kernel:
            return None
        return HOST_IDS_FROM + 1 + number % (HOST_ID_COUNT - 1) if self._privileged else 0

    def _write_bundle(
        self, bundle: Path, runtime: Runtime, device: Device | None, disk: Path, host_id: int | None
    ) -> None:
        described = layout.describe(
            stores={target: Path(source) for target, source in self._config["stores"].items()},
            masked=[Path(file) for file in self._config["masked"]],
            packages=runtime in WITH_PACKAGES,
            libraries=device.libraries if device else {},
            nodes=device.nodes if device else {},
        )
        code = Bind(Path(__file__).resolve().parent.parent, f"{_CODE}/sandbox")
        interpreter = os.path.realpath(sys.executable)
        start = f"import sys; sys.path.append({_CODE!r}); from sandbox.oci.contained import main; main()"
        write_bundle(
            bundle,
            described.with_bind(code),
            Process([interpreter, "-I", "-S", "-B", "-c", start], ENVIRONMENT),
            disk=disk,
            host_id=host_id,
            # The kernel in user space has a /proc of its own, which shows nothing of the host.
            subset_proc=not self.runtime.own_kernel,
        )

    def _launch(self, control: socket.socket, bundle: Path) -> subprocess.Popen[bytes]:
        with (bundle / "log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "sandbox.oci.entering"],
                stdin=control.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=Path(__file__).resolve().parent.parent.parent,
                start_new_session=True,
            )

    def _entering(self, number: int, bundle: Path, disk: Path, host_id: int | None) -> dict[str, Any]:
        name = f"touchstone-{os.getpid()}-{number}"
        return {
            "argv": self.runtime.command(bundle=bundle, name=name),
            "privileged": self._privileged,
            "disk": str(disk),
            "owner": RUNNER_ID if host_id is None else host_id,
        }

    def _see_end(self, container: Container) -> None:
        process = self._living.get(container)
        if process is None:
            return  # the supervisor has stopped
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_TIMEOUT_S)
        try:
            self._end(container, process)
        finally:
            if container.ended:
                container.ended()

    def _end(self, container: Container, process: subprocess.Popen[bytes]) -> None:
        """Leaves no process, group or file of it."""
        with container.end:  # the supervisor may be stopping meanwhile, and must not be done before
            if container not in self._living:
                return
            container.kill()
            try:
                process.wait(_KILL_TIMEOUT_S)  # the runtime takes its own traces away
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            self._clear_away(container)
            del self._living[container]

    def _clear_away(self, container: Container) -> None:
        try:
            if container.group:
                container.group.kill()
                container.group.remove()
        except OSError as error:
            self._report(f"the group of a container cannot be removed: {error}")
        container.close()
        container.folder.remove()


class ContainerSource:
    """Containers for jobs of one kind, each started when it is wanted."""

    def __init__(self, containers: Containers, runtime: Runtime, device: Device | None) -> None:
        self._containers = containers
        self._job = (runtime, device)

    def take(self, timeout_s: float) -> Container:
        return self._containers.start(*self._job, timeout_s=timeout_s)

    def give_back(self, box: Container) -> None:
        self._containers.give_back(box)

    def guarantees(self, held: Sequence[str]) -> list[str]:
        """What holds in the runtime, of what holds in boxes."""
        runtime = self._containers.runtime
        kept = [name for name in held if not runtime.own_kernel or not name.startswith(_HOST_KERNELS)]
        own = ["processes:rlimit", "landlock:none"] if runtime.own_kernel else []
        return [*kept, *own, f"runtime:{runtime.name}"]


def _end_of(log: Path) -> str:
    """What the runtime said last; it says why it does not start."""
    try:
        return " ".join(log.read_text(errors="replace").split())[-_LOG_SHOWN:]
    except OSError:
        return ""
