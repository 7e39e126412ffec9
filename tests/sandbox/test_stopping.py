"""No signal that ends the supervisor is lost, whatever it interrupts."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import os, signal, socket, weakref
from sandbox.stopping import Stop

class Thing:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)

stop = Stop()
listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind("")
listener.listen()
{0}
print(stop.waits_for(listener))
"""


def ended(interrupted: str) -> tuple[str, str]:
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(interrupted)], capture_output=True, text=True, timeout=60
    )
    return said.stdout.strip(), said.stderr


def test_a_client_that_knocks_is_served() -> None:
    assert ended("socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(listener.getsockname())") == (
        "True",
        "",
    )


def test_a_signal_within_a_destructor_is_not_lost() -> None:
    assert ended("Thing()") == ("False", "")


def test_a_signal_within_a_weak_references_callback_is_not_lost() -> None:
    asked = "lambda _: os.kill(os.getpid(), signal.SIGTERM)"
    assert ended(f"it = set(); seen = weakref.ref(it, {asked}); del it") == ("False", "")


def test_a_signal_to_a_waiting_supervisor_wakes_it() -> None:
    assert ended("signal.setitimer(signal.ITIMER_REAL, 0.2); signal.signal(signal.SIGALRM, stop._ask)") == (
        "False",
        "",
    )
