"""The driver's layer against a driver's library: a double in C with NVML's own ABI, for want of a GPU."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import pytest

from sandbox.devices.layer import DeviceFault
from sandbox.devices.nvml import NvmlLayer, open_nvml

# Signatures and structs as in the NVML API Reference Guide; `mood` is set by the tests.
DOUBLE = r"""
#include <stdio.h>
#include <string.h>

typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned pid; unsigned long long used; unsigned gpu, compute; } process_t;
static int devices[2];
int mood = 0;

const char *nvmlErrorString(int code) { return code == 15 ? "GPU is lost" : "Unknown Error"; }
int nvmlInit_v2(void) { return mood == 9 ? 9 : 0; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) { snprintf(text, size, "550.54.15"); return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { *device = &devices[index]; return 0; }
int nvmlDeviceGetHandleByUUID(const char *uuid, void **device) {
    if (mood == 15) return 15;
    *device = &devices[strcmp(uuid, "GPU-b") == 0];
    return 0;
}
static int index_of(void *device) { return (int *)device - devices; }
int nvmlDeviceGetName(void *device, char *text, unsigned size) {
    snprintf(text, size, index_of(device) ? "NVIDIA Double B" : "NVIDIA Double A");
    return 0;
}
int nvmlDeviceGetUUID(void *device, char *text, unsigned size) {
    snprintf(text, size, index_of(device) ? "GPU-b" : "GPU-a");
    return 0;
}
int nvmlDeviceGetMinorNumber(void *device, unsigned *minor) { *minor = index_of(device) ? 3 : 0; return 0; }
int nvmlDeviceGetMemoryInfo(void *device, memory_t *memory) {
    memory->total = 16ull << 30;
    memory->used = index_of(device) ? 5ull << 30 : 1ull << 20;
    memory->free = memory->total - memory->used;
    return 0;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, process_t *found) {
    if (mood == 3) return 3;
    if (index_of(device) == 0) { *count = 0; return 0; }
    *count = 2;
    found[0].pid = 4321; found[0].used = 1; found[0].gpu = found[0].compute = 0xFFFFFFFF;
    found[1].pid = 5432; found[1].used = 2; found[1].gpu = found[1].compute = 0xFFFFFFFF;
    return 0;
}
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    source = tmp_path / "nvml.c"
    source.write_text(DOUBLE)
    built = tmp_path / "libnvidia-ml.so.1"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", built, source], check=True)
    return built


@pytest.fixture
def nodes(tmp_path: Path) -> Path:
    folder = tmp_path / "dev"
    folder.mkdir()
    for name in ("nvidia0", "nvidia3", "nvidiactl", "nvidia-uvm", "nvidia7"):
        (folder / name).touch()
    return folder


def set_mood(library: Path, mood: int) -> None:
    ctypes.c_int.in_dll(ctypes.CDLL(str(library)), "mood").value = mood


def test_devices_are_listed_with_what_their_holder_needs(library: Path, nodes: Path) -> None:
    first, second = NvmlLayer(ctypes.CDLL(str(library)), nodes).devices()
    assert (first.key, first.name, first.driver) == ("GPU-a", "NVIDIA Double A", "550.54.15")
    assert first.memory_bytes == 16 * 2**30
    assert set(first.nodes) == {"/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm"}
    assert second.nodes["/dev/nvidia3"] == nodes / "nvidia3"
    assert second.environment["CUDA_VISIBLE_DEVICES"] == "GPU-b"


def test_memory_and_processes_are_the_drivers(library: Path, nodes: Path) -> None:
    layer = NvmlLayer(ctypes.CDLL(str(library)), nodes)
    first, second = layer.devices()
    assert (layer.memory_used(first), layer.memory_used(second)) == (2**20, 5 * 2**30)
    assert (layer.processes(first), layer.processes(second)) == ((), (4321, 5432))


def test_a_driver_that_cannot_name_processes_is_no_fault(library: Path, nodes: Path) -> None:
    layer = NvmlLayer(ctypes.CDLL(str(library)), nodes)
    set_mood(library, 3)
    assert layer.processes(layer.devices()[1]) == ()


def test_a_lost_device_says_so_in_the_drivers_words(library: Path, nodes: Path) -> None:
    layer = NvmlLayer(ctypes.CDLL(str(library)), nodes)
    device = layer.devices()[0]
    set_mood(library, 15)
    with pytest.raises(DeviceFault, match=r"GPU is lost \(15\)"):
        layer.memory_used(device)


def test_without_a_driver_there_are_no_devices(library: Path, tmp_path: Path) -> None:
    assert open_nvml(str(tmp_path / "no-such-library.so")) is None
    set_mood(library, 9)
    assert open_nvml(str(library)) is None


def test_a_library_of_another_age_is_a_fault_that_says_what_to_do(tmp_path: Path) -> None:
    source = tmp_path / "old.c"
    source.write_text(
        "const char *nvmlErrorString(int code) { return 0; } int nvmlInit_v2(void) { return 0; }"
    )
    built = tmp_path / "old.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", built, source], check=True)
    with pytest.raises(DeviceFault, match="update the driver"):
        NvmlLayer(ctypes.CDLL(str(built))).devices()
