"""A problem that wants a device gets it for its runs, the result names it, and its want costs no candidate.

The devices are fake: no test machine needs a GPU.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader import queue
from grader.judge.judging import judge
from grader.judge.model import Answer, Judgement
from grader.verdict import Verdict
from questionbank.packages.model import DeviceNeed, DeviceWish, Evaluation, Kind, Package, Performance
from questionbank.packages.reader import read_package
from sandbox import Config, NoDevice, Runtime, Sandbox
from sandbox.client import private_sandbox
from sandbox.devices import FakeDevice
from tests.judge.measuring import exercise, metric
from tests.packages.writing import write_package

DOUBLE = "def solve(x):\n    return 2 * x\n"
SEES_DEVICE = "import os\ndef solve(x):\n    return 2 * x if os.path.exists('/dev/fake0') else 0\n"
GPU, ANY = DeviceNeed(DeviceWish.GPU, 1024), DeviceNeed(DeviceWish.ANY, 0)


@contextmanager
def serving(*fakes: FakeDevice) -> Iterator[Sandbox]:
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        config = Config(Path(folder) / "sandbox.sock", parked={Runtime.PYTHON: 1}, devices=fakes)
        with private_sandbox(config) as sandbox:
            yield sandbox


@pytest.fixture
def fake(tmp_path: Path) -> FakeDevice:
    folder = tmp_path / "fake"
    folder.mkdir()
    return FakeDevice("Fake One", 8 * 2**30, folder)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return read_package(write_package(tmp_path))


def judged(package: Package, sandbox: Sandbox, source: str = DOUBLE, hidden: Path = Path()) -> Judgement:
    return judge(package, Answer("python", source), sandbox=sandbox, hidden_root=hidden)


def test_the_judgement_names_the_device_that_computed(package: Package, fake: FakeDevice) -> None:
    with serving(fake) as sandbox:
        on_gpu = judged(replace(package, device=GPU), sandbox, SEES_DEVICE)
        assert (on_gpu.verdict, on_gpu.device, on_gpu.driver) == (Verdict.AC, "Fake One", "fake 1.0")
        assert "device:exclusive" in on_gpu.guarantees
        plain = judged(package, sandbox, SEES_DEVICE)
        assert (plain.verdict, plain.device, plain.driver) == (Verdict.WA, "cpu", "")


def test_without_a_gpu_the_same_problem_computes_on_the_cpu_and_says_so(package: Package) -> None:
    with serving() as sandbox:
        result = judged(replace(package, device=ANY), sandbox)
        assert (result.verdict, result.device) == (Verdict.AC, "cpu")


def test_a_problem_that_needs_a_gpu_is_not_judged_where_there_is_none(package: Package) -> None:
    with serving() as sandbox, pytest.raises(NoDevice):
        judged(replace(package, device=GPU), sandbox)


def test_compiling_takes_no_device(package: Package, fake: FakeDevice) -> None:
    fake.set_state(lost=True)
    with serving(fake) as sandbox:
        result = judged(replace(package, device=GPU), sandbox, "def solve(x:\n")
        assert (result.verdict, result.device) == (Verdict.CE, "cpu")


def test_only_what_needs_a_gpu_waits_in_its_queue(package: Package) -> None:
    assert queue.queue_of(replace(package, device=GPU)) == "gpu"
    assert queue.queue_of(replace(package, device=ANY)) == "code"


EVALUATE = """
from artifacts import timing
from artifacts.running import OUT, run
import numpy as np

def measure():
    times = timing.interleaved(lambda: sum(range(1000)), lambda: sum(range(20_000)))
    np.save(OUT / "seconds.npy", np.array(times.seconds))
    np.save(OUT / "baseline_seconds.npy", np.array(times.baseline_seconds))
    return {"timer": times.timer}

run(measure)
"""


@pytest.mark.ml
def test_an_evaluators_times_are_taken_as_the_problem_says_and_the_timer_is_named(
    package: Package, tmp_path: Path
) -> None:
    """Without a CUDA driver the timer is the host's clock, and nothing pretends otherwise."""
    (tmp_path / "hidden" / "nothing" / "inputs").mkdir(parents=True)
    np.save(tmp_path / "hidden" / "nothing" / "labels.npy", np.ones(1))
    spec = exercise(
        metric(
            key="speed",
            measure="speed-ratio",
            inputs={"seconds": "out/seconds.npy", "baseline_seconds": "out/baseline_seconds.npy"},
            threshold=1.0,
        )
    )
    artifact = replace(
        spec,
        outputs=("left.txt",),
        evaluator={"evaluator/evaluate.py": EVALUATE.encode()},
        evaluation=Evaluation(),
        performance=Performance(warm_up=1, repetitions=7),
    )
    problem = replace(package, kind=Kind.ARTIFACT, function=None, artifact=artifact, device=ANY)
    with serving() as sandbox:
        result = judged(problem, sandbox, "open('out/left.txt', 'w').write('x')", tmp_path / "hidden")
    assert result.verdict is Verdict.AC, result.message
    assert (result.device, result.timer) == ("cpu", "wall clock")
