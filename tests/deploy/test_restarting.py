"""A service that ends is started again, and the next answer is judged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.demo import agrees, try_all
from deploy.trials import trials
from questionbank.config.places import HOME
from tests.deploy.conftest import Started
from tests.deploy.processes import Seen

PARTS = {
    "broker": "unixsocket",
    "sandbox": "sandbox.supervisor",
    "worker": "--queues code",
    "worker-ml": "--queues ml",
    "web": "uvicorn",
}
PROBLEMS = dict.fromkeys(PARTS, "top-p-sampling") | {"worker-ml": "adult-f1"}


def service(up: Started, part: str) -> Seen:
    """The service's own process: the first started of those that bear its command."""
    return min((seen for seen in up.processes() if part in seen.command), key=lambda seen: seen.started)


@pytest.mark.parametrize("name", PARTS)
def test_a_service_that_is_killed_is_started_again(running: Started, name: str) -> None:
    killed = service(running, PARTS[name])
    os.kill(killed.pid, signal.SIGKILL)
    running.wait_for(f"{name} ended with code -9; it starts again in")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = [seen for seen in running.processes() if PARTS[name] in seen.command]
        if found and killed not in found and running.healthy():
            break
        time.sleep(0.2)
    assert killed not in running.processes()
    judged = try_all(trials([PROBLEMS[name]]), running.address, "touchstone-demo", lambda: False, print)
    assert all(agrees(trial, answered) for trial, answered in judged.items())
    assert len(judged) == 2


def test_a_service_is_started_again_where_nobody_can_be_told_so(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    keeper = f"""if True:
        import time
        from pathlib import Path
        from deploy.processes import Processes, Service
        from deploy.session import say
        folder, starts = Path({str(tmp_path)!r}), Path({str(starts)!r})
        kept = Processes(folder, say)
        kept.start(Service("part", ["sh", "-c", f"echo started >> {{starts}}"], folder / "log", lambda: True))
        deadline = time.monotonic() + 30
        kept.watch(lambda: time.monotonic() > deadline
                   or starts.exists() and len(starts.read_text().split()) > 1)
    """
    with Path("/dev/full").open("wb") as full:
        subprocess.run([sys.executable, "-c", keeper], cwd=HOME, stdout=full, check=False)
    assert starts.read_text().split() == ["started", "started"]


def test_a_service_that_does_not_end_when_asked_is_killed(running: Started) -> None:
    stuck = service(running, PARTS["web"])
    os.kill(stuck.pid, signal.SIGSTOP)
    assert running.send(signal.SIGTERM) == 0
    assert running.left() == set()
    assert "web does not stop and is killed" in running.output
