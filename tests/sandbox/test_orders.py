"""What a client orders is refused in words where it makes no sense."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from sandbox.errors import InvalidJob
from sandbox.job import DeviceKind, DeviceRequest, Runtime
from sandbox.orders import read_order
from tests.sandbox.runs import SMALL

LIMITS = asdict(SMALL)
GOOD: dict[str, Any] = {"runtime": "python", "limits": LIMITS, "payload_bytes": 0, "device": None}
DEVICE = {"kind": "gpu", "memory_bytes": 5, "wait_s": 1}
SIZES = (-1, 0.5, "1", True, 2**70)
NUMBERS = (None, "1", [], {}, True, float("nan"), float("inf"), -1, 2**70)


def deep(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


BAD = {
    "no runtime": ("runtime", None),
    "a runtime that is none": ("runtime", "perl"),
    "a runtime that is a list": ("runtime", ["python"]),
    "no limits": ("limits", None),
    "limits in a list": ("limits", [1]),
    "limits that are missing": ("limits", {}),
    "a demand that is no demand": ("high_assurance", "yes"),
    "files larger than the disk": ("payload_bytes", SMALL.disk_bytes + 1),
    "a device that is a number": ("device", 1),
    "a device of no kind": ("device", DEVICE | {"kind": "abacus"}),
    "a device of a strange kind": ("device", DEVICE | {"kind": []}),
    "a device with something more": ("device", DEVICE | {"more": 1}),
    "a device without a wait": ("device", {"kind": "gpu", "memory_bytes": 1}),
    "a part of a byte of a device": ("device", DEVICE | {"memory_bytes": 1.5}),
    "a limit without end": ("limits", LIMITS | {"cpu_s": deep(900)}),
    "a runtime without end": ("runtime", deep(900)),
    **{
        f"files of {size!r}": ("limits", LIMITS | {"file_bytes": size})
        for size in (-1, 0.5, "1", True, 2**70)
    },
    "a part of a process": ("limits", LIMITS | {"processes": 0.5}),
    **{f"payload of {value!r}": ("payload_bytes", value) for value in (*NUMBERS, 0.5)},
    **{f"limit of {value!r}": ("limits", LIMITS | {"wall_s": value}) for value in (*NUMBERS, 0)},
    **{f"memory of {value!r}": ("device", DEVICE | {"memory_bytes": value}) for value in NUMBERS},
    **{f"wait of {value!r}": ("device", DEVICE | {"wait_s": value}) for value in NUMBERS},
}


@pytest.mark.parametrize(("field", "value"), BAD.values(), ids=BAD.keys())
def test_an_order_that_makes_no_sense_is_refused_in_few_words(field: str, value: Any) -> None:
    with pytest.raises(InvalidJob) as refused:
        read_order(GOOD | {field: value})
    assert len(str(refused.value)) < 200


def test_an_order_is_read_as_it_is_meant() -> None:
    order = read_order(GOOD | {"device": DEVICE, "high_assurance": True, "payload_bytes": 4096})
    assert (order.runtime, order.high_assurance) == (Runtime.PYTHON, True)
    assert order.device == DeviceRequest(DeviceKind.GPU, 5, 1.0)
    assert (order.bounds.payload_bytes, order.bounds.inodes) == (4096, SMALL.inodes)
    assert order.limits == LIMITS | {"file_bytes": SMALL.disk_bytes}
