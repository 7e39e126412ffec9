"""How an evaluator takes times: warmed up, interleaved with the baseline, and on the device's own clock.

On a GPU a call returns before its kernels have run, and the host's clock would measure the launch. There the
times are the device's: two events of the CUDA driver (CUDA Driver API, "Event Management") around a call and
the wait for all its work. Elsewhere they are the host's clock, which the timer's name says. Write `timer`
into measured.json, so that the result can name it.
"""

from __future__ import annotations

import ctypes
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

WALL_CLOCK, DEVICE_EVENTS = "wall clock", "device events"
PERFORMANCE = Path("performance.json")
_CUDA = "libcuda.so.1"
_DEFAULT = 0
Call = Callable[[], object]


class Timer(Protocol):
    """Measures one call, from its start to the end of all work that it began."""

    name: str

    def seconds(self, call: Call) -> float:
        """How long the call took."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds by repetition: the i-th of both were taken one right after the other."""

    seconds: list[float]
    baseline_seconds: list[float]
    timer: str


class WallClock:
    """The host's monotonic clock."""

    name = WALL_CLOCK

    def seconds(self, call: Call) -> float:
        started = time.perf_counter()
        call()
        return time.perf_counter() - started


class DeviceEvents:
    """The events of the CUDA driver on its first visible device, in the context that frameworks share."""

    name = DEVICE_EVENTS

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        device, context = ctypes.c_int(), ctypes.c_void_p()
        self._call("cuDeviceGet", ctypes.byref(device), 0)
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self._call("cuCtxSetCurrent", context)
        self._start, self._end = self._event(), self._event()

    def seconds(self, call: Call) -> float:
        self._call("cuCtxSynchronize")
        self._call("cuEventRecord", self._start, None)
        call()
        self._call("cuCtxSynchronize")
        self._call("cuEventRecord", self._end, None)
        self._call("cuEventSynchronize", self._end)
        milliseconds = ctypes.c_float()
        self._call("cuEventElapsedTime", ctypes.byref(milliseconds), self._start, self._end)
        return milliseconds.value / 1000

    def _event(self) -> ctypes.c_void_p:
        event = ctypes.c_void_p()
        self._call("cuEventCreate", ctypes.byref(event), _DEFAULT)
        return event

    def _call(self, name: str, *arguments: Any) -> None:
        code = getattr(self._library, name)(*arguments)
        if code != 0:
            raise RuntimeError(f"{name} says {code}")


def best_timer(library: str = _CUDA) -> Timer:
    """Device events where this process may use a CUDA device, the wall clock elsewhere."""
    count = ctypes.c_int()
    try:
        cuda = ctypes.CDLL(library)
        found = cuda.cuInit(0) == 0 and cuda.cuDeviceGetCount(ctypes.byref(count)) == 0
    except (OSError, AttributeError):
        found = False
    return DeviceEvents(cuda) if found and count.value else WallClock()


def interleaved(call: Call, baseline: Call, timer: Timer | None = None) -> Timings:
    """Times both in turn, as often as the problem's `performance` says, after its warm-up calls.

    In turn, so that whatever slows the machine for a while slows both.
    """
    wanted = json.loads(PERFORMANCE.read_text())
    timer = timer or best_timer()
    for _ in range(wanted["warm_up"]):
        timer.seconds(call)
        timer.seconds(baseline)
    pairs = [(timer.seconds(call), timer.seconds(baseline)) for _ in range(wanted["repetitions"])]
    return Timings([own for own, _ in pairs], [other for _, other in pairs], timer.name)
