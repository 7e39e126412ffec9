"""How an installation is told to end: SIGINT, SIGTERM or SIGHUP."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_AGAIN_S = 0.01


class Stop:
    """Remembers that a signal asked for the end. Installs its handlers when it is made."""

    def __init__(self) -> None:
        self.asked = False
        self._interrupts = False
        self._report = sys.unraisablehook
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)
        signal.signal(signal.SIGALRM, self._interrupt_again)

    def __call__(self) -> bool:
        """Whether the end was asked for."""
        return self.asked

    @contextmanager
    def interrupts(self) -> Iterator[None]:
        """Within it the first signal raises `KeyboardInterrupt`: for work that cannot look by itself."""
        self._interrupts = True
        if self.asked:
            raise KeyboardInterrupt
        self._report, sys.unraisablehook = sys.unraisablehook, self._lost
        try:
            yield
        finally:
            self._interrupts = False
            sys.unraisablehook = self._report

    def _ask(self, _number: int, _frame: object) -> None:
        first, self.asked = not self.asked, True
        if first and self._interrupts:
            raise KeyboardInterrupt

    def _lost(self, unraisable: UnraisableHookArgs) -> None:
        """A signal that comes within a destructor or a weak reference's callback raises where Python drops
        exceptions: it must be raised once more."""
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
        else:
            self._report(unraisable)

    def _interrupt_again(self, _number: int, _frame: object) -> None:
        if self._interrupts:
            raise KeyboardInterrupt
