"""What a problem demands of its runs beyond limits: a device, high assurance."""

from __future__ import annotations

from dataclasses import replace

from questionbank.packages.model import DeviceWish, Package
from sandbox.client import Sandbox
from sandbox.devices import DeviceState
from sandbox.job import MIB, Conversation, DeviceKind, DeviceRequest, Job, Outcome

DEVICE_WAIT_S = 900.0
"""How long a run stands in line for a GPU before judging is tried again later."""
_KINDS = {DeviceWish.ANY: DeviceKind.ANY, DeviceWish.GPU: DeviceKind.GPU}


class DemandingSandbox:
    """A sandbox that lays a problem's demands on every job, and remembers what the runs were given.

    `device` and `driver` name what computed, several of them where runs differed.
    """

    def __init__(self, inner: Sandbox, request: DeviceRequest | None, *, high_assurance: bool) -> None:
        self._inner = inner
        self._request = request
        self._high_assurance = high_assurance
        self._guarantees: tuple[str, ...] | None = None
        self._devices: dict[str, str] = {}

    def run(self, job: Job) -> Outcome:
        outcome = self._inner.run(replace(job, device=self._request, high_assurance=self._high_assurance))
        self._devices.setdefault(outcome.device, outcome.driver)
        self._guarantees = outcome.guarantees
        return outcome

    def converse(self, leader: Job, other: Job) -> Conversation:
        """The other one is the answer's: the leader is of the package, and computes on no device."""
        said = self._inner.converse(
            replace(leader, high_assurance=self._high_assurance),
            replace(other, device=self._request, high_assurance=self._high_assurance),
        )
        self._devices.setdefault(said.other.device, said.other.driver)
        self._guarantees = said.other.guarantees
        return said

    def guarantees(self) -> tuple[str, ...]:
        """What held in the last run; before the first, what holds on the host."""
        return self._inner.guarantees() if self._guarantees is None else self._guarantees

    def devices(self) -> tuple[DeviceState, ...]:
        return self._inner.devices()

    def close(self) -> None:
        self._inner.close()

    @property
    def device(self) -> str:
        return ", ".join(self._devices) or "cpu"

    @property
    def driver(self) -> str:
        return ", ".join(dict.fromkeys(filter(None, self._devices.values())))


def assured(package: Package, sandbox: Sandbox) -> Sandbox:
    """The sandbox for what compiles an answer to this problem: of the demands only that for assurance."""
    return DemandingSandbox(sandbox, None, high_assurance=True) if package.high_assurance else sandbox


def demanding(package: Package, sandbox: Sandbox) -> DemandingSandbox:
    """The sandbox for the runs of an answer to this problem; compile steps compute on no device."""
    need = package.device
    request = None
    if need is not None:
        request = DeviceRequest(_KINDS[need.wish], memory_bytes=need.memory_mib * MIB, wait_s=DEVICE_WAIT_S)
    return DemandingSandbox(sandbox, request, high_assurance=package.high_assurance)
