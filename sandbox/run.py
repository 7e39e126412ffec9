"""One job in one box, as the supervisor sees it: the hand-over, the clock, the end, and the account."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.cgroups import Group, Usage
from sandbox.errors import BoxLost, InvalidJob
from sandbox.wire import WireError, is_number, receive_message, send_control

_LOAD_TIMEOUT_S = 60.0
_STOP_GRACE_S = 1.0
_LOOK_S = 0.005
_LOOKS_AFTER_OOM = 40
_LARGE_BYTES = 1024 * 1024
_ROOM_TO_REPORT = 8 * 1024 * 1024
_MAX_FIGURE = 2.0**62
_MAX_WORDS = 1000
_CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the supervisor itself holds a run to. `payload_bytes` are the job's own files."""

    cpu_s: float
    wall_s: float
    memory_bytes: int
    processes: int
    disk_bytes: int
    inodes: int
    payload_bytes: int


class Place(Protocol):
    """Where one job runs, made and waiting: a box, or a container."""

    control: socket.socket
    process: int
    """A pidfd of its first process."""
    program: int
    """A pidfd of the process that becomes the submission."""
    base: Usage | None
    own_base_s: float
    ended: Callable[[], None] | None

    @property
    def group(self) -> Group | None:
        """Its control group; None where the host gives none."""

    @property
    def tells_start(self) -> bool:
        """Whether a run's start comes long enough after the hand-over to be told, whatever its files."""

    def spare_processes(self, processes: int) -> int:
        """Processes that the group must allow beyond the submission's and those it has when a job comes."""

    def own_cpu_s(self) -> float:
        """CPU of its own that is none of the submission's, in seconds."""

    def is_alone(self) -> bool:
        """Whether it is certain that nothing is left of a submission whose first process has ended."""

    def resize(self, *, disk_bytes: int, inodes: int) -> None:
        """Sets the size of its disk."""

    def kill(self) -> None:
        """Ends it with everything in it."""


class Source(Protocol):
    """Where places come from, each for one job."""

    def take(self, timeout_s: float) -> Place:
        """One that waits for its job; `SandboxError` where none can be made in time."""

    def give_back(self, box: Any) -> None:
        """Takes a used one, which ends by itself once its client has read its report, or is killed."""

    def guarantees(self, held: Sequence[str]) -> list[str]:
        """What holds in these places, of what holds on the host."""


class Run:
    """Runs one job; `client` readable means that nobody waits for the answer any more."""

    def __init__(self, box: Place, bounds: Bounds, client: socket.socket) -> None:
        self._box = box
        self._bounds = bounds
        self._client = client
        self._started = 0.0
        self._limit_bytes = self._most_processes = 0
        self._program_ended = False

    def watch(self, order: dict[str, Any], data: int) -> dict[str, Any]:
        """Hands the job over, waits for its end or brings it about; the account of it.

        Raises `BoxLost` where the box ended before its job did, `InvalidJob` where the job's files do not
        fit.
        """
        try:
            self._set_bounds()
            # Small files are there at once: to hear of the start would cost a switch to us and back.
            told = self._box.tells_start or self._bounds.payload_bytes > _LARGE_BYTES
            send_control(self._box.control, order | {"tell_start": told}, data)
            self._started = time.monotonic()
            self._box.control.settimeout(_LOAD_TIMEOUT_S)
            if told:
                at = _figure(_accepted(receive_message(self._box.control)), "at")
                # A box's word moves the clock of its run within what we have seen ourselves, and no further.
                self._started = min(max(at, self._started), time.monotonic())
        except (WireError, OSError) as error:
            raise BoxLost(f"The box could not take the job: {error}") from error
        stopped = self._wait()
        return self._account(stopped, self._ending(stopped))

    def _set_bounds(self) -> None:
        box, bounds = self._box, self._bounds
        if box.group and box.base:
            self._limit_bytes = box.base.memory_bytes + bounds.payload_bytes + bounds.memory_bytes
            # One of the parked processes is the one that becomes the submission.
            spare = box.spare_processes(bounds.processes)
            self._most_processes = box.base.processes - 1 + bounds.processes + spare
            box.group.set_limits(memory_bytes=self._limit_bytes, processes=self._most_processes)
        box.resize(disk_bytes=bounds.disk_bytes, inodes=bounds.inodes)

    def _wait(self) -> str | None:
        """Waits for the end; why it was brought about, None where the job ended by itself."""
        box, bounds, group = self._box, self._bounds, self._box.group
        poll = select.poll()
        for fd in (box.control, box.process, box.program, self._client):
            poll.register(fd, select.POLLIN)
        oom_fd = -1
        if group:
            oom_fd, events = group.oom_event
            poll.register(oom_fd, events)
        deadline = self._started + bounds.wall_s
        looks_after_oom = 0
        pause_s = bounds.cpu_s / _CORES
        while True:
            remaining_s = max(deadline - time.monotonic(), 0.0)
            ready = dict(poll.poll(min(pause_s, remaining_s) * 1000 + 0.5))
            if self._client.fileno() in ready:
                return "client gone"
            self._program_ended = box.program in ready
            if self._program_ended or ready.keys() & {box.control.fileno(), box.process}:
                return None
            used_s = self._cpu_s()
            wall_s = time.monotonic() - self._started
            if over := self._exceeded(used_s, wall_s):
                return over
            if group is None or box.base is None:
                pause_s = remaining_s
                continue
            if oom_fd in ready:
                looks_after_oom = _LOOKS_AFTER_OOM  # the kernel says so first, and counts when it has killed
            if group.oom_kills() > box.base.oom_kills:
                return "memory"
            # No sooner can the limit on CPU time be passed, with every core at it.
            pause_s = max((bounds.cpu_s - used_s) / _CORES, _LOOK_S)
            if looks_after_oom:
                looks_after_oom -= 1
                pause_s = _LOOK_S
            pause_s = min(pause_s, group.look_every_s or pause_s)

    def _exceeded(self, cpu_s: float, wall_s: float) -> str | None:
        """The limit that is passed; of two the one that is passed by more."""
        cpu, wall = cpu_s / self._bounds.cpu_s, wall_s / self._bounds.wall_s
        if max(cpu, wall) < 1:
            return None
        return "cpu" if cpu >= wall else "wall"

    def _cpu_s(self) -> float:
        """What the submission has used: what the group has, less what the box's init has."""
        box = self._box
        if not box.group or not box.base:
            return 0.0
        own_s = box.own_cpu_s() - box.own_base_s
        return max(box.group.cpu_s() - box.base.cpu_s - own_s, 0.0)

    def _ending(self, stopped: str | None) -> dict[str, Any]:
        """What init says of the end; nothing, where it could not say it in time and was killed."""
        control = self._box.control
        if self._program_ended and self._box.is_alone():
            # Init is about to say the same; the account need not wait for it.
            return {"at": time.monotonic()}
        try:
            if stopped:
                control.settimeout(_STOP_GRACE_S)
                send_control(control, {"op": "stop"})
            ended = receive_message(control)
        except (WireError, OSError):
            self._box.kill()
            return {}
        return _accepted(ended)

    def _account(self, stopped: str | None, ended: dict[str, Any]) -> dict[str, Any]:
        box = self._box
        now = time.monotonic()
        at = min(max(_figure(ended, "at", now), self._started), now)
        account: dict[str, Any] = {
            "stopped": stopped,
            "at": at,
            "wall_s": at - self._started,
        }
        if box.group and box.base:
            own_s = box.own_cpu_s() - box.own_base_s
            after = box.group.usage()
            if after.memory_bytes > self._limit_bytes - _ROOM_TO_REPORT:
                # What the submission filled must not be the death of its report. It gets no more than that:
                # we only have the box's word that nothing but init is left in it.
                box.group.lift_limits()
                most_bytes = self._limit_bytes + _ROOM_TO_REPORT
                box.group.set_limits(memory_bytes=most_bytes, processes=self._most_processes)
            self._let_report(ended)
            account["cpu_s"] = max(after.cpu_s - box.base.cpu_s - own_s, 0.0)
            return account | self._counted(box.base, after)
        self._let_report(ended)
        return account | {
            "cpu_s": _figure(ended, "cpu_s", 0.0),
            "peak_bytes": int(_figure(ended, "peak_bytes", 0)),
            "oom": bool(ended.get("over_memory")),
            "process_limit_hit": False,
        }

    def _let_report(self, ended: dict[str, Any]) -> None:
        """Nothing that the report needs counts any more."""
        try:
            send_control(self._box.control, {"op": "report"})
        except OSError as error:
            if ended:
                raise BoxLost(f"The box was lost before it could report: {error}") from error

    def _counted(self, before: Usage, after: Usage) -> dict[str, Any]:
        payload = before.memory_bytes + self._bounds.payload_bytes
        return {
            "peak_bytes": max(after.peak_bytes - payload, 0),
            "oom": after.oom_kills > before.oom_kills,
            "process_limit_hit": after.fork_refusals > before.fork_refusals,
        }


def _accepted(message: dict[str, Any]) -> dict[str, Any]:
    if message.get("event") == "refused":
        raise InvalidJob(str(message.get("why"))[:_MAX_WORDS])
    return message


def _figure(message: dict[str, Any], name: str, absent: float | None = None) -> float:
    """A figure that a box tells; it shares a jail with a submission, and is not believed to be one."""
    value = message.get(name, absent)
    if not is_number(value) or not 0 <= value < _MAX_FIGURE:
        raise BoxLost(f"The box told {name} as {str(value)[:40]}.")
    return float(value)
