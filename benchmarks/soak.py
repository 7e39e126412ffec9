"""Thousands of runs in a row, of every kind, and a look at what is left: nothing may have grown.

    .venv/bin/python benchmarks/soak.py [--runs N] [--json]

Honest runs, failures, and runs that must be killed take turns. After a warm-up and at the end the supervisor
is looked at from outside, by /proc and the control groups' file system: processes, threads, mounts, groups,
descriptors, memory in tmpfs, and the resident memory of the supervisor and its zygotes. Exits 1 where a run
did not end as it had to, or something has grown.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent.parent
# The folder of this file holds a module with the name of the package it runs.
sys.path[:] = [str(HOME), *(entry for entry in sys.path if Path(entry).name != "benchmarks")]

from benchmarks.counts import at_least_one  # noqa: E402
from sandbox.client import Config, Sandbox, private_sandbox  # noqa: E402
from sandbox.job import MIB, Command, Job, Limits, Outcome, Runtime, Script, Status  # noqa: E402

SMALL = Limits(
    cpu_s=2.0,
    wall_s=10.0,
    memory_bytes=64 * MIB,
    processes=8,
    output_bytes=64 * 1024,
    disk_bytes=4 * MIB,
    inodes=128,
)
WARM_UP = 64
QUIET_S = 1.0
SETTLE_S = 30.0
GROWTH_ALLOWED = {"resident_kib": 8 * 1024, "tmpfs_kib": 256}
"""What may come and go with the moment: caches of the allocators, pages of a box that is being parked."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of run, and the status it must have."""

    job: Job
    status: Status


@dataclass(frozen=True, slots=True)
class Held:
    """What a supervisor and all below it hold at a quiet moment."""

    processes: int
    threads: int
    mounts: int
    groups: int
    descriptors: int
    resident_kib: int
    tmpfs_kib: int


def kinds() -> list[Kind]:
    """Runs of every kind; most of them honest, as in life."""

    def python(source: str, status: Status = Status.OK, limits: Limits = SMALL, **job: Any) -> Kind:
        return Kind(
            Job(Runtime.PYTHON, Script("main.py"), {"main.py": source.encode()}, limits=limits, **job), status
        )

    honest = python("print(sum(range(1000)))")
    flood = "while True: print('x' * 999)"
    bomb = "import os\nwhile True: os.fork()"
    daemon = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(99)"
    shell = Job(Runtime.COMMAND, Command(("sh", "-c", "echo ok; ls /work")), limits=SMALL)
    short = replace(SMALL, wall_s=0.1)
    return [
        honest,
        python("import sys\nprint(len(sys.stdin.read()))", stdin=b"x" * 100_000),
        Kind(shell, Status.OK),
        honest,
        python("open('out', 'w').write('kept')", collect=("out",)),
        python("raise SystemExit(3)", Status.NONZERO_EXIT),
        honest,
        python("import os\nos.abort()", Status.SIGNALLED),
        python(daemon),
        python("x = bytearray(2**30)", Status.MEMORY_LIMIT),
        honest,
        python("import time\ntime.sleep(9)", Status.TIME_LIMIT, short),
        python("while True: pass", Status.TIME_LIMIT, replace(SMALL, cpu_s=0.05)),
        python(flood, Status.OUTPUT_LIMIT),
        python(bomb, Status.NONZERO_EXIT),
        python("open('/tmp/x', 'wb').write(bytes(2**23))", Status.NONZERO_EXIT),
    ]


def soak(box: Sandbox, runs: int, supervisor: int, progress: Callable[[int], None]) -> dict[str, Any]:
    """Runs all kinds in turn; `{"runs", "failures", "before", "after", "grown", "seconds"}`."""
    all_kinds = kinds()
    failures: list[str] = []
    for number in range(WARM_UP):
        _run(box, all_kinds[number % len(all_kinds)], number, failures)
    before = settled(supervisor)
    begun = time.monotonic()
    for number in range(runs):
        _run(box, all_kinds[number % len(all_kinds)], number, failures)
        progress(number + 1)
    seconds = time.monotonic() - begun
    after = settled(supervisor, before)
    return {
        "runs": runs,
        "failures": failures,
        "before": asdict(before),
        "after": asdict(after),
        "grown": grown(before, after),
        "seconds": round(seconds, 1),
    }


def _run(box: Sandbox, kind: Kind, number: int, failures: list[str]) -> None:
    outcome: Outcome = box.run(kind.job)
    if outcome.status is not kind.status:
        failures.append(f"run {number}: {outcome.status} instead of {kind.status}: {outcome.reason}")


def grown(before: Held, after: Held) -> dict[str, int]:
    """By how much each figure is larger than it may be."""
    return {
        name: value - asdict(before)[name]
        for name, value in asdict(after).items()
        if value > asdict(before)[name] + GROWTH_ALLOWED.get(name, 0)
    }


def settled(supervisor: int, before: Held | None = None) -> Held:
    """What is held once that has stopped changing, and equals or is below `before` where given."""
    deadline = time.monotonic() + SETTLE_S
    last, since = look(supervisor), time.monotonic()
    while time.monotonic() < deadline:
        time.sleep(0.05)
        now = look(supervisor)
        if replace(now, resident_kib=0, tmpfs_kib=0) != replace(last, resident_kib=0, tmpfs_kib=0):
            last, since = now, time.monotonic()
        elif time.monotonic() - since > QUIET_S and (before is None or not grown(before, now)):
            return now
    return look(supervisor)


def look(supervisor: int) -> Held:
    """Counts by /proc; a process that ends meanwhile counts as gone."""
    pids = _with_descendants(supervisor)
    namespaces: dict[str, int] = {}
    threads = descriptors = resident = 0
    for pid in pids:
        process = Path("/proc", str(pid))
        try:
            status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
            threads += int(status["Threads"])
            resident += int(status.get("RssAnon", "0 kB").split()[0])
            descriptors += len(os.listdir(process / "fd"))  # noqa: PTH208
            namespaces[(process / "ns" / "mnt").readlink().name] = len(
                (process / "mountinfo").read_text().splitlines()
            )
        except OSError:
            continue
    return Held(
        processes=len(pids),
        threads=threads,
        mounts=sum(namespaces.values()),
        groups=len(_groups(supervisor)),
        descriptors=descriptors,
        resident_kib=resident,
        tmpfs_kib=sum(map(_shared_kib, _groups(supervisor))),
    )


def _with_descendants(pid: int) -> set[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
    found = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def _groups(supervisor: int) -> list[Path]:
    name = f"/touchstone-{supervisor}-"
    # os.walk leaves out what goes while it looks.
    return [Path(folder) for folder, _, _ in os.walk("/sys/fs/cgroup") if name in folder]


def _shared_kib(group: Path) -> int:
    """What lies in tmpfs on a group's account (`shmem` in both versions' memory.stat)."""
    try:
        lines = (group / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) // 1024 for line in lines if line.startswith("shmem "))


def main() -> int:
    """Soaks a supervisor of its own and prints what came of it."""
    parser = argparse.ArgumentParser(description="Thousands of runs, after which nothing may have grown.")
    parser.add_argument("--runs", type=at_least_one, default=10_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()

    def progress(done: int) -> None:
        if not options.json and done % 500 == 0:
            print(f"{done} runs", flush=True)

    with tempfile.TemporaryDirectory(prefix="touchstone-soak-") as folder:
        config = Config(socket=Path(folder, "sandbox.sock"), parked={Runtime.PYTHON: 2, Runtime.COMMAND: 1})
        with private_sandbox(config) as box:
            result = soak(box, options.runs, box.ping()["pid"], progress)
    print(json.dumps(result, indent=None if options.json else 2))
    return 1 if result["failures"] or result["grown"] else 0


if __name__ == "__main__":
    sys.exit(main())
