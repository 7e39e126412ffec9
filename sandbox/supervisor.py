"""The privileged process: makes groups and boxes, keeps the clock, kills, and reports.

It parses nothing that a submission wrote: jobs and results pass between client and box on a connection of
their own, of which this process only hands on one end.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox import door
from sandbox.box import Box, Pool
from sandbox.cgroups import Hierarchy
from sandbox.devices import Device, FakeDevice, Lease, Leases, open_layer
from sandbox.errors import InvalidJob, SandboxError
from sandbox.guarantees import Guarantees, present
from sandbox.job import DeviceKind, DeviceRequest, Runtime
from sandbox.syscalls import die_with_parent
from sandbox.wire import WireError, receive_control, send_control

_TAKE_TIMEOUT_S = 180.0
_LOAD_TIMEOUT_S = 60.0
_LOOK_EVERY_S = 0.01
_REPORT_GRACE_S = 0.5
_REPORTING_S = 60.0
_MAX = {
    "cpu_s": 3600,
    "wall_s": 7200,
    "memory_bytes": 2**40,
    "processes": 4096,
    "output_bytes": 2**30,
    "disk_bytes": 2**36,
    "inodes": 2**20,
    "collect_bytes": 2**31,
}


class Supervisor:
    """Serves connections until told to stop."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._socket_path = Path(config["socket"])
        self._owner = door.Owner(*config["owner"]) if config["owner"] else None
        self._hierarchy = Hierarchy()
        self._guarantees: Guarantees = present(self._hierarchy.version)
        self._numbers = itertools.count(1)
        self._pool_config = {
            "stores": config["stores"],
            "masked": config["masked"],
            "libraries": config["libraries"],
            "watch": self._hierarchy.version == 0,
        }
        self._pools: dict[tuple[Runtime, str], Pool] = {}
        self._pools_lock = threading.Lock()
        fakes = config["devices"]
        self._leases = Leases(
            open_layer(None if fakes is None else tuple(FakeDevice.from_json(fake) for fake in fakes)),
            report=_log,
            grace_s=config["device_grace_s"],
        )
        self._parked = {Runtime(name): count for name, count in config["parked"].items()}

    def serve(self) -> None:
        """Listens, says `ready` on stdout, and serves each connection in a thread of its own."""
        with door.listen(self._socket_path, self._owner) as listener:
            for runtime in self._parked:
                self._pool(runtime)
            print("ready", flush=True)
            try:
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=self._serve_client, args=(connection,), daemon=True).start()
            except _Stopped:
                self._stop()

    def _stop(self) -> None:
        door.close(self._socket_path, self._owner)
        self._leases.stop()
        for pool in self._pools.values():
            pool.stop()
        self._hierarchy.remove()

    def _pool(self, runtime: Runtime, device: Device | None = None) -> Pool:
        """The runtime's pool; a device has pools of its own, whose boxes alone see its nodes."""
        key = (runtime, device.key if device else "")
        with self._pools_lock:
            if key not in self._pools:
                self._pools[key] = Pool(
                    runtime,
                    1 if device else self._parked.get(runtime, 1),
                    config=self._pool_config | {"device": _bound(device)},
                    hierarchy=self._hierarchy,
                    next_number=self._numbers.__next__,
                    report=_log,
                )
            return self._pools[key]

    def _serve_client(self, connection: socket.socket) -> None:
        with connection:
            if not door.is_allowed(connection, self._owner):
                return
            with contextlib.suppress(WireError, OSError):
                while True:
                    order, fd = receive_control(connection)
                    try:
                        answer = self._answer(order, fd, connection)
                    except SandboxError as error:
                        answer = {"error": str(error), "kind": type(error).__name__}
                    finally:
                        if fd is not None:
                            os.close(fd)
                    send_control(connection, answer)

    def _answer(self, order: dict[str, Any], fd: int | None, client: socket.socket) -> dict[str, Any]:
        if order.get("op") == "ping":
            ready = {str(runtime) for (runtime, _), pool in self._pools.items() if pool.started.is_set()}
            devices = [asdict(state) for state in self._leases.states()]
            return {"guarantees": self._guarantees.held, "runtimes": sorted(ready), "devices": devices}
        if order.get("op") != "run" or fd is None:
            raise InvalidJob("Only `ping` and `run` are served, `run` with a data connection.")
        limits = _checked_limits(order)
        request = _checked_device(order)
        # First the device, then a box of its own: who waits for a device holds nothing.
        lease = self._leases.acquire(request, gone=lambda: _is_gone(client)) if request else None
        try:
            pool = self._pool(Runtime(order["runtime"]), lease.device if lease else None)
            box = pool.take(_TAKE_TIMEOUT_S)
        except BaseException:
            if lease:
                self._leases.release(lease)
            raise
        try:
            account = _Run(box, limits | _environment(lease), client).watch(fd)
            if lease:
                self._leases.verify(lease)
        finally:
            # The client reads the box's report meanwhile; only then may the box go.
            threading.Thread(target=self._give_back, args=(pool, box, lease), daemon=True).start()
        return account | {
            "guarantees": [*self._guarantees.held, *(["device:exclusive"] if lease else [])],
            "device": lease.device.name if lease else "cpu",
            "driver": lease.device.driver if lease else "",
        }

    def _give_back(self, pool: Pool, box: Box, lease: Lease | None) -> None:
        box.control.settimeout(_REPORTING_S)
        with contextlib.suppress(WireError, OSError):
            receive_control(box.control)  # "reported", or the end of a box that was killed
        try:
            pool.give_back(box)
        except SandboxError as error:
            _log(str(error))
        finally:
            if lease:
                self._leases.release(lease)


class _Run:
    """One job in one box, from the hand-over to the account."""

    def __init__(self, box: Box, limits: dict[str, Any], client: socket.socket) -> None:
        self._box = box
        self._limits = limits
        self._client = client
        self._started = 0.0
        self._cpu_base = 0.0
        self._oom_base = 0
        self._memory_base = 0
        self._fork_base = 0
        self._wall_s = 0.0

    def watch(self, data: int) -> dict[str, Any]:
        box = self._box
        try:
            send_control(box.control, {"op": "run", **self._limits}, data)
            box.control.settimeout(_LOAD_TIMEOUT_S)
            receive_control(box.control)
            self._begin()
            send_control(box.control, {"op": "go"})
        except (WireError, OSError) as error:
            raise SandboxError(f"The box could not take the job: {error}") from error
        stopped = self._wait()
        ended = self._ending(stopped)
        account = self._account(stopped, ended)
        if ended:
            self._let_report()
        return account

    def _begin(self) -> None:
        group = self._box.group
        if group:
            before = group.usage()
            self._cpu_base, self._oom_base = before.cpu_s, before.oom_kills
            self._memory_base, self._fork_base = before.memory_bytes, before.fork_refusals
            # Two processes of the box are not the submission's: its init, and the one that becomes it.
            group.set_limits(
                memory_bytes=self._limits["memory_bytes"] + before.memory_bytes,
                processes=self._limits["processes"] + 1,
            )
        self._started = time.monotonic()

    def _wait(self) -> str | None:
        """Waits for the end; why it was brought about, None where the job ended by itself."""
        poll = select.poll()
        poll.register(self._box.control, select.POLLIN)
        poll.register(self._box.process, select.POLLIN)
        poll.register(self._client, select.POLLIN)
        deadline = self._started + self._limits["wall_s"]
        while True:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return "wall"
            ready = dict(poll.poll(min(remaining, _LOOK_EVERY_S) * 1000 + 1))
            if self._client.fileno() in ready:
                return "client gone"
            if ready:
                return None
            group = self._box.group
            if group and group.cpu_s() - self._cpu_base > self._limits["cpu_s"]:
                return "cpu"
            if group and group.oom_kills() > self._oom_base:
                return "memory"

    def _ending(self, stopped: str | None) -> dict[str, Any]:
        """What init says of the end; nothing, where it could not say it in time and was killed."""
        control = self._box.control
        control.settimeout(_REPORT_GRACE_S if stopped else _LOAD_TIMEOUT_S)
        self._wall_s = time.monotonic() - self._started
        try:
            if stopped:
                send_control(control, {"op": "stop"})
            ended, _ = receive_control(control)
        except (WireError, OSError):
            self._box.kill()
            return {}
        return ended

    def _let_report(self) -> None:
        """Nothing but init is left in the box; what the submission filled must not be its death."""
        if self._box.group:
            self._box.group.lift_limits()
        with contextlib.suppress(WireError, OSError):
            send_control(self._box.control, {"op": "report"})

    def _account(self, stopped: str | None, ended: dict[str, Any]) -> dict[str, Any]:
        group = self._box.group
        if not group:
            cpu_s, peak = float(ended.get("cpu_s", 0.0)), int(ended.get("peak_bytes", 0))
            over = bool(ended.get("over_memory"))
            return {
                "stopped": stopped,
                "cpu_s": cpu_s,
                "wall_s": self._wall_s,
                "peak_bytes": peak,
                "oom": over,
                "process_limit_hit": False,
                "reported": bool(ended),
            }
        after = group.usage()
        cpu_s = after.cpu_s - self._cpu_base - float(ended.get("own_cpu_s", 0.0))
        return {
            "stopped": stopped,
            "cpu_s": max(cpu_s, 0.0),
            "wall_s": self._wall_s,
            "peak_bytes": max(after.peak_bytes - self._memory_base, 0),
            "oom": after.oom_kills > self._oom_base,
            "process_limit_hit": after.fork_refusals > self._fork_base,
            "reported": bool(ended),
        }


def _checked_limits(order: dict[str, Any]) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for name, most in _MAX.items():
        value = order.get("limits", {}).get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= most:
            raise InvalidJob(f"The limit {name} must be a number above 0 and at most {most}, not {value!r}.")
        limits[name] = value
    if order.get("runtime") not in set(Runtime):
        raise InvalidJob(f"There is no runtime {order.get('runtime')!r}.")
    return limits


def _checked_device(order: dict[str, Any]) -> DeviceRequest | None:
    """The device a job asks for, None where it asks for none."""
    asked = order.get("device")
    if asked is None:
        return None
    try:
        request = DeviceRequest(DeviceKind(asked["kind"]), int(asked["memory_bytes"]), float(asked["wait_s"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidJob("A device is asked for with its kind, memory_bytes and wait_s.") from error
    if not (0 <= request.memory_bytes <= _MAX["memory_bytes"] and 0 <= request.wait_s <= _MAX["wall_s"]):
        raise InvalidJob(f"No device can be asked for with {request}.")
    return request


def _bound(device: Device | None) -> dict[str, dict[str, str]]:
    """What a device's boxes see besides: as the zygote's configuration has it."""
    if device is None:
        return {}
    return {
        "nodes": {target: str(source) for target, source in device.nodes.items()},
        "libraries": {target: str(source) for target, source in device.libraries.items()},
    }


def _environment(lease: Lease | None) -> dict[str, Any]:
    return {"environment": dict(lease.device.environment)} if lease else {}


def _is_gone(client: socket.socket) -> bool:
    """Whether the client has hung up; nothing else makes its connection readable during a run."""
    poll = select.poll()
    poll.register(client, select.POLLIN)
    return bool(poll.poll(0))


class _Stopped(Exception):
    pass


def _log(message: str) -> None:
    print(f"sandbox: {message}", file=sys.stderr, flush=True)


def _stop(_number: int, _frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise _Stopped


def main() -> int:
    """`python -m sandbox.supervisor --config JSON`."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.supervisor")
    parser.add_argument("--config", type=json.loads, required=True, help="JSON, see `client.Config`")
    parser.add_argument("--die-with-parent", action="store_true")
    options = parser.parse_args()
    if options.die_with_parent:
        die_with_parent()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    Supervisor(options.config).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
