"""How the supervisor is told to end: SIGTERM or SIGINT."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket

_LOOK_EVERY_MS = 1000


class Stop:
    """Remembers that SIGTERM or SIGINT asked for the end.

    It raises nothing: Python drops an exception that a handler raises within a destructor or a weak
    reference's callback, and the signal with it.
    """

    def __init__(self) -> None:
        self.asked = False
        self._process = os.getpid()
        self._told, self._tell = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: object) -> None:
        if os.getpid() != self._process:
            os._exit(1)  # a child between fork(2) and exec(2)
        self.ask()

    def ask(self) -> None:
        """Asks for the end as a signal does; from any thread."""
        self.asked = True
        with contextlib.suppress(BlockingIOError):
            os.write(self._tell, b".")

    def waits_for(self, listener: socket.socket) -> bool:
        """Waits until a client knocks (true) or the end is asked for (false)."""
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        poll.register(self._told, select.POLLIN)
        while not self.asked:
            # Not for ever: a signal between this look and the call has its handler called after the call.
            if poll.poll(_LOOK_EVERY_MS):
                break
        return not self.asked
