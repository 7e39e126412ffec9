"""However an installation ends, none of its processes stays."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.deploy.conftest import Start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(start: Start, number: signal.Signals) -> None:
    up = start()
    up.wait_for("is ready")
    names = " ".join(seen.command for seen in up.processes())
    assert all(part in names for part in ("valkey", "sandbox", "celery", "uvicorn"))
    assert up.send(number) == 0
    assert up.left() == set()
    assert "stopping" in up.output
    assert "is killed" not in up.output, "every service ends by itself"


def test_a_supervisor_that_is_killed_takes_everything_with_it(start: Start) -> None:
    up = start()
    up.wait_for("is ready")
    up.send(signal.SIGKILL)
    assert up.left() == set()


def test_after_a_kill_it_starts_again(start: Start) -> None:
    up = start()
    up.wait_for("is ready")
    up.send(signal.SIGKILL)
    assert up.left() == set()
    again = start()
    again.wait_for("is ready")
    assert again.ask("/healthz") == {"status": "ok"}


def test_a_signal_before_it_is_ready_stops_it_too(start: Start) -> None:
    up = start()
    up.wait_for("preparing the database")
    assert up.send(signal.SIGTERM) == 130
    assert up.left() == set()
    assert "Traceback" not in up.output
    assert "stopp" in up.output


def test_a_signal_while_services_start_stops_them(start: Start) -> None:
    up = start()
    while len(up.processes()) < 3:
        assert up.process.poll() is None, up.output
    assert up.send(signal.SIGINT) in (0, 130)
    assert up.left() == set()
    assert "Traceback" not in up.output


def test_make_passes_the_signal_on(start: Start) -> None:
    up = start(("make", "up", f"PYTHON3={sys.executable}"))
    up.wait_for("is ready")
    up.send(signal.SIGTERM)
    assert up.left() == set()
    assert "stopping" in up.output


LOST = """
import os, signal, time, weakref
from deploy.stopping import Stop

stop = Stop()
try:
    with stop.interrupts():
        it = set()
        seen = weakref.ref(it, lambda _: os.kill(os.getpid(), signal.SIGTERM))
        del it
        time.sleep(60)
except KeyboardInterrupt:
    print("interrupted", stop.asked)
"""


def test_a_signal_within_a_callback_that_may_not_raise_is_not_lost() -> None:
    said = subprocess.run(
        [sys.executable, "-c", LOST], capture_output=True, text=True, timeout=50, check=False
    )
    assert (said.stdout, said.stderr) == ("interrupted True\n", "")
