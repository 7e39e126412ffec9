"""Who gets a device and when, what its holder sees of it, and what becomes of one that is left unclean.

No test machine needs a GPU: the supervisor serves fake devices through the interface that the driver's layer
has. A fake device's memory is what a run has written to its node and not read back, a byte a MiB.
"""

from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import Config, DeviceBusy, DeviceKind, DeviceRequest, NoDevice, Outcome, Runtime, Sandbox
from sandbox.client import private_sandbox
from sandbox.devices import FakeDevice
from sandbox.errors import DeviceFailed
from sandbox.job import MIB, Status
from tests.sandbox.runs import SMALL, printed, run_python

GIB = 1024 * MIB
GPU = DeviceRequest(DeviceKind.GPU, wait_s=30)
ANY = DeviceRequest(DeviceKind.ANY)
PATIENT = replace(SMALL, wall_s=20)
HOLD = "import os, time\nwhile not os.path.exists('/store/{gate}'): time.sleep(0.01)"
ALLOCATE = "import os\nnode = os.open('/dev/fake0', os.O_RDWR | os.O_NONBLOCK)\nos.write(node, bytes(1024))\n"


GATES = Path(tempfile.mkdtemp(prefix="touchstone-gates-"))
GATES.chmod(0o755)
atexit.register(shutil.rmtree, GATES, ignore_errors=True)


@contextmanager
def serving(*fakes: FakeDevice, socket: Path | None = None) -> Iterator[Sandbox]:
    """A supervisor of one's own with these devices."""
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        own = socket or Path(folder) / "sandbox.sock"
        config = Config(
            own, stores={"/store": GATES}, parked={Runtime.PYTHON: 1}, devices=fakes, device_grace_s=1
        )
        with private_sandbox(config) as sandbox:
            yield sandbox


@pytest.fixture
def fake(tmp_path: Path) -> FakeDevice:
    return _fake(tmp_path, "Fake One", 8 * GIB)


@pytest.fixture
def socket() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        yield Path(folder) / "sandbox.sock"


@pytest.fixture
def other(tmp_path: Path) -> FakeDevice:
    return _fake(tmp_path, "Fake Two", 16 * GIB)


def _fake(parent: Path, name: str, memory_bytes: int) -> FakeDevice:
    folder = parent / name.replace(" ", "-")
    folder.mkdir()
    return FakeDevice(name, memory_bytes, folder)


class Running(threading.Thread):
    """One run under way beside the test; `result()` is its outcome or raises its error."""

    def __init__(self, sandbox: Sandbox, source: str, device: DeviceRequest = GPU) -> None:
        super().__init__(daemon=True)
        self._do: Callable[[], Outcome] = lambda: run_python(sandbox, source, limits=PATIENT, device=device)
        self._outcome: Outcome | None = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._outcome = self._do()
        except BaseException as error:
            self._error = error

    def result(self) -> Outcome:
        self.join(60)
        if self._error:
            raise self._error
        assert self._outcome is not None, "the run did not end"
        return self._outcome


class Holder(Running):
    """One that lasts until it is let go, however slow this machine is; to ask for its result lets it go."""

    def __init__(self, sandbox: Sandbox, device: DeviceRequest = GPU) -> None:
        self._gate = GATES / uuid.uuid4().hex
        super().__init__(sandbox, HOLD.format(gate=self._gate.name), device)

    def result(self) -> Outcome:
        self._gate.touch()
        return super().result()


def phase(sandbox: Sandbox, fake: FakeDevice) -> str:
    """What the supervisor says of the device now."""
    return next(state.phase for state in sandbox.devices() if state.name == fake.name)


def wait_for_phase(sandbox: Sandbox, fake: FakeDevice, wanted: str) -> None:
    deadline = time.monotonic() + 30
    while (seen := phase(sandbox, fake)) != wanted:
        assert time.monotonic() < deadline, f"{fake.name} is {seen}, not {wanted}"
        time.sleep(0.02)


def test_the_outcome_names_the_device_and_its_driver(fake: FakeDevice) -> None:
    with serving(fake) as sandbox:
        outcome = run_python(sandbox, "print(1)", device=GPU)
        assert (outcome.device, outcome.driver) == ("Fake One", "fake 1.0")
        assert "device:exclusive" in outcome.guarantees
        plain = run_python(sandbox, "print(1)")
        assert (plain.device, plain.driver) == ("cpu", "")


def test_only_the_holder_of_a_lease_sees_the_device(fake: FakeDevice) -> None:
    look = """
        import fcntl, os
        print(sorted(name for name in os.listdir('/dev') if name.startswith('fake')))
        print(os.environ.get('CUDA_VISIBLE_DEVICES'), os.path.exists('/opt/fake-driver/libfake.so.1'))
    """
    with serving(fake) as sandbox:
        held = printed(run_python(sandbox, look, device=GPU))
        assert held.splitlines() == ["['fake0', 'fakectl']", "Fake One True"]
        without = printed(run_python(sandbox, look))
        assert without.splitlines() == ["[]", "None False"]


def test_a_device_node_can_be_used_and_not_changed(fake: FakeDevice) -> None:
    source = """
        import os
        control = os.open('/dev/fakectl', os.O_RDWR)
        print(os.read(control, 4), os.write(control, b'x'))
        for change in (lambda: os.chmod('/dev/fakectl', 0o600), lambda: os.unlink('/dev/fakectl')):
            try:
                change()
            except OSError as error:
                print(error.strerror)
    """
    with serving(fake) as sandbox:
        lines = printed(run_python(sandbox, source, device=GPU)).splitlines()
    assert lines[0] == repr(b"\0\0\0\0") + " 1"
    assert len(lines) == 3


def test_ioctl_reaches_the_node(fake: FakeDevice) -> None:
    source = """
        import errno, fcntl, os
        try:
            fcntl.ioctl(os.open('/dev/fakectl', os.O_RDWR), 0xC0104601, bytes(16))
        except OSError as error:
            print(errno.errorcode[error.errno])
    """
    with serving(fake) as sandbox:
        assert printed(run_python(sandbox, source, device=GPU)) == "ENOTTY"


def test_two_runs_share_one_device_one_after_the_other(fake: FakeDevice) -> None:
    with serving(fake) as sandbox:
        first = Holder(sandbox)
        wait_for_phase(sandbox, fake, "in use")
        second = Running(sandbox, "print('mine')")
        before = first.result()
        assert before.status is Status.OK
        assert second.result().device == "Fake One"
        assert second.result().ended_at >= before.ended_at


def test_two_devices_serve_two_runs_at_once(fake: FakeDevice, other: FakeDevice) -> None:
    with serving(fake, other) as sandbox:
        runs = [Holder(sandbox), Holder(sandbox)]
        wait_for_phase(sandbox, fake, "in use")
        wait_for_phase(sandbox, other, "in use")
        assert {run.result().device for run in runs} == {"Fake One", "Fake Two"}


def test_who_waits_longest_is_served_first(fake: FakeDevice) -> None:
    with serving(fake) as sandbox:
        holder = Holder(sandbox)
        wait_for_phase(sandbox, fake, "in use")
        waiting = []
        for _ in range(3):
            waiting.append(Running(sandbox, "print(1)"))
            time.sleep(0.2)
        for run in (holder, *waiting):
            run.result()
        ends = [run.result().ended_at for run in waiting]
        assert ends == sorted(ends)


def test_who_waits_for_a_device_holds_no_box(fake: FakeDevice) -> None:
    """The only parked box of the runtime must serve others while runs stand in line for the device."""
    with serving(fake) as sandbox:
        holder = Holder(sandbox)
        wait_for_phase(sandbox, fake, "in use")
        waiting = [Running(sandbox, "print(1)") for _ in range(4)]
        assert printed(run_python(sandbox, "print('cpu')")) == "cpu"
        assert holder.is_alive()
        for run in (holder, *waiting):
            run.result()


def test_a_wait_ends_at_its_time(fake: FakeDevice) -> None:
    with serving(fake) as sandbox:
        holder = Holder(sandbox)
        wait_for_phase(sandbox, fake, "in use")
        with pytest.raises(DeviceBusy, match=r"within 0 s\. Fake One: in use"):
            run_python(sandbox, "print(1)", device=DeviceRequest(DeviceKind.GPU, wait_s=0.2))
        holder.result()
        assert run_python(sandbox, "print(1)", device=GPU).device == "Fake One"


def test_a_client_that_dies_while_it_waits_leaves_the_line(fake: FakeDevice, socket: Path) -> None:
    client = f"""
from pathlib import Path
from sandbox import *
connect(Path({str(socket)!r})).run(
    Job(Runtime.PYTHON, Script("x.py"), files={{"x.py": b""}}, device=DeviceRequest(DeviceKind.GPU))
)
"""
    with serving(fake, socket=socket) as sandbox:
        holder = Holder(sandbox)
        wait_for_phase(sandbox, fake, "in use")
        process = subprocess.Popen([sys.executable, "-c", client])
        time.sleep(0.5)
        process.kill()
        process.wait()
        holder.result()
        assert run_python(sandbox, "print(1)", device=GPU).device == "Fake One"


def test_any_takes_an_idle_device_and_does_not_wait_for_a_busy_one(fake: FakeDevice) -> None:
    with serving(fake) as sandbox:
        assert run_python(sandbox, "print(1)", device=ANY).device == "Fake One"
        wait_for_phase(sandbox, fake, "free")
        holder = Holder(sandbox)
        wait_for_phase(sandbox, fake, "in use")
        assert run_python(sandbox, "print(1)", device=ANY).device == "cpu"
        assert holder.is_alive()
        holder.result()


def test_without_a_device_any_computes_on_the_cpu_and_gpu_is_refused() -> None:
    with serving() as sandbox:
        assert run_python(sandbox, "print(1)", device=ANY).device == "cpu"
        with pytest.raises(NoDevice, match="no GPU"):
            run_python(sandbox, "print(1)", device=GPU)


def test_a_run_gets_a_device_with_the_memory_it_wants(fake: FakeDevice, other: FakeDevice) -> None:
    with serving(fake, other) as sandbox:
        big = DeviceRequest(DeviceKind.GPU, memory_bytes=12 * GIB)
        assert run_python(sandbox, "print(1)", device=big).device == "Fake Two"
        with pytest.raises(NoDevice, match="the largest has 16384 MiB"):
            run_python(sandbox, "print(1)", device=replace(big, memory_bytes=17 * GIB))


def test_memory_that_others_use_is_not_promised(fake: FakeDevice, other: FakeDevice) -> None:
    other.set_state(used_bytes=10 * GIB)
    wish = DeviceRequest(DeviceKind.GPU, memory_bytes=7 * GIB, wait_s=1)
    with serving(fake, other) as sandbox:
        first = Holder(sandbox, replace(wish, wait_s=30))
        wait_for_phase(sandbox, fake, "in use")
        with pytest.raises(DeviceBusy):
            run_python(sandbox, "print(1)", device=wish)
        first.result()


def test_memory_goes_back_with_the_process_whatever_its_end(fake: FakeDevice) -> None:
    hog = ALLOCATE + "while True: pass"
    with serving(fake) as sandbox:
        outcome = run_python(sandbox, hog, limits=replace(SMALL, cpu_s=0.3), device=GPU)
        assert outcome.status is Status.TIME_LIMIT
        wait_for_phase(sandbox, fake, "free")
        assert run_python(sandbox, "print(1)", device=GPU).status is Status.OK


def test_leftover_memory_takes_the_device_out_of_service_until_it_is_clean(fake: FakeDevice) -> None:
    fake.set_state(leaks=True, processes=[4242])
    with serving(fake) as sandbox:
        run_python(sandbox, ALLOCATE, device=GPU)
        wait_for_phase(sandbox, fake, "out of service")
        (state,) = sandbox.devices()
        assert "1024 MiB still in use" in state.detail
        assert "4242" in state.detail
        with pytest.raises(DeviceBusy, match="out of service"):
            run_python(sandbox, "print(1)", device=DeviceRequest(DeviceKind.GPU, wait_s=0.3))
        fake.set_state(leaks=False)
        assert run_python(sandbox, "print(1)", device=GPU).device == "Fake One"


def test_runs_go_to_another_device_meanwhile(fake: FakeDevice, other: FakeDevice) -> None:
    fake.set_state(leaks=True)
    with serving(fake, other) as sandbox:
        wish = DeviceRequest(DeviceKind.GPU, memory_bytes=GIB, wait_s=30)
        holder = Holder(sandbox, replace(wish, memory_bytes=12 * GIB))
        wait_for_phase(sandbox, other, "in use")
        run_python(sandbox, ALLOCATE, device=wish)
        holder.result()
        wait_for_phase(sandbox, fake, "out of service")
        assert run_python(sandbox, "print(1)", device=wish).device == "Fake Two"


def test_a_device_lost_during_a_run_voids_the_run(fake: FakeDevice) -> None:
    with serving(fake) as sandbox:
        run = Holder(sandbox)
        wait_for_phase(sandbox, fake, "in use")
        fake.set_state(lost=True)
        with pytest.raises(DeviceFailed, match="Fake One failed during the run: the fake device is lost"):
            run.result()
        wait_for_phase(sandbox, fake, "out of service")
        fake.set_state()
        assert run_python(sandbox, "print(1)", device=GPU).device == "Fake One"


def test_a_driver_that_hangs_holds_nobody_but_its_own_device(fake: FakeDevice, other: FakeDevice) -> None:
    fake.set_state(hangs_s=3600)
    with serving(fake, other) as sandbox:
        assert run_python(sandbox, "print(1)", device=GPU).device == "Fake Two"
        assert run_python(sandbox, "print(1)").device == "cpu"


def test_two_sandboxes_of_one_host_never_share_a_device(fake: FakeDevice) -> None:
    with serving(fake) as one, serving(fake) as two:
        holder = Holder(one)
        wait_for_phase(one, fake, "in use")
        with pytest.raises(DeviceBusy):
            run_python(two, "print(1)", device=DeviceRequest(DeviceKind.GPU, wait_s=0.3))
        waiter = Running(two, "print(1)")
        before = holder.result()
        assert waiter.result().device == "Fake One"
        assert waiter.result().ended_at >= before.ended_at


def test_a_supervisor_that_starts_anew_leases_again_what_the_last_one_held(fake: FakeDevice) -> None:
    with serving(fake) as sandbox:
        cut_off = Holder(sandbox)
        wait_for_phase(sandbox, fake, "in use")
    with pytest.raises(Exception, match=r"went away|lost"):
        cut_off.result()
    with serving(fake) as sandbox:
        assert run_python(sandbox, "print(1)", device=GPU).device == "Fake One"
