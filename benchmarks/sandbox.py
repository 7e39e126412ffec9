"""What isolation costs here: our runs beside bare ones and other jails', one after another, again and again.

    .venv/bin/python benchmarks/sandbox.py [--json] [--runs N]

Every round makes each run once, with the pause before it, so that a busy moment of the machine meets all of
them. C and Python are measured with pauses of 0 and 50 ms; what is compared is the medians at 50 ms, the
pace of a judge at work. The ratios, and what the sandbox promises of them:

- `c_vs_bwrap`: a static C program in our box with every limit ÷ the same under bubblewrap without limits; at
  most 1.
- `python_vs_bare`: a Python program in our box, dispatch to answer ÷ a bare `python -c pass`; at most 0.5.
- `numpy_vs_cold`: a bare Python that imports numpy and uses it ÷ the same in our box.
- `tensorflow_first_op_vs_cold`: a bare Python from its start until TensorFlow is imported ÷ our box from
  dispatch until the answer with the result of a first operation; at least 30.
- `tensorflow_throughput_vs_cold`: runs a second of one TensorFlow operation in our boxes, as many clients as
  cores ÷ the same with a bare Python each; at least 20.

`python ours, cold` and its likes are the same programs in a box of ours by an interpreter that has nothing
imported: what the box costs without what is parked in it.

What is not here is named under `skipped` with the reason, and its ratio is null. Nothing is installed. Exits
1 where a promise does not hold or was not measured, and says on stderr which.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent.parent
# This file's own name is that of the package it measures.
sys.path[:] = [str(HOME), *(entry for entry in sys.path if Path(entry).name != "benchmarks")]

from benchmarks.counts import at_least_one  # noqa: E402
from sandbox.client import Config, Sandbox, private_sandbox  # noqa: E402
from sandbox.job import MIB, Command, Job, Limits, Runtime, Script, Status  # noqa: E402

PACES_S = (0.0, 0.05)
COMPARED_PACE_S = 0.05
COLD_TENSORFLOW_RUNS = 3
THROUGHPUT_S = 10.0
THRESHOLDS = {
    "c_vs_bwrap": ("at most", 1.0),
    "python_vs_bare": ("at most", 0.5),
    "tensorflow_first_op_vs_cold": ("at least", 30.0),
    "tensorflow_throughput_vs_cold": ("at least", 20.0),
}
NEEDS = {
    "c_vs_bwrap": ("c", "bwrap"),
    "tensorflow_first_op_vs_cold": ("tensorflow",),
    "tensorflow_throughput_vs_cold": ("tensorflow",),
}
"""What a promise is not measured without, as `skipped` names it."""
C_SOURCE = '#include <unistd.h>\nint main(void) { return write(1, "ok\\n", 3) != 3; }\n'
NUMPY = "import numpy\nprint(numpy.arange(10).sum())"
FIRST_OP = "import tensorflow\nprint(int(tensorflow.reduce_sum(tensorflow.ones((8, 8)))))"
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "",
    "OPENBLAS_NUM_THREADS": "1",
}
COLD_ENVIRONMENT = {name: value for name, value in ENVIRONMENT.items() if name != "PATH"}
ML_LIMITS = Limits(cpu_s=60, wall_s=120, memory_bytes=1024 * MIB, processes=256)

Measured = Callable[[], float]


@dataclass(slots=True)
class Bench:
    """What is measured: by name, a run that returns its milliseconds; and what cannot be, with the reason."""

    runs: dict[str, Measured] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def main() -> int:
    """Measures and prints; 1 where a promise does not hold, or could not be measured."""
    parser = argparse.ArgumentParser(description="What isolation costs on this machine.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--runs", type=at_least_one, default=60, help="rounds at each pace (60)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="touchstone-benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        result = measure(folder, options.runs)
    print(json.dumps(result, indent=None if options.json else 2) if options.json else _as_text(result))
    shortfalls = _shortfalls(result)
    print(*shortfalls, sep="\n", end="\n" * bool(shortfalls), file=sys.stderr)
    return 1 if shortfalls else 0


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Every figure: `{"ratios", "promises", "runs", "skipped", "host", …}`, times in milliseconds."""
    bench = Bench()
    with _boxes(folder) as box:
        _add_c(bench, folder, box)
        _add_python(bench, box)
        _add_numpy(bench, box)
        for run in bench.runs.values():
            run()
            run()
        figures = {f"{pace * 1000:.0f} ms": _interleaved(bench.runs, rounds, pace) for pace in PACES_S}
    tensorflow: dict[str, Any] = {}
    if find_spec("tensorflow") is None:
        bench.skipped["tensorflow"] = "TensorFlow is not installed in this environment"
    else:
        tensorflow = _tensorflow(folder, max(rounds // 4, 5))
    ratios = _ratios(figures[f"{COMPARED_PACE_S * 1000:.0f} ms"], tensorflow)
    return {
        "ratios": ratios,
        "promises": _promises(ratios),
        "pace_compared": f"{COMPARED_PACE_S * 1000:.0f} ms",
        "runs": figures,
        "tensorflow": tensorflow,
        "skipped": bench.skipped,
        "host": _host(),
    }


@contextmanager
def _boxes(folder: Path, **parked: int) -> Iterator[Sandbox]:
    counts = {Runtime(name): count for name, count in parked.items()}
    counts = counts or {Runtime.COMMAND: 2, Runtime.PYTHON: 2, Runtime.NUMPY: 2}
    with private_sandbox(Config(socket=folder / "sandbox.sock", parked=counts)) as box:
        yield box


def _add_c(bench: Bench, folder: Path, box: Sandbox) -> None:
    compiler = shutil.which("gcc") or shutil.which("cc")
    program = folder / "main"
    if compiler is None:
        bench.skipped["c"] = "no C compiler on PATH"
        return
    (folder / "main.c").write_text(C_SOURCE)
    command = [compiler, "-O2", "-static", "-s", "-o", str(program), str(folder / "main.c")]
    subprocess.run(command, check=True)  # noqa: S603 - a compiler of this host
    program.chmod(0o755)
    job = Job(
        Runtime.COMMAND,
        Command(("./main",)),
        files={"main": program.read_bytes()},
        executables=frozenset({"main"}),
    )
    bench.runs["c bare"] = lambda: _spawned([str(program)])
    bench.runs["c ours"] = lambda: _boxed(box, job, b"ok\n")
    for name, jailed in _other_jails(folder, ["/box/main"]).items():
        if isinstance(jailed, str):
            bench.skipped[name] = jailed
        else:
            bench.runs[f"c {name}"] = lambda jailed=jailed: _spawned(jailed)  # type: ignore[misc]


def _add_python(bench: Bench, box: Sandbox) -> None:
    job = Job(Runtime.PYTHON, Script("main.py"), files={"main.py": b"pass"})
    bench.runs["python bare"] = lambda: _spawned([sys.executable, "-c", "pass"])
    cold = _cold_job("pass", Runtime.PYTHON)
    bench.runs["python ours, cold"] = lambda: _boxed(box, cold, b"")
    bench.runs["python ours"] = lambda: _boxed(box, job, b"")


def _add_numpy(bench: Bench, box: Sandbox) -> None:
    if find_spec("numpy") is None:
        bench.skipped["numpy"] = "numpy is not installed in this environment"
        return
    job = Job(Runtime.NUMPY, Script("main.py"), files={"main.py": NUMPY.encode()})
    bench.runs["numpy bare"] = lambda: _spawned([sys.executable, "-c", NUMPY])
    cold = _cold_job(NUMPY, Runtime.NUMPY)
    bench.runs["numpy ours, cold"] = lambda: _boxed(box, cold, b"45\n")
    bench.runs["numpy ours"] = lambda: _boxed(box, job, b"45\n")


def _cold_job(source: str, runtime: Runtime, limits: Limits | None = None) -> Job:
    """The same in a box of ours by an interpreter of its own, which has imported nothing."""
    interpreter = str(Path(sys.executable).resolve())  # a virtual environment's is not in the box
    command = Command((interpreter, "-c", source), env={"PYTHONPATH": "/packages"} | COLD_ENVIRONMENT)
    return Job(runtime, command, limits=limits or Limits())


def _other_jails(folder: Path, program: Sequence[str]) -> Mapping[str, list[str] | str]:
    """For each jail the command that runs a program of `folder`, seen at /box; a reason where it cannot."""
    system = ["/usr", "/bin", "/lib", "/lib64"]
    found: dict[str, list[str] | str] = {}
    bwrap = shutil.which("bwrap")
    if bwrap:
        binds = [part for path in system if Path(path).exists() for part in ("--ro-bind", path, path)]
        found["bwrap"] = [
            *(bwrap, "--unshare-all", "--die-with-parent", *binds, "--proc", "/proc", "--dev", "/dev"),
            *("--tmpfs", "/tmp", "--ro-bind", str(folder), "/box", "--chdir", "/box", *program),  # noqa: S108
        ]
    nsjail = shutil.which("nsjail")
    if nsjail:
        binds = [part for path in system if Path(path).exists() for part in ("-R", path)]
        found["nsjail"] = [nsjail, "-Mo", "-Q", *binds, "-R", f"{folder}:/box", "--", *program]
    crun = shutil.which("crun")
    if crun:
        found["crun"] = _crun(crun, folder, program)
    isolate = shutil.which("isolate")
    if isolate:
        found["isolate"] = [isolate, "--run", f"--dir=/box={folder}", "--", *program]
    for name in ("bwrap", "nsjail", "crun", "isolate"):
        command = found.get(name)
        if command is None:
            found[name] = f"{name} is not installed"
        elif not isinstance(command, str):
            tried = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
            if tried.returncode:
                found[name] = f"{name} does not run here: {tried.stderr.strip().splitlines()[-1:]}"
    return found


def _crun(crun: str, folder: Path, program: Sequence[str]) -> list[str]:
    """A bundle with the same mounts, without limits; the container's name is used anew for each run."""
    bundle = folder / "bundle"
    for inside in ("rootfs/proc", "rootfs/dev", "rootfs/tmp", "rootfs/box", "rootfs/usr", "rootfs/sys"):
        (bundle / inside).mkdir(parents=True)
    for link in ("bin", "lib", "lib64"):
        (bundle / "rootfs" / link).symlink_to(f"usr/{link}")
    bind = {"type": "bind", "options": ["rbind", "ro"]}
    spec = {
        "ociVersion": "1.0.0",
        "root": {"path": "rootfs", "readonly": True},
        "process": {
            "args": list(program),
            "cwd": "/box",
            "env": ["PATH=/usr/bin:/bin"],
            "noNewPrivileges": True,
        },
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"},  # noqa: S108
            {"destination": "/usr", "source": "/usr", **bind},
            {"destination": "/box", "source": str(folder), **bind},
        ],
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "network", "ipc", "uts")]},
    }
    (bundle / "config.json").write_text(json.dumps(spec))
    return [crun, "--cgroup-manager=disabled", "run", "--bundle", str(bundle), f"touchstone-{os.getpid()}"]


def _spawned(command: Sequence[str]) -> float:
    """Milliseconds from the start of a process to its end, by the cheapest call there is."""
    quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    begun = time.perf_counter()
    pid = os.posix_spawn(command[0], command, ENVIRONMENT, file_actions=quiet)
    _, status = os.waitpid(pid, 0)
    took = time.perf_counter() - begun
    if status:
        raise SystemExit(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return took * 1000


def _boxed(box: Sandbox, job: Job, expected: bytes) -> float:
    """Milliseconds from dispatch to answer."""
    begun = time.perf_counter()
    outcome = box.run(job)
    took = time.perf_counter() - begun
    if outcome.status is not Status.OK or outcome.stdout != expected:
        raise SystemExit(f"a run in a box failed: {outcome.reason} {outcome.stderr.decode(errors='replace')}")
    return took * 1000


def _interleaved(runs: Mapping[str, Measured], rounds: int, pace_s: float) -> dict[str, dict[str, float]]:
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            time.sleep(pace_s)
            times[name].append(run())
    return {name: _summary(values) for name, values in times.items()}


def _summary(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 3),
        "p95": round(ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)], 3),
        "min": round(ordered[0], 3),
        "runs": len(ordered),
    }


def _tensorflow(folder: Path, rounds: int) -> dict[str, Any]:
    """Cold and parked runs interleaved, then both saturated one after the other."""
    cores = len(os.sched_getaffinity(0))
    job = Job(Runtime.ML, Script("main.py"), files={"main.py": FIRST_OP.encode()}, limits=ML_LIMITS)
    cold_job = _cold_job(FIRST_OP, Runtime.ML, ML_LIMITS)
    with _boxes(folder, ml=max(cores, 2)) as box:
        _boxed(box, job, b"64\n")
        _cold_import()
        cold, ours, ours_cold = [], [], []
        for number in range(rounds):
            if number % -(-rounds // COLD_TENSORFLOW_RUNS) == 0:
                cold.append(_cold_import())
                ours_cold.append(_boxed(box, cold_job, b"64\n"))
            time.sleep(COMPARED_PACE_S)
            ours.append(_boxed(box, job, b"64\n"))
        return {
            "cold import": _summary(cold),
            "first op ours, cold": _summary(ours_cold),
            "first op ours": _summary(ours),
            "cold runs a second": _throughput(lambda: _spawned([sys.executable, "-c", FIRST_OP]), cores),
            "our runs a second": _throughput(lambda: _boxed(box, job, b"64\n"), cores),
            "clients": cores,
        }


def _cold_import() -> float:
    """Milliseconds from the start of a bare Python until it has imported TensorFlow."""
    source = "import tensorflow, time\nprint(time.perf_counter())"
    begun = time.perf_counter()
    said = subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-c", source], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    return (float(said.stdout) - begun) * 1000  # CLOCK_MONOTONIC is the same for all


def _throughput(run: Measured, clients: int) -> float:
    """Runs a second that `clients` threads get done; each is begun within the time, and ended."""
    begun = time.perf_counter()
    done: list[float] = []

    def work() -> None:
        while time.perf_counter() - begun < THROUGHPUT_S:
            done.append(run())

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return round(len(done) / (time.perf_counter() - begun), 3)


def _ratios(
    runs: Mapping[str, Mapping[str, float]], tensorflow: Mapping[str, Any]
) -> dict[str, float | None]:
    def ratio(above: str, below: str) -> float | None:
        if above not in runs or below not in runs:
            return None
        return round(runs[above]["median"] / runs[below]["median"], 3)

    first_op = throughput = None
    if tensorflow:
        first_op = round(tensorflow["cold import"]["median"] / tensorflow["first op ours"]["median"], 2)
        throughput = round(tensorflow["our runs a second"] / tensorflow["cold runs a second"], 2)
    return {
        "c_vs_bwrap": ratio("c ours", "c bwrap"),
        "python_vs_bare": ratio("python ours", "python bare"),
        "numpy_vs_cold": ratio("numpy bare", "numpy ours"),
        "tensorflow_first_op_vs_cold": first_op,
        "tensorflow_throughput_vs_cold": throughput,
    }


def _promises(ratios: Mapping[str, float | None]) -> dict[str, dict[str, Any]]:
    promises = {}
    for name, (word, bound) in THRESHOLDS.items():
        value = ratios[name]
        held = None if value is None else value <= bound if word == "at most" else value >= bound
        promises[name] = {word: bound, "held": held}
    return promises


def _shortfalls(result: Mapping[str, Any]) -> list[str]:
    """A line for each promise that does not hold, or was not measured."""
    lines = []
    for name, promise in result["promises"].items():
        if promise["held"] is None:
            reasons = [result["skipped"][need] for need in NEEDS[name] if need in result["skipped"]]
            lines.append(f"{name} was not measured: {'; '.join(reasons)}")
        elif not promise["held"]:
            bound = " ".join(f"{word} {value}" for word, value in promise.items() if word != "held")
            lines.append(f"{name} is {result['ratios'][name]}, and {bound} is promised")
    return lines


def _host() -> dict[str, Any]:
    return {
        "kernel": platform.release(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def _as_text(result: Mapping[str, Any]) -> str:
    lines = []
    for pace, runs in result["runs"].items():
        lines.append(f"pause {pace}: milliseconds, median / 95th percentile / least")
        lines += [
            f"  {name:18} {run['median']:8.2f} {run['p95']:8.2f} {run['min']:8.2f}"
            for name, run in runs.items()
        ]
    lines += [f"  {name}: {value}" for name, value in result["tensorflow"].items()]
    lines.append("ratios")
    for name, value in result["ratios"].items():
        promise = result["promises"].get(name, {})
        bound = " ".join(f"{word} {value}" for word, value in promise.items() if word != "held")
        lines.append(f"  {name:32} {value if value is not None else 'not measured':>8}  {bound}")
    lines += [f"skipped {name}: {reason}" for name, reason in result["skipped"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
