"""The line for devices under load: nobody shares, nobody waits for ever, whatever the devices do."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter

import pytest

from sandbox.devices import Device, DeviceFault, Leases
from sandbox.errors import DeviceBusy, NoDevice
from sandbox.job import MIB, DeviceKind, DeviceRequest

GPU = DeviceRequest(DeviceKind.GPU, wait_s=20)


class Moody:
    """Devices in memory; a test changes what they answer."""

    def __init__(self, count: int) -> None:
        prefix = uuid.uuid4().hex
        self._devices = tuple(
            Device(f"{prefix}-{index}", f"device {index}", "none", 1024 * MIB) for index in range(count)
        )
        self.used: Counter[str] = Counter()
        self.lost: set[str] = set()

    def devices(self) -> tuple[Device, ...]:
        return self._devices

    def memory_used(self, device: Device) -> int:
        if device.key in self.lost:
            raise DeviceFault("lost")
        return self.used[device.key]

    def processes(self, device: Device) -> tuple[int, ...]:
        return ()


def leases_of(layer: Moody) -> Leases:
    return Leases(layer, report=lambda _: None, died=pytest.fail, grace_s=0.1, recheck_s=0.05)


def test_many_runs_on_few_devices_all_get_their_turn_and_never_share() -> None:
    layer = Moody(3)
    leases = leases_of(layer)
    holders: Counter[str] = Counter()
    shared: list[str] = []
    served = threading.Semaphore(0)
    dice = random.Random(7)
    plans = [(dice.random() * 0.01, dice.random() < 0.1, dice.random() < 0.1) for _ in range(120)]

    def run(hold_s: float, leaves_memory: bool, is_lost: bool) -> None:
        lease = leases.acquire(GPU)
        assert lease is not None
        key = lease.device.key
        holders[key] += 1
        if holders[key] > 1:
            shared.append(key)
        time.sleep(hold_s)
        if is_lost:
            layer.lost.add(key)
        if leaves_memory:
            layer.used[key] = 500 * MIB
        holders[key] -= 1
        leases.release(lease)
        time.sleep(0.2)
        layer.lost.discard(key)
        layer.used[key] = 0
        served.release()

    threads = [threading.Thread(target=run, args=plan) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(served.acquire(blocking=False) for _ in plans)
    assert shared == []
    leases.stop()


def test_runs_that_give_up_do_not_disturb_the_line() -> None:
    leases = leases_of(Moody(1))
    first = leases.acquire(GPU)
    assert first is not None
    order: list[str] = []

    def stand_in_line(name: str, leaves: bool) -> None:
        try:
            lease = leases.acquire(GPU, gone=lambda: leaves)
        except DeviceBusy:
            order.append(f"{name} left")
            return
        order.append(name)
        assert lease is not None
        leases.release(lease)

    threads = []
    for name, leaves in (("a", True), ("b", False), ("c", True), ("d", False)):
        threads.append(threading.Thread(target=stand_in_line, args=(name, leaves)))
        threads[-1].start()
        time.sleep(0.1)
    leases.release(first)
    for thread in threads:
        thread.join(20)
    assert order == ["a left", "c left", "b", "d"]
    leases.stop()


def test_a_small_wish_does_not_overtake_a_big_one_on_the_device_that_serves_both() -> None:
    layer = Moody(1)
    leases = leases_of(layer)
    holder = leases.acquire(GPU)
    assert holder is not None
    order: list[int] = []

    def want(memory_mib: int) -> None:
        lease = leases.acquire(DeviceRequest(DeviceKind.GPU, memory_mib * MIB, wait_s=20))
        assert lease is not None
        order.append(memory_mib)
        leases.release(lease)

    threads = [threading.Thread(target=want, args=(mib,)) for mib in (1000, 10)]
    for thread in threads:
        thread.start()
        time.sleep(0.1)
    leases.release(holder)
    for thread in threads:
        thread.join(20)
    assert order == [1000, 10]
    leases.stop()


def test_a_device_lost_while_held_is_not_leased_again_before_it_is_given_back() -> None:
    layer = Moody(1)
    leases = leases_of(layer)
    (device,) = layer.devices()
    held = leases.acquire(GPU)
    assert held is not None
    layer.lost.add(device.key)
    with pytest.raises(Exception, match="failed during the run"):
        leases.verify(held)
    layer.lost.clear()
    with pytest.raises(DeviceBusy):
        leases.acquire(DeviceRequest(DeviceKind.GPU, wait_s=0.5))
    leases.release(held)
    assert leases.acquire(GPU) is not None
    leases.stop()


def test_a_wish_that_no_device_can_ever_serve_is_refused_at_once() -> None:
    leases = leases_of(Moody(2))
    with pytest.raises(NoDevice):
        leases.acquire(DeviceRequest(DeviceKind.GPU, 2000 * MIB, wait_s=3600))
    leases.stop()


def test_whoever_waits_when_the_sandbox_stops_is_told() -> None:
    leases = leases_of(Moody(1))
    assert leases.acquire(GPU) is not None
    threading.Timer(0.2, leases.stop).start()
    with pytest.raises(DeviceBusy):
        leases.acquire(DeviceRequest(DeviceKind.GPU, wait_s=3600))
