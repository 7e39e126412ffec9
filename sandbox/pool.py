"""Keeps boxes of one runtime parked: one thread that starts zygotes, has boxes forked, and sees them end."""

from __future__ import annotations

import os
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.box import Box, Zygote, ZygoteFailed
from sandbox.cgroups import Group
from sandbox.errors import SandboxError
from sandbox.health import Health
from sandbox.job import Runtime
from sandbox.slots import Slots
from sandbox.wire import WireError, receive_message

_TICK_S = 1.0
_START_TIMEOUT_S = 120.0
_PARK_TIMEOUT_S = 10.0
_REPORTING_S = 60.0
_EMPTY_TIMEOUT_S = 10.0
_PARKING_AT_ONCE = 4
_TRIES = 3
_MAX_PAUSE_S = 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How many boxes wait, and how long a zygote lives: see `client.Config`."""

    parked: int
    idle_s: float | None
    renew_after_jobs: int
    renew_after_s: float


class Pool:
    """The boxes of one runtime. `take` and `give_back` may be called from any thread."""

    def __init__(
        self,
        runtime: Runtime,
        plan: Plan,
        *,
        root: Path,
        config: dict[str, Any],
        place_zygote: Callable[[int], None],
        new_group: Callable[[str], Group | None],
        next_number: Callable[[], int],
        report: Callable[[str], None],
        died: Callable[[str], None],
    ) -> None:
        """`died` is called, with what has died and within the handling of why, where the pool has."""
        self.runtime = runtime
        self.last_use = time.monotonic()
        self._plan = plan
        self._root = root
        self._config = config
        self._place = place_zygote
        self._report = report
        self._died = died
        self._changed = threading.Condition()
        # Under the condition's lock: what callers and the pool's thread share.
        self._ready: deque[Box] = deque()
        self._returned: deque[Box] = deque()
        self._ended_zygotes: deque[Zygote] = deque()
        self._waiting = 0
        self._in_use = 0
        self._failure: SandboxError | None = None
        self._warm = True
        self._stopping = False
        # The pool's thread alone.
        self._selector = selectors.DefaultSelector()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._selector.register(self._wake, selectors.EVENT_READ, self._woken)
        self._zygote: Zygote | None = None
        self._next: Zygote | None = None
        self._health = Health(report)
        self._slots = Slots(new_group=new_group, next_number=next_number, report=report)
        self._parking: dict[int, tuple[Box, float]] = {}
        self._ending: dict[int, tuple[Box, float]] = {}
        self._failures = 0
        self._pause_until = 0.0
        self._thread = threading.Thread(target=self._run, name=f"pool-{runtime}", daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> Box:
        """A parked box, at once where one is ready; `SandboxError` where none can be made in time."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            self.last_use = time.monotonic()
            self._warm = True
            self._waiting += 1
            try:
                while True:
                    if self._stopping:
                        raise SandboxError("The sandbox is being stopped.")
                    box = self._next_ready()
                    if box is not None:
                        return box
                    self._alert()
                    if not self._changed.wait(max(deadline - time.monotonic(), 0)):
                        raise SandboxError(f"No box of the {self.runtime} runtime within {timeout_s} s.")
                    if self._failure and not self._ready:
                        raise SandboxError(str(self._failure))
            finally:
                self._waiting -= 1
                if self._waiting == 0:
                    self._failure = None

    def _next_ready(self) -> Box | None:
        while self._ready:
            box = self._ready.popleft()
            if box.is_alive():
                self._in_use += 1
                box.slot.zygote.jobs += 1
                if not self._ready:
                    self._alert()  # the next job shall not wait for this one's end
                return box
            self._returned.append(box)
            self._in_use += 1
        return None

    def give_back(self, box: Box) -> None:
        """Takes a used box, which ends by itself once its client has read its report, or is killed."""
        with self._changed:
            self.last_use = time.monotonic()
            self._returned.append(box)
        self._alert()

    @staticmethod
    def guarantees(held: Sequence[str]) -> list[str]:
        """What holds in boxes, of what holds on the host: all of it."""
        return list(held)

    def shrink(self) -> None:
        """Goes down to nothing where no job runs; the next job brings the runtime back."""
        with self._changed:
            if not self._waiting and not self._in_use:
                self._warm = False
        self._alert()

    def ask_to_stop(self) -> None:
        """Has the zygote and every box of it ended; `wait_stopped` waits until they are."""
        self._stopping = True
        self._alert()

    def wait_stopped(self) -> None:
        """Waits for the end that was asked for."""
        self._thread.join(_START_TIMEOUT_S)

    def state(self) -> dict[str, Any]:
        """What the pool holds now, for tests and for those who watch an installation."""
        zygote = self._zygote
        with self._changed:
            return {
                "runtime": self.runtime.value,
                "warm": not self._stopping and zygote is not None and zygote.process is not None,
                "ready": len(self._ready),
                "in_use": self._in_use,
                "jobs": zygote.jobs if zygote else 0,
                "zygote": zygote.pid if zygote else 0,
                "missing": zygote.missing if zygote else [],
                "resident_bytes": zygote.resident_bytes() if zygote else 0,
            }

    def is_idle(self) -> bool:
        """Whether nobody uses the pool or waits for it, although it holds a zygote."""
        with self._changed:
            return self._zygote is not None and not self._in_use and not self._waiting

    def resident_bytes(self) -> int:
        """The memory of the zygote, shared by its boxes."""
        zygote = self._zygote
        return zygote.resident_bytes() if zygote else 0

    # From here on, the pool's thread.

    def _alert(self) -> None:
        os.eventfd_write(self._wake, 1)

    def _woken(self) -> None:
        with suppress(BlockingIOError):
            os.eventfd_read(self._wake)

    def _run(self) -> None:
        try:
            self._serve()
        except BaseException:
            with self._changed:
                self._stopping = True  # and whoever waits for a box is told
                self._changed.notify_all()
            self._died(f"the {self.runtime} pool")
        finally:
            self._end()

    def _serve(self) -> None:
        while not self._stopping:
            self._take_messages()
            self._tend()
            for key, _ in self._selector.select(_TICK_S):
                if self._selector.get_map().get(key.fd) is key:  # no earlier one of these has ended it
                    key.data()
            self._expire()

    def _take_messages(self) -> None:
        with self._changed:
            returned, self._returned = self._returned, deque()
            ended, self._ended_zygotes = self._ended_zygotes, deque()
            self._in_use -= len(returned)
        for box in returned:
            self._await_end(box, _REPORTING_S)
        for zygote in ended:
            self._bury(zygote)

    def _tend(self) -> None:
        now = time.monotonic()
        with self._changed:
            idle = not self._waiting and not self._in_use
            resting = self._plan.idle_s is not None and now - self.last_use > self._plan.idle_s
            if idle and resting:
                self._warm = False
            may_try = self._failure is None and (self._waiting > 0 or now > self._pause_until)
        wanted = self._wanted()
        if not self._warm:
            if self._zygote and idle:
                self._retire(self._zygote)
                self._zygote = None
            return
        if self._zygote is None:
            if may_try and wanted > 0:
                self._zygote = self._start_zygote()
            return
        if self._zygote.process is None:
            return
        self._renew_where_due(self._zygote)
        if not may_try:
            return
        for _ in range(min(wanted, _PARKING_AT_ONCE - len(self._parking))):
            if self._ending and not self._slots.spare(self._zygote) and not self._waiting:
                break  # a slot is about to come free, and nobody waits
            if not self._zygote.alive or not self._park(self._zygote):
                break

    def _wanted(self) -> int:
        """How many boxes to park besides those that are parked or about to be."""
        with self._changed:
            target = self._plan.parked if self._warm else 0
            return target + self._waiting - len(self._ready) - len(self._parking)

    def _start_zygote(self) -> Zygote | None:
        try:
            zygote = Zygote(
                self.runtime, self._root, self._config, place=self._place, ended=self._zygote_ended
            )
        except (OSError, RuntimeError) as error:  # out of descriptors, or of threads
            self._count_failure(f"No {self.runtime} zygote can be started: {error}")
            return None
        self._health.begin(zygote)
        self._selector.register(zygote.control, selectors.EVENT_READ, lambda: self._heard_zygote(zygote))
        return zygote

    def _zygote_ended(self, zygote: Zygote) -> None:
        with self._changed:
            self._ended_zygotes.append(zygote)
        self._alert()

    def _heard_zygote(self, zygote: Zygote) -> None:
        try:
            if zygote.process is None:
                zygote.welcome()
                self.last_use = time.monotonic()
                self._health.begin(zygote)
                if zygote is self._next:
                    self._retire(self._zygote)
                    self._zygote, self._next = zygote, None
            else:
                receive_message(zygote.control)  # "pong"
                self._health.heard(zygote)
        except (SandboxError, WireError, OSError):
            # It is on its way out: its thread tells when it is gone.
            self._selector.unregister(zygote.control)
            zygote.stop()

    def _renew_where_due(self, zygote: Zygote) -> None:
        """Boxes of a zygote share its memory layout and hash seed: no zygote serves for ever."""
        old = self._health.age_s(zygote) > self._plan.renew_after_s
        if self._next is None and (old or zygote.jobs >= self._plan.renew_after_jobs):
            self._next = self._start_zygote()

    def _park(self, zygote: Zygote) -> bool:
        """Has one box forked; whether it is on its way."""
        try:
            box = self._slots.spawn(zygote)
        except SandboxError as error:
            self._failed(zygote, str(error))
            return False
        except OSError as error:  # no fault of the zygote's: out of descriptors, or no group to be had
            self._count_failure(f"No box of the {self.runtime} runtime can be made: {error}")
            return False
        zygote.boxes += 1
        fd = box.control.fileno()
        self._parking[fd] = (box, time.monotonic() + _PARK_TIMEOUT_S)
        self._selector.register(fd, selectors.EVENT_READ, lambda: self._heard_box(box))
        return True

    def _heard_box(self, box: Box) -> None:
        try:
            box.hear()
        except (SandboxError, WireError, OSError, KeyError) as error:
            self._forget_parking(box)
            self._discard(box)
            self._failed(box.slot.zygote, f"A box of the {self.runtime} zygote was not parked: {error}")
            return
        if box.parked:
            self._forget_parking(box)
            self._failures = 0
            with self._changed:
                self._ready.append(box)
                self._changed.notify()

    def _forget_parking(self, box: Box) -> None:
        fd = box.control.fileno()
        del self._parking[fd]
        self._selector.unregister(fd)

    def _failed(self, zygote: Zygote, why: str) -> None:
        """After some failures in a row whoever waits is told, and the next job tries again."""
        if not zygote.alive:
            return  # it is on its way out, and has been counted
        zygote.stop()
        self._count_failure(why)

    def _count_failure(self, why: str) -> None:
        self._report(why)
        self._failures += 1
        self._pause_until = time.monotonic() + min(2.0**self._failures, _MAX_PAUSE_S)
        if self._failures % _TRIES == 0:
            with self._changed:
                if self._waiting:
                    self._failure = ZygoteFailed(why)
                self._changed.notify_all()

    def _await_end(self, box: Box, timeout_s: float) -> None:
        self._ending[box.process] = (box, time.monotonic() + timeout_s)
        self._selector.register(box.process, selectors.EVENT_READ, lambda: self._box_ended(box))

    def _discard(self, box: Box) -> None:
        """Ends a box that nobody has used."""
        box.kill()
        if box.process >= 0:
            self._await_end(box, _EMPTY_TIMEOUT_S)
        else:
            self._let_go(box)

    def _box_ended(self, box: Box) -> None:
        del self._ending[box.process]
        self._selector.unregister(box.process)
        self._let_go(box)

    def _let_go(self, box: Box) -> None:
        """The box is dead: its slot serves the next one where nothing is left there."""
        box.close()
        zygote = box.slot.zygote
        zygote.boxes -= 1
        wanted = zygote is self._zygote and zygote.alive and self._wanted() > self._slots.spare(zygote)
        self._slots.take_back(box.slot, wanted=wanted)
        if zygote.boxes == 0 and zygote is not self._zygote:
            zygote.stop()
        if box.ended:
            box.ended()

    def _retire(self, zygote: Zygote | None) -> None:
        """Takes no more boxes from a zygote; it ends with its last one."""
        if zygote is None:
            return
        with self._changed:
            idle = [box for box in self._ready if box.slot.zygote is zygote]
            self._ready = deque(box for box in self._ready if box.slot.zygote is not zygote)
        self._slots.drop_spare(zygote)
        for box in idle:
            self._discard(box)
        if zygote.boxes == 0:
            zygote.stop()

    def _bury(self, zygote: Zygote) -> None:
        """Removes what a zygote that has ended leaves behind; its boxes have ended with it."""
        if zygote in (self._zygote, self._next):
            self._report(f"The {self.runtime} zygote has ended; a new one takes its place.")
            if zygote is self._zygote:
                self._zygote = None
            else:
                self._next = None
            if zygote.process is None:
                self._count_failure(f"The {self.runtime} zygote did not start; its error is in this log.")
        for box, _ in [entry for entry in self._parking.values() if entry[0].slot.zygote is zygote]:
            self._forget_parking(box)
            self._discard(box)
        self._retire(zygote)
        with suppress(KeyError, ValueError):
            self._selector.unregister(zygote.control)
        zygote.close()
        self._health.forget(zygote)

    def _expire(self) -> None:
        now = time.monotonic()
        for box, deadline in list(self._parking.values()):
            if now > deadline:
                self._report(f"The {self.runtime} zygote parked no box in {_PARK_TIMEOUT_S:.0f} s.")
                box.slot.zygote.stop()
        for box, deadline in list(self._ending.values()):
            if now > deadline:
                self._ending[box.process] = (box, now + _EMPTY_TIMEOUT_S)
                box.kill()
        self._health.check()

    def _end(self) -> None:
        zygotes = list(self._health)
        for zygote in zygotes:
            zygote.stop()
        for zygote in zygotes:
            zygote.wait(_EMPTY_TIMEOUT_S)
        with self._changed:
            boxes = [*self._ready, *self._returned]
            self._ready.clear()
        boxes += [box for box, _ in (*self._parking.values(), *self._ending.values())]
        for box in boxes:
            box.close()
        self._slots.remove_all()
        for zygote in zygotes:
            zygote.close()
        self._selector.close()  # `_wake` stays: a run that ends now gives its box back
