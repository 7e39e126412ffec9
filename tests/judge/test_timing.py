"""How evaluators take times. A double of the CUDA driver in C, with its ABI, stands in for want of a GPU."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from grader.judge.evaluating import timing

# Signatures as in the CUDA Driver API; an event is the count of the steps before it, a step is one second.
DOUBLE = r"""
static int devices = DEVICES, steps = 0;
typedef struct { int at; } event_t;
static event_t events[8];
static int made = 0;
int cuInit(unsigned flags) { return flags; }
int cuDeviceGetCount(int *count) { *count = devices; return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { *context = &devices; return 0; }
int cuCtxSetCurrent(void *context) { return context != &devices; }
int cuCtxSynchronize(void) { return FAILING; }
int cuEventCreate(event_t **event, unsigned flags) { *event = &events[made++]; return 0; }
int cuEventRecord(event_t *event, void *stream) { event->at = steps; return 0; }
int cuEventSynchronize(event_t *event) { return 0; }
int cuEventElapsedTime(float *milliseconds, event_t *start, event_t *end) {
    *milliseconds = 1000.0f * (end->at - start->at);
    return 0;
}
void step(void) { steps++; }
"""


def cuda_double(folder: Path, *, devices: int = 1, failing: int = 0) -> Path:
    source = folder / "cuda.c"
    source.write_text(DOUBLE)
    built = folder / f"libcuda-{devices}-{failing}.so"
    flags = [f"-DDEVICES={devices}", f"-DFAILING={failing}"]
    subprocess.run(["gcc", "-shared", "-fPIC", *flags, "-o", built, source], check=True)
    return built


@pytest.fixture(autouse=True)
def performance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The problem's own numbers, where an evaluator finds them."""
    monkeypatch.chdir(tmp_path)
    Path("performance.json").write_text(json.dumps({"warm_up": 2, "repetitions": 3}))


def test_times_on_a_device_are_the_devices_own(tmp_path: Path) -> None:
    timer = timing.best_timer(str(cuda_double(tmp_path)))
    assert isinstance(timer, timing.DeviceEvents)
    step = timer._library.step
    times = timing.interleaved(lambda: (step(), step()), step, timer)
    assert times == timing.Timings([2.0, 2.0, 2.0], [1.0, 1.0, 1.0], "device events")


def test_a_device_that_fails_ends_the_measurement(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="cuCtxSynchronize says 700"):
        timing.best_timer(str(cuda_double(tmp_path, failing=700))).seconds(lambda: None)


@pytest.mark.parametrize("devices", [0, None], ids=["no device", "no driver"])
def test_without_a_device_the_wall_clock_is_used_and_named(tmp_path: Path, devices: int | None) -> None:
    library = tmp_path / "absent.so" if devices is None else cuda_double(tmp_path, devices=devices)
    times = timing.interleaved(lambda: None, lambda: None, timing.best_timer(str(library)))
    assert times.timer == "wall clock"
    assert all(second >= 0 for second in times.seconds)


def test_calls_are_warmed_up_and_interleaved_with_the_baseline() -> None:
    calls: list[str] = []
    times = timing.interleaved(lambda: calls.append("own"), lambda: calls.append("baseline"))
    assert calls == ["own", "baseline"] * 5
    assert (len(times.seconds), len(times.baseline_seconds)) == (3, 3)
