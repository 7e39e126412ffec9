"""How an installation is told to end: SIGINT, SIGTERM or SIGHUP."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Stop:
    """Remembers that a signal asked for the end. Installs its handlers when it is made."""

    def __init__(self) -> None:
        self.asked = False
        self._interrupts = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def __call__(self) -> bool:
        """Whether the end was asked for."""
        return self.asked

    @contextmanager
    def interrupts(self) -> Iterator[None]:
        """Within it the first signal raises `KeyboardInterrupt`: for work that cannot look by itself."""
        self._interrupts = True
        if self.asked:
            raise KeyboardInterrupt
        try:
            yield
        finally:
            self._interrupts = False

    def _ask(self, _number: int, _frame: object) -> None:
        first, self.asked = not self.asked, True
        if first and self._interrupts:
            raise KeyboardInterrupt
