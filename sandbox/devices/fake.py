"""Devices that exist only for tests: the same interface, and the same kinds of nodes in the jail.

A fake device's memory is a FIFO: a run "allocates" one MiB with each byte it writes to `/dev/fake0`, and gets
it back by reading. As with a real driver, memory is free again once the last process that holds the node open
is gone. What a driver may do wrong is set in `state.json` beside it, read anew at every question.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import struct
import termios
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.devices.layer import Device, DeviceFault

_MIB = 1024 * 1024
_MOST_DRAINED = 1 << 20
NODE, CONTROL_NODE = "/dev/fake0", "/dev/fakectl"
LIBRARY = "/opt/fake-driver/libfake.so.1"


@dataclass(frozen=True, slots=True)
class FakeDevice:
    """One fake device. `folder` is its own and holds its node, its library and its `state.json`:

    `used_bytes`: memory that others hold; `leaks`: memory stays in use after the process is gone; `lost`: the
    device answers with a fault; `hangs_s`: each answer takes so long; `processes`: ids of its users.
    """

    name: str
    memory_bytes: int
    folder: Path
    driver: str = "fake 1.0"

    def to_json(self) -> dict[str, Any]:
        """The form a supervisor's configuration holds."""
        return {
            "name": self.name,
            "memory_bytes": self.memory_bytes,
            "folder": str(self.folder),
            "driver": self.driver,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> FakeDevice:
        return cls(stored["name"], stored["memory_bytes"], Path(stored["folder"]), stored["driver"])

    def set_state(self, **state: Any) -> None:
        """Replaces the state, so that no reader sees half of it."""
        fresh = self.folder / "state.new"
        fresh.write_text(json.dumps(state))
        fresh.replace(self.folder / "state.json")

    def state(self) -> dict[str, Any]:
        """What `set_state` left; empty before the first."""
        file = self.folder / "state.json"
        state: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        return state


class FakeLayer:
    """Serves the given devices."""

    def __init__(self, devices: tuple[FakeDevice, ...]) -> None:
        self._fakes = {str(fake.folder): fake for fake in devices}
        self._memory = {key: _Fifo(fake.folder / "node") for key, fake in self._fakes.items()}

    def devices(self) -> tuple[Device, ...]:
        return tuple(self._device(key, fake) for key, fake in self._fakes.items())

    def memory_used(self, device: Device) -> int:
        state = self._answering(device)
        written = self._memory[device.key].written(keep=bool(state.get("leaks")))
        return int(state.get("used_bytes", 0)) + written * _MIB

    def processes(self, device: Device) -> tuple[int, ...]:
        return tuple(self._answering(device).get("processes", ()))

    def _answering(self, device: Device) -> dict[str, Any]:
        state = self._fakes[device.key].state()
        time.sleep(state.get("hangs_s", 0))
        if state.get("lost"):
            raise DeviceFault("the fake device is lost")
        return state

    @staticmethod
    def _device(key: str, fake: FakeDevice) -> Device:
        library = fake.folder / "library"
        library.write_text("fake driver")
        library.chmod(0o644)
        return Device(
            key=key,
            name=fake.name,
            driver=fake.driver,
            memory_bytes=fake.memory_bytes,
            nodes={NODE: fake.folder / "node", CONTROL_NODE: Path("/dev/zero")},
            libraries={LIBRARY: library},
            environment={"CUDA_VISIBLE_DEVICES": fake.name},
        )


class _Fifo:
    """A FIFO whose content is the memory in use."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            os.mkfifo(path)
            path.chmod(0o666)
        self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._lock = threading.Lock()

    def written(self, *, keep: bool) -> int:
        """Bytes in it; they go with the last writer unless they are to be kept."""
        with self._lock:
            poll = select.poll()
            poll.register(self._fd, select.POLLIN)
            events = dict(poll.poll(0)).get(self._fd, 0)
            if events & select.POLLHUP and events & select.POLLIN and not keep:
                os.read(self._fd, _MOST_DRAINED)
            (count,) = struct.unpack("i", fcntl.ioctl(self._fd, termios.FIONREAD, b"\0" * 4))
            return int(count)
