"""Whether the zygotes of one pool still live: each must be ready in time, and answer when it is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from sandbox.box import Zygote
from sandbox.wire import send_control

_START_TIMEOUT_S = 120.0
_ANSWER_TIMEOUT_S = 10.0
_PING_AFTER_S = 30.0


@dataclass(slots=True)
class _Record:
    """When a zygote began its life, or its service; was last heard; and was asked, if it owes an answer."""

    begun: float
    heard: float
    asked: float | None = None


class Health:
    """Used by the pool's thread alone. Times are those of CLOCK_MONOTONIC, in seconds."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._records: dict[Zygote, _Record] = {}

    def __iter__(self) -> Iterator[Zygote]:
        """Every zygote that has begun and is not buried."""
        return iter(list(self._records))

    def begin(self, zygote: Zygote) -> None:
        """A new zygote; or, called again, one that is ready from now on."""
        now = time.monotonic()
        self._records[zygote] = _Record(now, now)

    def heard(self, zygote: Zygote) -> None:
        """It has answered."""
        record = self._records[zygote]
        record.heard, record.asked = time.monotonic(), None

    def age_s(self, zygote: Zygote) -> float:
        """How long it has served."""
        return time.monotonic() - self._records[zygote].begun

    def forget(self, zygote: Zygote) -> None:
        """It is buried."""
        del self._records[zygote]

    def check(self) -> None:
        """Stops those that do not get ready or do not answer, and asks those not heard for a while."""
        now = time.monotonic()
        for zygote, record in self._records.items():
            if zygote.alive:
                self._check(zygote, record, now)

    def _check(self, zygote: Zygote, record: _Record, now: float) -> None:
        if zygote.process is None:
            if now > record.begun + _START_TIMEOUT_S:
                self._report(f"The {zygote.runtime} zygote was not ready in {_START_TIMEOUT_S:.0f} s.")
                zygote.stop()
        elif record.asked is not None:
            if now > record.asked + _ANSWER_TIMEOUT_S:
                self._report(f"The {zygote.runtime} zygote does not answer.")
                zygote.stop()
        elif now > record.heard + _PING_AFTER_S:
            record.asked = now
            with suppress(OSError):
                send_control(zygote.control, {"op": "ping"})
