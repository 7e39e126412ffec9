"""A supervisor that is killed takes everything with it, and leaves no trace that the next does not remove."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import Config, Sandbox, SocketSandbox, connect, private_sandbox
from sandbox.errors import SandboxError
from sandbox.job import Runtime
from sandbox.pool import Plan, Pool
from tests.sandbox.runs import SMALL, printed, run_python

HOME = Path(__file__).resolve().parents[2]
WITHIN_S = 30.0


def groups_of(supervisor: int) -> list[str]:
    begin = f"touchstone-{supervisor}-"
    return [folder for folder, _, _ in os.walk("/sys/fs/cgroup") if Path(folder).name.startswith(begin)]


def descendants(pid: int) -> set[int]:
    found, level = set(), {pid}
    while level:
        listed = set()
        for parent in level:
            for file in Path("/proc", str(parent), "task").glob("*/children"):
                listed |= {int(child) for child in file.read_text().split()}
        found |= listed
        level = listed
    return found


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


@contextmanager
def in_a_pid_namespace(config: Config) -> Iterator[tuple[Sandbox, int]]:
    """A supervisor that sees itself as the first process, and its pid here."""
    command = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", *config.command()]
    with subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        try:
            assert told == "ready\n"
            (pid,) = map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())
            with closing(connect(config.socket)) as box:
                yield box, pid
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            process.wait(WITHIN_S)
        finally:
            process.kill()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the supervisors of a test make their temporary folders."""
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setenv("TMPDIR", str(made))
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=tmp_path))


def test_all_dies_with_a_killed_supervisor_and_what_it_leaves_goes_at_the_next_start(
    folder: Path, temporary: Path
) -> None:
    config = Config(folder / "sandbox.sock", parked={Runtime.PYTHON: 2})
    process = subprocess.Popen(config.command(), cwd=HOME, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        box = connect(config.socket)
        assert printed(run_python(box, "print(1)")) == "1"
        below = descendants(process.pid)
        assert below
        process.kill()
        process.wait()
        wait_until(lambda: not any(Path("/proc", str(pid)).exists() for pid in below))
        with pytest.raises(SandboxError):
            run_python(box, "print(2)")
    left = set(temporary.iterdir())
    assert left
    with private_sandbox(config) as again:
        assert printed(run_python(again, "print(3)")) == "3"
        assert groups_of(process.pid) == []
        assert left.isdisjoint(temporary.iterdir())
        # The client of the first finds the second at the same door.
        assert printed(run_python(box, "print(4)")) == "4"
        box.close()
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(not shutil.which("crun"), reason="crun is not here: apt install crun")
def test_of_a_container_too_nothing_is_left_after_the_next_start(folder: Path, temporary: Path) -> None:
    config = Config(folder / "sandbox.sock", parked={}, high_assurance=True, oci_runtime="crun", devices=())
    with (
        subprocess.Popen(config.command(), cwd=HOME, stdout=subprocess.PIPE, text=True) as process,
        ExitStack() as at_last,
    ):
        at_last.callback(process.kill)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with closing(connect(config.socket)) as box:
            held = threading.Thread(target=hold, args=(box,))
            held.start()
            wait_until(lambda: len(list(temporary.iterdir())) == 2)
            bundle = next(temporary.glob("touchstone-oci-*"))
            wait_until((bundle / "pid").exists)
            below = descendants(process.pid)
            process.kill()
            held.join()
    wait_until(lambda: not any(Path("/proc", str(pid)).exists() for pid in below))
    with private_sandbox(config):
        assert groups_of(process.pid) == []
        assert not bundle.exists()
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="an account without groups has none to take for another's")
def test_supervisors_with_one_pid_live_side_by_side_and_after_one_another(
    folder: Path, temporary: Path
) -> None:
    """As in containers: each is the first process of its pid namespace."""
    first, second = (Config(folder / name, parked={Runtime.PYTHON: 1}) for name in ("first", "second"))
    with in_a_pid_namespace(second) as (other, _):
        with in_a_pid_namespace(first) as (one, pid):
            assert (one.ping()["pid"], other.ping()["pid"]) == (1, 1)
            os.kill(pid, signal.SIGKILL)
        with in_a_pid_namespace(first) as (again, _):
            assert printed(run_python(again, "print('again')")) == "again"
        assert printed(run_python(other, "print('still here')")) == "still here"
    assert list(temporary.iterdir()) == []


def test_a_supervisor_that_is_stopped_leaves_nothing(folder: Path) -> None:
    config = Config(folder / "sandbox.sock", parked={Runtime.PYTHON: 2, Runtime.COMMAND: 1})
    with private_sandbox(config) as box:
        pid = box.ping()["pid"]
        assert printed(run_python(box, "print(1)")) == "1"
        below = descendants(pid)
    assert groups_of(pid) == []
    wait_until(lambda: not any(Path("/proc", str(child)).exists() for child in below))
    assert not config.socket.exists()


def test_two_supervisors_live_side_by_side(folder: Path) -> None:
    first = Config(folder / "first.sock", parked={Runtime.PYTHON: 1})
    second = Config(folder / "second.sock", parked={Runtime.PYTHON: 1})
    with private_sandbox(first) as one:
        with private_sandbox(second) as other:
            for number in range(3):
                assert printed(run_python(one, f"print({number})")) == str(number)
                assert printed(run_python(other, f"print(-{number})")) == f"{-number or '0'}"
        assert printed(run_python(one, "print('still here')")) == "still here"


def test_a_supervisor_is_stopped_by_an_interrupt_too(folder: Path) -> None:
    config = Config(folder / "sandbox.sock", parked={Runtime.PYTHON: 1})
    with subprocess.Popen(config.command(), cwd=HOME, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN_S) == 0
    assert groups_of(process.pid) == []


def test_a_supervisor_whose_log_takes_nothing_serves_on(folder: Path) -> None:
    config = Config(folder / "sandbox.sock", parked={Runtime.PYTHON: 1})
    with Path("/dev/full").open("wb") as full:
        process = subprocess.Popen(config.command(), cwd=HOME, stdout=full, stderr=full)
    with process:
        try:
            wait_until(lambda: can_connect(config.socket))
            with closing(connect(config.socket)) as box:
                assert printed(run_python(box, "print(1)")) == "1"
                first = python_pool(box)["zygote"]
                os.kill(first, signal.SIGKILL)
                wait_until(lambda: python_pool(box)["zygote"] not in {0, first})
                assert printed(run_python(box, "print(2)")) == "2"
        finally:
            process.terminate()
        assert process.wait(WITHIN_S) == 0
    assert groups_of(process.pid) == []


@pytest.mark.parametrize(
    ("part", "method"),
    [("the python pool", "pool.Pool._bury"), ("the housekeeping", "supervisor.Pool.resident_bytes")],
)
def test_a_supervisor_of_which_a_part_has_died_ends_and_says_why(
    folder: Path, part: str, method: str
) -> None:
    """Nobody would be served by the rest of it; whoever keeps it starts it anew."""
    config = Config(folder / "sandbox.sock", parked={Runtime.PYTHON: 1})
    faulty = f"""if True:
        import sys
        from sandbox import pool, supervisor
        supervisor._HOUSEKEEPING_S = 0.5
        def fail(*_): raise ZeroDivisionError("nobody foresaw this")
        {method} = fail
        sys.exit(supervisor.main())
    """
    command = [sys.executable, "-c", faulty, "--config", config.to_json()]
    with subprocess.Popen(
        command, cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        # The end may come at any moment from here on.
        with suppress(SandboxError), closing(connect(config.socket)) as box:
            wait_until(lambda: python_pool(box)["ready"] > 0)
            os.kill(python_pool(box)["zygote"], signal.SIGKILL)
            run_python(box, "print(1)")  # which must not wait for a box that nobody makes
            run_python(box, "print(2)")
        _, said = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 1
    assert f"sandbox: {part} has died" in said
    assert "nobody foresaw this" in said
    assert groups_of(process.pid) == []


def test_a_pool_that_has_died_is_not_warm_and_nobody_waits_for_it(folder: Path) -> None:
    told: list[str] = []

    def no_group(name: str) -> None:
        raise ZeroDivisionError(name)

    pool = Pool(
        Runtime.PYTHON,
        Plan(parked=1, idle_s=None, renew_after_jobs=9, renew_after_s=9.0),
        root=folder,
        config={"stores": {}, "masked": [], "libraries": [], "watch": False, "device": {}},
        place_zygote=lambda _: None,
        new_group=no_group,
        next_number=lambda: 1,
        report=told.append,
        died=told.append,
    )
    with pytest.raises(SandboxError, match="is being stopped"):
        pool.take(WITHIN_S)
    assert told == ["the python pool"]
    assert not pool.state()["warm"]
    assert pool.state()["ready"] == 0
    pool.wait_stopped()


def python_pool(box: SocketSandbox) -> dict[str, Any]:
    return next(pool for pool in box.ping()["pools"] if pool["runtime"] == Runtime.PYTHON)


def can_connect(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        return connection.connect_ex(str(path)) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives boxes user ids of their own")
def test_a_box_reaches_none_of_another_supervisor_although_their_ids_are_alike(folder: Path) -> None:
    """Both draw ids from one range. An id alone opens nothing: there is no pid or file to use it on."""
    wait = "import os, time\nopen('/tmp/mine', 'w').write('x')\nprint('up', flush=True)\ntime.sleep(20)"
    reach = """
        import os
        met = []
        for pid in range(3, 70_000):
            try:
                os.kill(pid, 0)
                met.append(pid)
            except OSError: pass
        seen = [name for name in os.listdir('/proc') if name.isdigit() and int(name) > 2]
        print(os.getuid(), met, seen, os.path.exists('/tmp/mine'))
    """
    first = Config(folder / "first.sock", parked={Runtime.PYTHON: 1})
    second = Config(folder / "second.sock", parked={Runtime.PYTHON: 1})
    with private_sandbox(first) as one, private_sandbox(second) as other:
        waiting = threading.Thread(target=hold, args=(one, wait))
        waiting.start()
        wait_until(lambda: busy(one.ping()))
        assert printed(run_python(other, reach)) == "1000 [] [] False"
        alike = {uid_of(pid) for pid in descendants(one.ping()["pid"])} & {
            uid_of(pid) for pid in descendants(other.ping()["pid"])
        }
        assert alike - {0}, "they have an id in common, or this shows nothing"
        assert busy(one.ping()), "the other's run goes on"
    waiting.join()


def hold(box: Sandbox, source: str = "import time; time.sleep(20)") -> None:
    """Keeps a box busy until its supervisor ends."""
    with suppress(SandboxError):
        run_python(box, source, limits=replace(SMALL, wall_s=30.0))


def busy(told: dict[str, Any]) -> bool:
    return any(pool["in_use"] for pool in told["pools"])


def uid_of(pid: int) -> int:
    try:
        return Path("/proc", str(pid)).stat().st_uid
    except OSError:
        return 0
