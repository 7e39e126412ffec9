"""What a client may order: every field of its kind and within bounds, or the order is refused in words."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, fields
from typing import Any

from sandbox.errors import InvalidJob
from sandbox.job import DeviceKind, DeviceRequest, Runtime
from sandbox.run import Bounds
from sandbox.wire import is_number, is_whole

_RUNTIMES = frozenset(Runtime)
_SECONDS = frozenset({"cpu_s", "wall_s"})
_MAX = {
    "cpu_s": 3600,
    "wall_s": 7200,
    "memory_bytes": 2**40,
    "processes": 4096,
    "output_bytes": 2**30,
    "disk_bytes": 2**36,
    "inodes": 2**20,
    "collect_bytes": 2**31,
}
_BOUNDS = tuple(bound.name for bound in fields(Bounds) if bound.name in _MAX)
_DEVICE_FIELDS = {"kind", "memory_bytes", "wait_s"}


@dataclass(frozen=True, slots=True)
class Order:
    """One run, checked. `limits` are all of them, for the box; `bounds` those the supervisor sees to."""

    runtime: Runtime
    limits: dict[str, int | float]
    bounds: Bounds
    device: DeviceRequest | None
    high_assurance: bool


def read_order(message: dict[str, Any]) -> Order:
    """The run that a client's message asks for; `InvalidJob` where none can be meant."""
    runtime, contained = message.get("runtime"), message.get("high_assurance", False)
    if not isinstance(runtime, str) or runtime not in _RUNTIMES:
        raise InvalidJob(f"There is no runtime {_shown(runtime)}.")
    if not isinstance(contained, bool):
        raise InvalidJob(f"High assurance is demanded or not, and not {_shown(contained)}.")
    limits = _limits(message.get("limits"))
    return Order(
        Runtime(runtime),
        limits,
        _bounds(message.get("payload_bytes"), limits),
        _device(message.get("device")),
        contained,
    )


def _limits(given: Any) -> dict[str, int | float]:
    if not isinstance(given, dict):
        raise InvalidJob(f"The limits must come by name, not as {_shown(given)}.")
    limits: dict[str, int | float] = {}
    for name, most in _MAX.items():
        value = given.get(name)
        if not is_number(value) or not 0 < value <= most:
            raise InvalidJob(
                f"The limit {name} must be a number above 0 and at most {most}, not {_shown(value)}."
            )
        limits[name] = value if name in _SECONDS else int(value)
        if not limits[name]:
            raise InvalidJob(f"The limit {name} must be a whole number above 0, not {_shown(value)}.")
    file_bytes = given.get("file_bytes")
    if file_bytes is not None and not (is_whole(file_bytes) and 0 <= file_bytes <= _MAX["disk_bytes"]):
        raise InvalidJob(f"The limit file_bytes must be a whole number or none, not {_shown(file_bytes)}.")
    limits["file_bytes"] = limits["disk_bytes"] if file_bytes is None else file_bytes
    return limits


def _bounds(payload_bytes: Any, limits: dict[str, int | float]) -> Bounds:
    """What the supervisor holds the run to; the job's files are none of its memory."""
    disk_bytes = limits["disk_bytes"]
    if not is_whole(payload_bytes) or not 0 <= payload_bytes <= disk_bytes:
        raise InvalidJob(f"The job's files take {_shown(payload_bytes)} bytes, its disk has {disk_bytes}.")
    own: dict[str, Any] = {name: limits[name] for name in _BOUNDS}
    return Bounds(**own, payload_bytes=payload_bytes)


def _device(asked: Any) -> DeviceRequest | None:
    """The device a job asks for, None where it asks for none."""
    if asked is None:
        return None
    if not isinstance(asked, dict) or set(asked) != _DEVICE_FIELDS:
        raise InvalidJob("A device is asked for with its kind, memory_bytes and wait_s.")
    kind, memory_bytes, wait_s = asked["kind"], asked["memory_bytes"], asked["wait_s"]
    if not isinstance(kind, str) or kind not in set(DeviceKind):
        raise InvalidJob(f"There is no device of the kind {_shown(kind)}.")
    if not is_whole(memory_bytes) or not 0 <= memory_bytes <= _MAX["memory_bytes"]:
        raise InvalidJob(f"No device can be asked for with {_shown(memory_bytes)} bytes.")
    if not is_number(wait_s) or not 0 <= wait_s <= _MAX["wall_s"]:
        raise InvalidJob(f"Nobody can wait {_shown(wait_s)} s for a device.")
    return DeviceRequest(DeviceKind(kind), memory_bytes, float(wait_s))


def _shown(value: Any) -> str:
    """A value that may be anything, of any length and depth, for a message."""
    return reprlib.repr(value)
