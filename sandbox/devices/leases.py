"""Who holds which device: one run a device, first come first served, clean before the next.

Each device has a keeper, a thread that alone asks the driver about it; nobody holds a lock while a driver
thinks, so that one that hangs takes its own device out of service and nothing else. A run waits for its lease
before it takes a box and never for a second one: nothing that is held is ever waited for in a circle.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.devices.layer import Device, DeviceFault, DeviceLayer
from sandbox.errors import DeviceBusy, DeviceFailed, NoDevice
from sandbox.job import MIB, DeviceKind, DeviceRequest

SLACK_BYTES = 64 * MIB
"""A driver's own use varies by less than this; a context that stayed takes more."""
_LOOK_EVERY_S = 0.05
_ASK_HOST_EVERY_S = 0.2
_IDLE_ANSWER_S = 2.0
_ANSWER_WITHIN_S = 5.0


class _Phase(StrEnum):
    FREE = "free"
    LEASED = "in use"
    ASKED = "asked"
    """Leased, and its holder wants to know whether it still answers."""
    RETURNED = "being checked"
    OUT = "out of service"


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device as an operator wants to read it; `detail` says why it is out of service."""

    key: str
    name: str
    driver: str
    memory_bytes: int
    phase: str
    detail: str


class Lease:
    """The right of one run to one device. Ends with `Leases.release`, exactly once."""

    def __init__(self, slot: _Slot) -> None:
        self._slot = slot
        self.device: Device = slot.device


class _Slot:
    """One device's place. `phase`, `held` and `detail` change under the condition of `Leases` only; the rest
    is the keeper's own."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.phase = _Phase.FREE
        self.held = False
        """Whether a run has it, whatever became of the device meanwhile."""
        self.detail = ""
        self.baseline_bytes = 0
        self.host_lock: socket.socket | None = None
        self.asked_since: float | None = None


@dataclass(slots=True, eq=False)
class _Ticket:
    request: DeviceRequest
    lease: Lease | None = None
    refused: set[str] = field(default_factory=set)
    """Keys of idle devices that had not the memory when last asked."""


class Leases:
    """The devices of one layer. `grace_s`: how long a device may take to be clean after a run."""

    def __init__(
        self,
        layer: DeviceLayer,
        *,
        report: Callable[[str], None],
        died: Callable[[str], None],
        grace_s: float,
        recheck_s: float = 5.0,
    ) -> None:
        """`died` is called, with what has died and within the handling of why, where a keeper has."""
        self._layer = layer
        self._report = report
        self._died = died
        self._grace_s = grace_s
        self._recheck_s = recheck_s
        self._changed = threading.Condition()
        self._waiting: deque[_Ticket] = deque()
        self._stopping = False
        self._slots = [_Slot(device) for device in layer.devices()]
        for slot in self._slots:
            name = f"device-{slot.device.key}"
            threading.Thread(target=self._keep, args=(slot,), name=name, daemon=True).start()

    def acquire(self, request: DeviceRequest, gone: Callable[[], bool] = lambda: False) -> Lease | None:
        """A lease; waits up to `request.wait_s` for its turn, or until `gone` says that nobody wants it.

        None for a request of any kind where no device is idle: it computes on the CPU and waits for nobody.
        Raises `NoDevice` where the host has none that fits, `DeviceBusy` where none came free in time.
        """
        with self._changed:
            fitting = [slot for slot in self._slots if request.memory_bytes <= slot.device.memory_bytes]
            patient = request.kind is DeviceKind.GPU
            if not patient and not self._any_idle(fitting):
                return None
            if not fitting:
                raise NoDevice(self._why_none(request))
            ticket = _Ticket(request)
            self._waiting.append(ticket)
            self._changed.notify_all()
            try:
                self._wait(ticket, request.wait_s if patient else _IDLE_ANSWER_S, fitting, gone)
            finally:
                if ticket.lease is None:
                    self._waiting.remove(ticket)
        if ticket.lease is None and patient:
            raise DeviceBusy(self._why_busy(request, fitting))
        return ticket.lease

    def verify(self, lease: Lease) -> None:
        """Raises `DeviceFailed` where the device did not live through the run, which then says nothing."""
        slot = lease._slot
        with self._changed:
            if slot.phase is _Phase.LEASED:
                slot.phase = _Phase.ASKED
                self._changed.notify_all()
                self._changed.wait_for(lambda: slot.phase is not _Phase.ASKED, _ANSWER_WITHIN_S)
            if slot.phase is not _Phase.LEASED:
                said = slot.detail or f"it has not answered for {_ANSWER_WITHIN_S:.0f} s"
                raise DeviceFailed(f"{lease.device.name} failed during the run: {said}.")

    def release(self, lease: Lease) -> None:
        """Ends a lease whose processes are dead; the device is checked before anyone gets it again."""
        with self._changed:
            lease._slot.held = False
            lease._slot.phase = _Phase.RETURNED
            self._changed.notify_all()

    def states(self) -> tuple[DeviceState, ...]:
        """Every device, for `doctor`."""
        with self._changed:
            return tuple(
                DeviceState(
                    key=slot.device.key,
                    name=slot.device.name,
                    driver=slot.device.driver,
                    memory_bytes=slot.device.memory_bytes,
                    phase=slot.phase.value,
                    detail=_silence(slot) or slot.detail,
                )
                for slot in self._slots
            )

    def stop(self) -> None:
        """Ends the keepers; what waits is told that no device came free."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def _any_idle(self, fitting: list[_Slot]) -> bool:
        """Whether a device is idle and nobody stands in line for one."""
        return not self._waiting and any(slot.phase is _Phase.FREE for slot in fitting)

    def _wait(self, ticket: _Ticket, wait_s: float, fitting: list[_Slot], gone: Callable[[], bool]) -> None:
        deadline = time.monotonic() + wait_s
        impatient = ticket.request.kind is DeviceKind.ANY
        keys = {slot.device.key for slot in fitting}
        while ticket.lease is None and not self._stopping and not gone():
            remaining = deadline - time.monotonic()
            if remaining <= 0 or (impatient and ticket.refused >= keys):
                return
            self._changed.wait(min(remaining, _LOOK_EVERY_S))

    def _why_none(self, request: DeviceRequest) -> str:
        if not self._slots:
            return "This host has no GPU, or no driver for one."
        most = max(slot.device.memory_bytes for slot in self._slots)
        return (
            f"No GPU of this host has {request.memory_bytes // MIB} MiB of memory; "
            f"the largest has {most // MIB} MiB."
        )

    def _why_busy(self, request: DeviceRequest, fitting: list[_Slot]) -> str:
        with self._changed:
            states = "; ".join(
                f"{slot.device.name}: {slot.phase.value}{f' ({slot.detail})' if slot.detail else ''}"
                for slot in fitting
            )
        return f"No GPU came free within {request.wait_s:.0f} s. {states}."

    def _keep(self, slot: _Slot) -> None:
        """The keeper of one device: all questions to the driver about it are asked here."""
        try:
            self._serve(slot)
        except BaseException:
            self._died(f"the keeper of {slot.device.name}")

    def _serve(self, slot: _Slot) -> None:
        while True:
            with self._changed:
                while not self._stopping and not self._has_work(slot):
                    self._changed.wait()
                if self._stopping:
                    _unlock(slot)
                    return
                phase = slot.phase
            if phase is _Phase.FREE:
                self._offer(slot)
            elif phase is _Phase.ASKED:
                self._answer(slot)
            elif phase is _Phase.RETURNED:
                self._check(slot)
            else:
                self._recheck(slot)

    def _has_work(self, slot: _Slot) -> bool:
        if slot.phase is _Phase.FREE:
            return any(self._suits(slot, ticket) for ticket in self._waiting)
        if slot.phase is _Phase.OUT:
            return not slot.held
        return slot.phase is not _Phase.LEASED

    @staticmethod
    def _suits(slot: _Slot, ticket: _Ticket) -> bool:
        return ticket.request.memory_bytes <= slot.device.memory_bytes

    def _offer(self, slot: _Slot) -> None:
        """Gives a free device to the first in line whom its free memory serves."""
        slot.host_lock = _lock_on_host(slot.device.key)
        slot.baseline_bytes = slot.device.memory_bytes  # nobody's leftover can be told yet
        used = self._used(slot) if slot.host_lock else None
        with self._changed:
            for ticket in list(self._waiting):
                if used is not None and ticket.request.memory_bytes <= slot.device.memory_bytes - used:
                    self._waiting.remove(ticket)
                    ticket.lease = Lease(slot)
                    slot.phase, slot.held, slot.baseline_bytes = _Phase.LEASED, True, used
                    self._changed.notify_all()
                    return
                ticket.refused.add(slot.device.key)
            if slot.phase is _Phase.FREE:
                _unlock(slot)  # another sandbox's, or full of somebody else's work
                self._changed.wait_for(lambda: self._stopping, _ASK_HOST_EVERY_S)

    def _answer(self, slot: _Slot) -> None:
        used = self._used(slot)
        with self._changed:
            if slot.phase is _Phase.ASKED and used is not None:
                slot.phase = _Phase.LEASED
            self._changed.notify_all()

    def _check(self, slot: _Slot) -> None:
        """After a run: free again once the run's memory is, out of service where it stays in use."""
        deadline = time.monotonic() + self._grace_s
        while (used := self._used(slot)) is not None:
            if used <= slot.baseline_bytes + SLACK_BYTES:
                self._set_free(slot)
                return
            if time.monotonic() > deadline:
                self._take_out(slot, self._leftover(slot, used))
                return
            time.sleep(_LOOK_EVERY_S)

    def _recheck(self, slot: _Slot) -> None:
        """Out of service: looks now and then whether the device has come to itself."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, self._recheck_s)
            if self._stopping:
                return
        used = self._used(slot)
        if used is not None and used <= slot.baseline_bytes + SLACK_BYTES:
            self._set_free(slot)
            self._report(f"{slot.device.name} is clean again and back in service")

    def _leftover(self, slot: _Slot, used: int) -> str:
        left = (
            f"{(used - slot.baseline_bytes) // MIB} MiB still in use {self._grace_s:g} s after the run's end"
        )
        try:
            users = self._layer.processes(slot.device)
        except DeviceFault:
            users = ()
        return f"{left}, held by process {', '.join(map(str, users))}" if users else left

    def _used(self, slot: _Slot) -> int | None:
        """The device's memory in use; None, and the device out of service, where it does not answer."""
        slot.asked_since = time.monotonic()
        try:
            return self._layer.memory_used(slot.device)
        except DeviceFault as fault:
            self._take_out(slot, str(fault))
            return None
        finally:
            slot.asked_since = None

    def _take_out(self, slot: _Slot, why: str) -> None:
        with self._changed:
            if slot.phase is not _Phase.OUT or slot.detail != why:
                self._report(f"{slot.device.name} is out of service: {why}")
            slot.phase, slot.detail = _Phase.OUT, why
            self._changed.notify_all()

    def _set_free(self, slot: _Slot) -> None:
        with self._changed:
            _unlock(slot)
            slot.phase, slot.detail = _Phase.FREE, ""
            self._changed.notify_all()


def _silence(slot: _Slot) -> str:
    asked = slot.asked_since
    silent_s = 0.0 if asked is None else time.monotonic() - asked
    return f"its driver has not answered for {silent_s:.0f} s" if silent_s > _ANSWER_WITHIN_S else ""


def _lock_on_host(key: str) -> socket.socket | None:
    """An exclusive mark that every sandbox of the host sees, and that ends with this process (unix(7))."""
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        mark.bind(f"\0touchstone-device:{key}"[:107])
    except OSError:
        mark.close()
        return None
    return mark


def _unlock(slot: _Slot) -> None:
    if slot.host_lock:
        slot.host_lock.close()
    slot.host_lock = None
