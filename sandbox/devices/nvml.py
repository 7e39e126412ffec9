"""NVIDIA's devices through the driver's own management library (NVML), by ctypes.

Seven of its calls are needed, all of a stable ABI ("NVML API Reference Guide"); the library comes with the
driver, so the privileged process needs no package for it.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

from sandbox.devices.layer import Device, DeviceFault

LIBRARY = "libnvidia-ml.so.1"
_SUCCESS, _NOT_SUPPORTED, _INSUFFICIENT_SIZE = 0, 3, 7
_TEXT_BYTES = 128
_MOST_PROCESSES = 256
# Beside its own node a device needs the driver's two; /dev/dxg is the one node of WSL2.
_SHARED_NODES = ("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/dxg")
_DRIVER_LIBRARIES = ("libcuda.so", "libnvidia-", "libcudadebugger.so")


class _Memory(ctypes.Structure):
    """nvmlMemory_t: bytes."""

    _fields_ = [(name, ctypes.c_ulonglong) for name in ("total", "free", "used")]


class _Process(ctypes.Structure):
    """nvmlProcessInfo_t of nvmlDeviceGetComputeRunningProcesses_v3."""

    _fields_ = [
        ("pid", ctypes.c_uint),
        ("used_bytes", ctypes.c_ulonglong),
        ("gpu_instance", ctypes.c_uint),
        ("compute_instance", ctypes.c_uint),
    ]


class NvmlLayer:
    """The devices of the driver whose library this is."""

    def __init__(self, library: ctypes.CDLL, nodes_below: Path = Path("/dev")) -> None:
        self._library = library
        self._nodes_below = nodes_below
        self._library.nvmlErrorString.restype = ctypes.c_char_p
        self._call("nvmlInit_v2")

    def devices(self) -> tuple[Device, ...]:
        count = ctypes.c_uint()
        self._call("nvmlDeviceGetCount_v2", ctypes.byref(count))
        driver = self._text("nvmlSystemGetDriverVersion")
        libraries = driver_libraries()
        return tuple(self._device(index, driver, libraries) for index in range(count.value))

    def memory_used(self, device: Device) -> int:
        return int(self._memory(self._handle(device.key)).used)

    def processes(self, device: Device) -> tuple[int, ...]:
        found = (_Process * _MOST_PROCESSES)()
        count = ctypes.c_uint(_MOST_PROCESSES)
        handle = self._handle(device.key)
        name = "nvmlDeviceGetComputeRunningProcesses_v3"
        self._call(name, handle, ctypes.byref(count), found, allowed=(_NOT_SUPPORTED, _INSUFFICIENT_SIZE))
        return tuple(process.pid for process in found[: min(count.value, _MOST_PROCESSES)] if process.pid)

    def _device(self, index: int, driver: str, libraries: dict[str, Path]) -> Device:
        handle = ctypes.c_void_p()
        self._call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(handle))
        minor = ctypes.c_uint()
        self._call("nvmlDeviceGetMinorNumber", handle, ctypes.byref(minor), allowed=(_NOT_SUPPORTED,))
        key = self._text("nvmlDeviceGetUUID", handle)
        nodes = [f"/dev/nvidia{minor.value}", *_SHARED_NODES]
        return Device(
            key=key,
            name=self._text("nvmlDeviceGetName", handle),
            driver=driver,
            memory_bytes=self._memory(handle).total,
            nodes={node: source for node in nodes if (source := self._node(node)).exists()},
            libraries=libraries,
            environment={"CUDA_VISIBLE_DEVICES": key, "TF_FORCE_GPU_ALLOW_GROWTH": "true"},
        )

    def _node(self, path: str) -> Path:
        return self._nodes_below / Path(path).name

    def _handle(self, key: str) -> ctypes.c_void_p:
        handle = ctypes.c_void_p()
        self._call("nvmlDeviceGetHandleByUUID", ctypes.c_char_p(key.encode()), ctypes.byref(handle))
        return handle

    def _memory(self, handle: ctypes.c_void_p) -> _Memory:
        memory = _Memory()
        self._call("nvmlDeviceGetMemoryInfo", handle, ctypes.byref(memory))
        return memory

    def _text(self, name: str, *arguments: object) -> str:
        buffer = ctypes.create_string_buffer(_TEXT_BYTES)
        self._call(name, *arguments, buffer, ctypes.c_uint(_TEXT_BYTES))
        return buffer.value.decode(errors="replace")

    def _call(self, name: str, *arguments: object, allowed: tuple[int, ...] = ()) -> None:
        try:
            function = getattr(self._library, name)
        except AttributeError as error:
            raise DeviceFault(f"the driver's library has no {name}; update the driver") from error
        code = int(function(*arguments))
        if code != _SUCCESS and code not in allowed:
            said = self._library.nvmlErrorString(code) or b"no text"
            raise DeviceFault(f"{name} says {said.decode(errors='replace')} ({code})")


def open_nvml(path: str = LIBRARY) -> NvmlLayer | None:
    """The driver's layer; None where no driver's library is there, or none that it drives."""
    try:
        return NvmlLayer(ctypes.CDLL(path))
    except (OSError, DeviceFault):
        return None


def driver_libraries() -> dict[str, Path]:
    """The driver's user-space libraries as the loader's cache has them (ldconfig(8))."""
    program = shutil.which("ldconfig", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        return {}
    listed = subprocess.run([program, "-p"], capture_output=True, text=True, check=False)  # noqa: S603 - fixed
    found = {}
    for line in listed.stdout.splitlines():
        name, arrow, path = line.strip().partition(" => ")
        if arrow and name.startswith(_DRIVER_LIBRARIES):
            found[path] = Path(path)
    return found
