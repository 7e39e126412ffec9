"""Which device layer a supervisor uses."""

from __future__ import annotations

from sandbox.devices.fake import FakeDevice, FakeLayer
from sandbox.devices.layer import DeviceLayer, NoDevices
from sandbox.devices.nvml import open_nvml


def open_layer(fakes: tuple[FakeDevice, ...] | None = None) -> DeviceLayer:
    """The driver's own devices, none where there is no driver; the given fake ones where any are given."""
    if fakes is not None:
        return FakeLayer(fakes)
    return open_nvml() or NoDevices()
