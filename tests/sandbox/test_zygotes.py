"""Zygotes come back when they die or hang, rest when unused, and share no luck with their boxes."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import Config, SocketSandbox, private_sandbox
from sandbox.job import Job, Limits, Runtime, Script
from tests.sandbox.conftest import LAUNCHES, launcher_of, socket_folder
from tests.sandbox.runs import printed, run_python

WITHIN_S = 60.0
Own = Callable[..., AbstractContextManager[SocketSandbox]]


@pytest.fixture(params=LAUNCHES)
def own(request: pytest.FixtureRequest) -> Own:
    """Starts a supervisor of the test's own, with the given configuration."""

    @contextmanager
    def start(**configuration: Any) -> Iterator[SocketSandbox]:
        with socket_folder(request.param) as folder:
            config = Config(folder / "sandbox.sock", parked={Runtime.PYTHON: 1})
            with private_sandbox(
                replace(config, **configuration), launcher=launcher_of(request.param)
            ) as box:
                yield box

    return start


def pool(box: SocketSandbox, runtime: Runtime = Runtime.PYTHON) -> dict[str, Any]:
    return next((state for state in box.ping()["pools"] if state["runtime"] == runtime), {})


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def warm(box: SocketSandbox) -> int:
    """The zygote's process, once it has a box parked."""
    wait_until(lambda: pool(box)["ready"] > 0)
    return int(pool(box)["zygote"])


def test_a_zygote_that_died_is_replaced_and_no_job_fails(own: Own) -> None:
    with own() as box:
        first = warm(box)
        os.kill(first, signal.SIGKILL)
        assert printed(run_python(box, "print(1)")) == "1"
        wait_until(lambda: pool(box)["zygote"] not in (0, first))


@pytest.mark.timeout(180)
def test_a_zygote_that_hangs_is_replaced_and_the_job_that_waits_is_served(own: Own) -> None:
    with own() as box:
        first = warm(box)
        os.kill(first, signal.SIGSTOP)
        if any(name.startswith("memory:cgroup") for name in box.guarantees()):
            # Elsewhere a zygote forks its boxes itself, and its children are they.
            for keeper in _children(first):
                os.kill(keeper, signal.SIGSTOP)
        # The box that is parked serves the first job; for the second none can be forked.
        answers = [printed(run_python(box, "print(1)")) for _ in range(2)]
        assert answers == ["1", "1"]
        assert pool(box)["zygote"] != first


def test_an_unused_runtime_goes_to_rest_and_comes_back(own: Own) -> None:
    with own(idle_s=2.0) as box:
        first = warm(box)
        wait_until(lambda: not Path("/proc", str(first)).exists())
        assert pool(box)["resident_bytes"] == 0
        assert printed(run_python(box, "print(2)")) == "2"


def test_a_zygote_is_renewed_after_its_jobs(own: Own) -> None:
    with own(renew_after_jobs=3) as box:
        first = warm(box)
        for _ in range(4):
            assert printed(run_python(box, "print(3)")) == "3"
        wait_until(lambda: pool(box)["zygote"] not in (0, first))
        wait_until(lambda: not Path("/proc", str(first)).exists())
        assert printed(run_python(box, "print(4)")) == "4"


@pytest.mark.timeout(120)
def test_runtimes_used_least_lately_rest_while_all_take_too_much_memory(own: Own) -> None:
    with own(zygote_bytes=1) as box:
        first = warm(box)
        command = Job(Runtime.NUMPY, Script("main.py"), files={"main.py": b"print(5)"})
        assert printed(box.run(command)) == "5"
        wait_until(lambda: not Path("/proc", str(first)).exists())
        assert pool(box, Runtime.NUMPY)["zygote"]
        assert printed(run_python(box, "print(6)")) == "6"


def test_a_zygote_has_one_thread_and_executes_nothing(own: Own) -> None:
    with own() as box:
        zygote = warm(box)
        assert len(list(Path("/proc", str(zygote), "task").iterdir())) == 1


def test_boxes_of_one_zygote_share_no_random_state(own: Own) -> None:
    source = """
        import os, random, secrets, tempfile, uuid
        print(random.random(), secrets.token_hex(4), uuid.uuid4(), os.path.basename(tempfile.mkdtemp()))
    """
    with own() as box:
        figures = [printed(run_python(box, source)).split() for _ in range(4)]
    for kind in zip(*figures, strict=True):
        assert len(set(kind)) == len(figures)


def test_numpys_random_state_differs_too(own: Own) -> None:
    source = b"import numpy\nprint(numpy.random.rand(), numpy.random.default_rng().random())"
    job = Job(Runtime.NUMPY, Script("main.py"), files={"main.py": source}, limits=Limits(cpu_s=10, wall_s=60))
    with own(parked={Runtime.NUMPY: 1}) as box:
        figures = [printed(box.run(job)).split() for _ in range(3)]
    for kind in zip(*figures, strict=True):
        assert len(set(kind)) == len(figures)


@pytest.mark.timeout(180)
def test_a_burst_of_clients_is_served_whole(own: Own) -> None:
    limits = Limits(cpu_s=10, wall_s=60)
    results: list[str] = []

    def ask(box: SocketSandbox, number: int) -> None:
        results.append(printed(run_python(box, f"print({number})", limits=limits)))

    with own() as box:
        threads = [threading.Thread(target=ask, args=(box, number)) for number in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(map(int, results)) == list(range(32))


def test_a_child_of_the_client_uses_connections_of_its_own(own: Own) -> None:
    with own() as box:
        assert printed(run_python(box, "print(7)")) == "7"
        with tempfile.TemporaryFile() as said:
            pid = os.fork()
            if pid == 0:
                try:
                    os.write(said.fileno(), printed(run_python(box, "print(8)")).encode())
                finally:
                    os._exit(0)
            assert printed(run_python(box, "print(9)")) == "9"
            os.waitpid(pid, 0)
            assert os.pread(said.fileno(), 9, 0) == b"8"


def test_a_client_that_vanishes_frees_its_box(own: Own) -> None:
    with own() as box:
        warm(box)
        pid = os.fork()
        if pid == 0:
            run_python(box, "import time\ntime.sleep(50)", limits=Limits(wall_s=60))
            os._exit(0)
        wait_until(lambda: pool(box)["in_use"] == 1)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        wait_until(lambda: pool(box)["in_use"] == 0)


def _children(pid: int) -> list[int]:
    listed = Path("/proc", str(pid), "task", str(pid), "children").read_text()
    return [int(child) for child in listed.split()]
