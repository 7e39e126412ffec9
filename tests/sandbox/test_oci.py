"""High assurance: what holds in boxes holds in containers of every OCI runtime, and the outcome names it.

The tests of limits and of running are those of boxes: here their `box` is a sandbox that sends every job
through a container, run by root and by an account without any privilege.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import Config, DeviceKind, DeviceRequest, Job, Runtime, Sandbox, Script
from sandbox.client import private_sandbox
from sandbox.devices import FakeDevice
from sandbox.fitness import assurance_findings
from sandbox.job import MIB, Status
from sandbox.oci import runtimes
from sandbox.selfcheck import self_check
from tests.sandbox.conftest import LAUNCHES, launcher_of, socket_folder
from tests.sandbox.runs import SMALL, printed, run_python
from tests.sandbox.test_conversations import test_each_hears_what_the_other_says_at_once  # noqa: F401
from tests.sandbox.test_limits import *  # noqa: F403 - the same contract
from tests.sandbox.test_running import *  # noqa: F403

ROOMY = replace(SMALL, cpu_s=10, wall_s=20)
HERE = {runtime.name for runtime in runtimes.find_runtimes()}
PLACES = [("crun", launch) for launch in LAUNCHES]
# gVisor of Debian's age does not start on every kernel: asked for by name.
PLACES += [("runsc", "root")] if "runsc" in os.environ.get("TOUCHSTONE_TEST_RUNTIMES", "") else []


@pytest.fixture(scope="module", params=PLACES, ids="-".join)
def box(request: pytest.FixtureRequest, store: Path) -> Iterator[Sandbox]:
    """Runs every job in a container of one runtime."""
    runtime, launch = request.param
    if runtime not in HERE:
        pytest.skip(f"{runtime} is not here: apt install {runtime}")
    with socket_folder(launch) as folder:
        config = Config(
            socket=folder / "sandbox.sock",
            stores={"/store": store},
            high_assurance=True,
            oci_runtime=runtime,
            devices=(),
        )
        with private_sandbox(config, launcher=launcher_of(launch)) as sandbox:
            yield sandbox


def runtime_of(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["box"][0])


def test_processes_beyond_the_limit_are_refused_and_reported(box: Sandbox) -> None:
    """gVisor bounds them by a resource limit, and each costs it some MiB of its own."""
    source = """
        import os, time
        made = 0
        try:
            while True:
                if os.fork() == 0:
                    time.sleep(60)
                made += 1
        except BlockingIOError:
            print(made)
    """
    outcome = run_python(box, source, limits=replace(ROOMY, memory_bytes=512 * MIB))
    assert int(printed(outcome)) in (SMALL.processes - 1, SMALL.processes)
    counted = any(name.startswith("processes:cgroup") for name in outcome.guarantees)
    assert outcome.process_limit_hit or not counted


def test_figures_agree_with_the_submissions_own(box: Sandbox, request: pytest.FixtureRequest) -> None:
    """In gVisor a program's own clock of CPU time runs while it waits for a core; the kernel's does not."""
    source = """
        import time
        x = bytearray(b'x') * (50 * 2**20)
        while time.process_time() < 0.4: pass
        print(time.process_time())
    """
    outcome = run_python(box, source, limits=ROOMY)
    own_s = float(printed(outcome))
    assert outcome.cpu_s < own_s + 0.1
    # The kernel charges pages in batches.
    assert 49 * MIB <= outcome.peak_bytes < 80 * MIB
    if runtime_of(request) == "crun":
        assert outcome.cpu_s > own_s - 0.1


def test_the_outcome_names_the_runtime(box: Sandbox, request: pytest.FixtureRequest) -> None:
    guarantees = set(run_python(box, "print(1)", limits=ROOMY).guarantees)
    assert f"runtime:{runtime_of(request)}" in guarantees
    assert {"seccomp:allow-list", "network:none", "capabilities:none", "root:read-only"} <= guarantees


def test_a_container_passes_the_self_check_of_boxes(box: Sandbox) -> None:
    assert [finding for finding in self_check(box) if not finding.held] == []


def test_numpy_is_there_too(box: Sandbox) -> None:
    job = Job(
        Runtime.NUMPY,
        Script("main.py"),
        files={"main.py": b"import numpy\nprint(numpy.arange(4).sum())"},
        limits=replace(ROOMY, memory_bytes=512 * MIB, processes=64),
    )
    assert printed(box.run(job)) == "6"


@pytest.mark.skipif("crun" not in HERE, reason="crun is not here: apt install crun")
class TestOneSandbox:
    """With crun, by whoever runs the tests."""

    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="touchstone-") as name:
            yield Path(name)

    def test_a_job_may_ask_for_it_where_others_run_in_boxes(self, folder: Path) -> None:
        config = Config(socket=folder / "s", parked={Runtime.PYTHON: 1}, oci_runtime="crun", devices=())
        with private_sandbox(config) as sandbox:
            contained = run_python(sandbox, "print(1)", high_assurance=True)
            assert "runtime:crun" in contained.guarantees
            assert not any(name.startswith("runtime:") for name in run_python(sandbox, "1").guarantees)

    def test_nothing_is_left_of_a_container(self, folder: Path) -> None:
        config = Config(socket=folder / "s", oci_runtime="crun", high_assurance=True, devices=())
        with private_sandbox(config, launcher=("env", f"TMPDIR={folder}")) as sandbox:
            run_python(sandbox, "import os, time\nwhile True: os.fork()")
            outcome = run_python(sandbox, "import time\ntime.sleep(60)", limits=replace(SMALL, wall_s=0.3))
            assert outcome.status is Status.TIME_LIMIT
            assert any(folder.glob("touchstone-oci-*"))  # the spare ones' bundles
        assert not any(folder.glob("touchstone-oci-*"))

    def test_a_device_is_in_its_holders_container_only(self, folder: Path) -> None:
        (folder / "fake").mkdir()
        fake = FakeDevice("Fake One", 2**30, folder / "fake")
        look = "import os\nprint(os.path.exists('/dev/fake0'), os.environ.get('CUDA_VISIBLE_DEVICES'))"
        config = Config(socket=folder / "s", oci_runtime="crun", high_assurance=True, devices=(fake,))
        with private_sandbox(config) as sandbox:
            wish = DeviceRequest(DeviceKind.GPU, wait_s=20)
            for _ in range(2):
                held = run_python(sandbox, look, device=wish)
                assert (printed(held), held.device) == ("True Fake One", "Fake One")
            assert printed(run_python(sandbox, look)) == "False None"

    def test_what_the_runtime_says_is_told_where_it_makes_no_container(self, folder: Path) -> None:
        config = Config(socket=folder / "s", oci_runtime="crun", devices=(), stores={"/proc/x": folder})
        with (
            private_sandbox(config) as sandbox,
            pytest.raises(Exception, match="crun made no container"),
        ):
            run_python(sandbox, "print(1)", high_assurance=True)


HIDE = "for name in crun runsc; do path=$(command -v $name) && mount --bind /dev/null $path; done"


def _without_runtimes(program: str) -> subprocess.CompletedProcess[str]:
    """Runs a Python text where no OCI runtime can be executed."""
    python = [sys.executable, "-c", program]
    hidden = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'{HIDE}; exec "$0" "$@"']
    return subprocess.run([*hidden, *python], capture_output=True, text=True, check=False)


def test_without_a_runtime_a_job_that_asks_for_one_is_refused_with_the_remedy() -> None:
    program = """
import tempfile
from pathlib import Path
from sandbox import *
from sandbox.client import private_sandbox
from sandbox.errors import MissingRuntime
with tempfile.TemporaryDirectory() as folder:
    with private_sandbox(Config(Path(folder, "s"), devices=())) as sandbox:
        try:
            sandbox.run(Job(Runtime.PYTHON, Script("x.py"), {"x.py": b""}, high_assurance=True))
        except MissingRuntime as error:
            print(error)
"""
    run = _without_runtimes(program)
    assert "no OCI runtime is here. Install one: `apt install crun`" in run.stdout, run.stderr


def test_a_sandbox_that_must_contain_everything_does_not_start_without_a_runtime() -> None:
    program = """
import tempfile
from pathlib import Path
from sandbox import *
from sandbox.client import private_sandbox
with tempfile.TemporaryDirectory() as folder:
    try:
        with private_sandbox(Config(Path(folder, "s"), devices=(), high_assurance=True)):
            print("started")
    except SandboxUnavailable as error:
        print(error)
"""
    run = _without_runtimes(program)
    assert "started" not in run.stdout
    assert "High assurance is demanded, and an OCI runtime is not here." in run.stdout + run.stderr


def test_doctor_names_what_is_missing() -> None:
    (finding,) = assurance_findings(high=True, wanted="no-such-runtime")
    assert (finding.held, finding.detail) == (False, "no-such-runtime is not here")
    assert "apt install crun" in finding.remedy
    assert list(assurance_findings(high=False, wanted=None)) == []
