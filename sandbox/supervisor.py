"""The privileged process: makes groups and boxes, keeps the clock, kills, and reports.

It parses nothing that a submission wrote: jobs and results pass between client and box on a connection of
their own, of which this process only hands on one end.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import json
import os
import resource
import select
import socket
import sys
import threading
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox import door
from sandbox.claims import TemporaryFolder, remove_stale_temporaries
from sandbox.devices import Device, FakeDevice, Lease, Leases, open_layer
from sandbox.errors import InvalidJob, MissingRuntime, SandboxError, SandboxUnavailable
from sandbox.fitness import refuse_unfit_host
from sandbox.forking import HOST_IDS_FROM, may_map_range
from sandbox.guarantees import Guarantees, present
from sandbox.hierarchy import Hierarchy
from sandbox.job import MIB, Runtime
from sandbox.log import log, log_death, say
from sandbox.oci.container import Containers
from sandbox.oci.runtimes import REMEDY, find_runtime
from sandbox.orders import Order, read_order
from sandbox.pool import Plan, Pool
from sandbox.run import Run, Source
from sandbox.stopping import Stop
from sandbox.syscalls import die_with_parent
from sandbox.wire import DescriptorsLost, NoMessage, WireError, receive_control

_TAKE_TIMEOUT_S = 180.0
_HOUSEKEEPING_S = 5.0
_NO_ROOM_PAUSE_S = 0.1
_END_TIMEOUT_S = 60.0
_MOST_SILENT = 256
_NICENESS = -10


class Supervisor:
    """Serves connections until told to stop, or until a part of it has died."""

    def __init__(self, config: dict[str, Any], stop: Stop) -> None:
        self._stop_asked = stop
        self.is_whole = True
        """Whether no part of it has died of what nobody foresaw."""
        self._socket_path = Path(config["socket"])
        self._owner = door.Owner(*config["owner"]) if config["owner"] else None
        own_ids = may_map_range()
        self._hierarchy = Hierarchy(HOST_IDS_FROM if own_ids else None)
        for left in self._hierarchy.left_by_others:
            log(f"a group of an earlier supervisor stays: {left}")
        for left in remove_stale_temporaries():
            log(f"a temporary folder of an earlier supervisor stays: {left}")
        self._guarantees: Guarantees = present(self._hierarchy.version, own_ids=own_ids)
        self._silent = door.Silent(_MOST_SILENT)
        self._numbers = itertools.count(1)
        self._pool_config = {
            "stores": config["stores"],
            "masked": config["masked"],
            "libraries": config["libraries"],
            "watch": self._hierarchy.version == 0,
        }
        self._pools: dict[tuple[Runtime, str], Pool] = {}
        self._pools_lock = threading.Lock()
        self._stopping = False
        fakes = config["devices"]
        self._leases = Leases(
            open_layer(None if fakes is None else tuple(FakeDevice.from_json(fake) for fake in fakes)),
            report=log,
            died=self._give_up,
            grace_s=config["device_grace_s"],
        )
        self._always_contained: bool = config["high_assurance"]
        self._containers = self._new_containers(config["oci_runtime"])
        self._zygote_plan = config["zygotes"]
        self._memory_budget = config["zygote_bytes"]
        self._root = TemporaryFolder.make("root")
        self._parked = {Runtime(name): count for name, count in config["parked"].items()}

    def _new_containers(self, wanted: str | None) -> Containers | None:
        runtime = find_runtime(wanted)
        if runtime is None:
            if self._always_contained or wanted:
                missing = wanted or "an OCI runtime"
                raise SandboxUnavailable(
                    f"High assurance is demanded, and {missing} is not here.", remedy=REMEDY
                )
            return None
        return Containers(
            runtime,
            config=self._pool_config,
            new_group=self._hierarchy.group,
            next_number=self._numbers.__next__,
            report=log,
        )

    def serve(self) -> None:
        """Listens, says `ready` on stdout, and serves each connection in a thread of its own until told to
        stop.

        Raises `SandboxUnavailable` where this host lets no box be made: less is not offered.
        """
        with door.listen(self._socket_path, self._owner) as listener:
            listener.setblocking(False)
            try:
                for runtime in self._parked:
                    self._pool(runtime)
                refuse_unfit_host()
                threading.Thread(target=self._keep_house, name="house", daemon=True).start()
                say(door.READY)
                while self._stop_asked.waits_for(listener):
                    self._accept(listener)
            finally:
                self._stop()

    def _accept(self, listener: socket.socket) -> None:
        """Serves the next client. Where there is no room for it, the supervisor makes some, and lives on."""
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return  # who knocked has left
        except OSError as error:  # accept(2): out of descriptors or memory, or the client is gone again
            self._make_room(error)
            return
        try:
            threading.Thread(target=self._serve_client, args=(connection,), daemon=True).start()
        except RuntimeError as error:  # out of threads
            connection.close()
            self._make_room(error)

    def _make_room(self, error: Exception) -> None:
        done = "a silent one must go" if self._silent.hang_up() else "nobody is silent who could go"
        log(f"no client can be taken in now ({error}): {done}")
        time.sleep(_NO_ROOM_PAUSE_S)

    def _give_up(self, part: str) -> None:
        """Ends the supervisor, of which a part has died that others wait for: a new one is whole."""
        self.is_whole = False
        log(f"{part} has died, and the supervisor ends with it: {traceback.format_exc().rstrip()}")
        self._stop_asked.ask()
        # What is no longer whole may not even be able to end in good order.
        exit_hard = threading.Timer(_END_TIMEOUT_S, os._exit, (1,))
        exit_hard.daemon = True
        try:
            exit_hard.start()
        except RuntimeError:  # out of threads
            os._exit(1)

    def _stop(self) -> None:
        door.close(self._socket_path, self._owner)
        self._leases.stop()
        with self._pools_lock:
            self._stopping = True  # a run that comes now must not make a pool that nobody ends
        for pool in self._pools.values():
            pool.ask_to_stop()
        for pool in self._pools.values():
            pool.wait_stopped()
        if self._containers:
            self._containers.stop()
        self._hierarchy.remove()
        self._root.remove()

    def _keep_house(self) -> None:
        """Lets the runtimes go that were used least lately, while all of them take too much memory."""
        try:
            self._watch_memory()
        except BaseException:
            self._give_up("the housekeeping")

    def _watch_memory(self) -> None:
        while True:
            time.sleep(_HOUSEKEEPING_S)
            pools = sorted(self._pools.values(), key=lambda pool: pool.last_use)
            total = sum(pool.resident_bytes() for pool in pools)
            for pool in pools[:-1]:
                if total > self._memory_budget and pool.is_idle():
                    log(f"zygotes take {total / MIB:.0f} MiB: the {pool.runtime} runtime goes to rest")
                    total -= pool.resident_bytes()
                    pool.shrink()

    def _pool(self, runtime: Runtime, device: Device | None = None) -> Pool:
        """The runtime's pool; a device has pools of its own, whose boxes alone see its nodes."""
        key = (runtime, device.key if device else "")
        with self._pools_lock:
            if self._stopping:
                raise SandboxError("The sandbox is being stopped.")
            if key not in self._pools:
                self._pools[key] = Pool(
                    runtime,
                    Plan(parked=1 if device else self._parked.get(runtime, 1), **self._zygote_plan),
                    root=self._root.path,
                    config=self._pool_config | {"device": _bound(device)},
                    place_zygote=self._hierarchy.place_zygote,
                    new_group=self._hierarchy.group,
                    next_number=self._numbers.__next__,
                    report=log,
                    died=self._give_up,
                )
            return self._pools[key]

    def _serve_client(self, connection: socket.socket) -> None:
        with connection:
            if not door.is_allowed(connection, self._owner):
                return
            with contextlib.suppress(WireError, OSError):
                while True:
                    self._silent.send(connection, json.dumps(self._answered(connection)).encode())

    def _answered(self, connection: socket.socket) -> dict[str, Any]:
        """Takes one order and carries it out; what was wrong with it, where it cannot be."""
        try:
            with self._silent.waiting(connection):
                order, fd = receive_control(connection)
        except NoMessage as error:
            return _refusal(InvalidJob(f"The order cannot be read: {error}."))
        except DescriptorsLost as error:
            return _refusal(SandboxError(f"The order cannot be carried out now: {error}."))
        try:
            return self._answer(order, fd, connection)
        except SandboxError as error:
            return _refusal(error)
        finally:
            if fd is not None:
                os.close(fd)

    def _answer(self, order: dict[str, Any], fd: int | None, client: socket.socket) -> dict[str, Any]:
        if order.get("op") == "ping":
            pools = [pool.state() for pool in list(self._pools.values())]
            return {
                "pid": os.getpid(),
                "guarantees": self._guarantees.held,
                "runtimes": sorted({pool["runtime"] for pool in pools if pool["warm"]}),
                "pools": pools,
                "devices": [asdict(state) for state in self._leases.states()],
            }
        if order.get("op") != "run" or fd is None:
            raise InvalidJob("Only `ping` and `run` are served, `run` with a data connection.")
        asked = read_order(order)
        # First the device, then a box of its own: who waits for a device holds nothing.
        request = asked.device
        lease = self._leases.acquire(request, gone=lambda: _is_gone(client)) if request else None
        try:
            source = self._source(asked, lease)
            box = source.take(_TAKE_TIMEOUT_S)
        except BaseException:
            if lease:
                self._leases.release(lease)
            raise
        if lease:
            box.ended = functools.partial(self._leases.release, lease)
        try:
            account = Run(box, asked.bounds, client).watch(
                {"op": "run"} | asked.limits | _environment(lease), fd
            )
            if lease:
                self._leases.verify(lease)
        except BaseException:
            box.kill()
            raise
        finally:
            # The client reads the box's report meanwhile, with which the box ends.
            source.give_back(box)
        held = source.guarantees(self._guarantees.held)
        return account | {
            "guarantees": [*held, *(["device:exclusive"] if lease else [])],
            "device": lease.device.name if lease else "cpu",
            "driver": lease.device.driver if lease else "",
        }

    def _source(self, asked: Order, lease: Lease | None) -> Source:
        """Where the box for a job comes from."""
        device = lease.device if lease else None
        if not (asked.high_assurance or self._always_contained):
            return self._pool(asked.runtime, device)
        if self._containers is None:
            raise MissingRuntime(f"The job demands high assurance, and no OCI runtime is here. {REMEDY}")
        return self._containers.source(asked.runtime, device)


def _refusal(error: SandboxError) -> dict[str, Any]:
    return {"error": str(error), "kind": type(error).__name__}


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


def _prepare_process() -> None:
    """Room for the descriptors of many boxes, and a place before submissions when it comes to the clock."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)


def main() -> int:
    """`python -m sandbox.supervisor --config JSON`."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.supervisor")
    parser.add_argument("--config", type=json.loads, required=True, help="JSON, see `client.Config`")
    parser.add_argument("--die-with-parent", action="store_true")
    options = parser.parse_args()
    if options.die_with_parent:
        die_with_parent()
    threading.excepthook = log_death
    stop = Stop()
    _prepare_process()
    try:
        supervisor = Supervisor(options.config, stop)
        supervisor.serve()
    except SandboxUnavailable as error:
        say(json.dumps({"message": error.message, "remedy": error.remedy}))
        return 1
    return 0 if supervisor.is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
