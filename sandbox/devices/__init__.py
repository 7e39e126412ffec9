"""Devices that runs compute on: what the host has, who holds which, and whether one came back clean."""

from sandbox.devices.fake import FakeDevice
from sandbox.devices.layer import Device, DeviceFault, DeviceLayer
from sandbox.devices.leases import DeviceState, Lease, Leases
from sandbox.devices.opening import open_layer

__all__ = [
    "Device",
    "DeviceFault",
    "DeviceLayer",
    "DeviceState",
    "FakeDevice",
    "Lease",
    "Leases",
    "open_layer",
]
