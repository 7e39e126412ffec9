"""What a device layer answers: which devices there are, what lies in their memory, who computes on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class DeviceFault(Exception):
    """A device or its driver did not answer as a healthy one does; the message says what it said."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device of this host.

    `key` names it for good: in `CUDA_VISIBLE_DEVICES`, and in the lock that all sandboxes of the host share.
    `nodes` and `libraries` are what its user must see: path in the jail to the host's.
    """

    key: str
    name: str
    driver: str
    memory_bytes: int
    nodes: Mapping[str, Path] = field(default_factory=dict)
    libraries: Mapping[str, Path] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


class DeviceLayer(Protocol):
    """Every call may block as long as a broken driver blocks, and raises nothing but `DeviceFault`."""

    def devices(self) -> tuple[Device, ...]:
        """The host's devices, in the driver's order."""

    def memory_used(self, device: Device) -> int:
        """Bytes of the device's memory that are in use now, by whomever."""

    def processes(self, device: Device) -> tuple[int, ...]:
        """Processes that compute on it, by the host's process ids; empty where the driver cannot say."""


class NoDevices:
    """The layer of a host that has none."""

    def devices(self) -> tuple[Device, ...]:
        return ()

    def memory_used(self, device: Device) -> int:
        raise DeviceFault(f"this host has no {device.name}")

    def processes(self, device: Device) -> tuple[int, ...]:
        raise DeviceFault(f"this host has no {device.name}")
