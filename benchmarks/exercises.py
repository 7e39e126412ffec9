"""What exercises on real models cost a whole installation: ten answers at once, and one that is trivial.

    .venv/bin/python benchmarks/exercises.py [--json] [--cores N] [--rounds N] [PROBLEM …]

Starts an installation of its own, in a folder of its own, with the models and data that are installed
(TOUCHSTONE_DATA); it and all it starts share `--cores` cores, two by default. Then, through the API:

- **at once**: ten exercises are answered in the same moment, once by their references and once by answers
  known to be wrong. Exits 1 where a verdict is another than that of the answer's folder, an internal error
  above all.
- **end to end**: an answer that imports TensorFlow and computes one sum, from its arrival to its verdict,
  evaluator included; and a bare Python that does the same, in turn with it. `tensorflow_end_to_end_vs_cold`
  is how many times as long the bare one takes, by the medians, and at least 20 is what is promised.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent.parent
# The folder of this file holds a module with the name of a package that is used here.
sys.path[:] = [str(HOME), *(entry for entry in sys.path if Path(entry).name != "benchmarks")]

from benchmarks.counts import at_least_one  # noqa: E402
from deploy.client import Answered, Client  # noqa: E402
from deploy.host import free_port  # noqa: E402
from deploy.trials import PROBLEMS, Trial  # noqa: E402
from questionbank.config.places import data_folder, state_folder  # noqa: E402
from questionbank.packages.model import Kind, Package  # noqa: E402
from questionbank.packages.reader import read_package  # noqa: E402

AT_ONCE = 10
PROMISED_VS_COLD = 20.0
TRIVIAL_PROBLEM = "latency-percentiles"
TRIVIAL = """import json
import tensorflow

total = int(tensorflow.reduce_sum(tensorflow.ones((8, 8))))
with open("/work/out/report.json", "w") as file:
    json.dump({"percentiles_ms": [total] * 3, "throughput": 1}, file)
"""
COLD = "import tensorflow\nprint(int(tensorflow.reduce_sum(tensorflow.ones((8, 8)))))"
COLD_RUNS, WARM_RUNS = 5, 15
READY_WITHIN_S, ANSWERED_WITHIN_S = 600.0, 600.0
BETWEEN_S = 0.5
"""Until the next zygote's box is parked, as between two answers of people."""
LOOK_EVERY_S = 0.1
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "OPENBLAS_NUM_THREADS": "1"}


def main() -> int:
    """0 where every verdict was right and the promise was held."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("problems", nargs="*", metavar="PROBLEM", help="the exercises to answer at once")
    parser.add_argument("--json", action="store_true", help="one object instead of text")
    parser.add_argument("--cores", type=at_least_one, default=2)
    parser.add_argument(
        "--rounds", type=at_least_one, default=1, help="how often right and wrong answers are sent"
    )
    options = parser.parse_args()
    packages = exercises(options.problems)
    cores = sorted(os.sched_getaffinity(0))[: options.cores]
    os.sched_setaffinity(0, cores)
    with installation() as client:
        at_once = [
            send_at_once(client, answers(packages, right=right), f"{word}, round {number + 1}")
            for number in range(options.rounds)
            for word, right in (("references", True), ("known to be wrong", False))
        ]
        end_to_end = measure_end_to_end(client)
    differing = [row for one in at_once for row in one["answers"] if row["verdict"] != row["expected"]]
    ratio = end_to_end["tensorflow_end_to_end_vs_cold"]
    result = {
        "cores": len(cores),
        "at_once": at_once,
        "differing": differing,
        "end_to_end": end_to_end,
        "held": not differing and ratio >= PROMISED_VS_COLD,
    }
    print(json.dumps(result, indent=1) if options.json else as_text(result))
    return 0 if result["held"] else 1


def exercises(slugs: Sequence[str]) -> list[Package]:
    """Those named, or ten of the bank's that any host can run, spread over it by name."""
    known = [read_package(path.parent) for path in sorted(PROBLEMS.glob("*/touchstone.yaml"))]
    found = [one for one in known if one.kind is Kind.ARTIFACT and not one.needs_gpu]
    if slugs:
        return [next(one for one in found if one.slug == slug) for slug in slugs]
    return [found[place * len(found) // AT_ONCE] for place in range(AT_ONCE)]


def answers(packages: Sequence[Package], *, right: bool) -> list[Trial]:
    """One of each package: its first reference, or the first answer that fails."""
    chosen = []
    for package in packages:
        one = next(one for one in package.submissions if (one.expected == "AC") is right)
        file = one.path.relative_to("submissions").as_posix()
        chosen.append(Trial(package.slug, file, one.language, one.source.decode(), one.expected))
    return chosen


@contextmanager
def installation() -> Iterator[Client]:
    """A running installation, and its demo candidate logged in."""
    with tempfile.TemporaryDirectory(prefix="touchstone-benchmark-") as folder:
        port, log = free_port(), Path(folder) / "up.log"
        environment = os.environ | {
            "TOUCHSTONE_VAR": f"{folder}/var",
            "TOUCHSTONE_RUN": f"{folder}/run",
            "TOUCHSTONE_DATA": str(data_folder(state_folder())),
            "TOUCHSTONE_PORT": str(port),
            "TOUCHSTONE_DEMO": "1",
            "TOUCHSTONE_SUBMIT_RATE": "1000000/min",
        }
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "deploy.up"], cwd=HOME, env=environment, stdout=output, stderr=output
            )
        try:
            deadline = time.monotonic() + READY_WITHIN_S
            while "the password is" not in log.read_text(errors="replace"):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"the installation did not start:\n{log.read_text(errors='replace')}")
                time.sleep(LOOK_EVERY_S)
            client = Client(f"http://127.0.0.1:{port}/")
            client.log_in("candidate", password_in(log.read_text()))
            yield client
        finally:
            process.terminate()
            process.wait(60)


def password_in(greeting: str) -> str:
    """The demo users' password, as the installation says it at its start."""
    return greeting.partition("the password is ")[2].split()[0]


def send_at_once(client: Client, sent: Sequence[Trial], what: str) -> dict[str, Any]:
    """All in the same moment, each from a thread of its own; then every verdict."""
    begun = time.monotonic()
    with ThreadPoolExecutor(len(sent)) as pool:
        identifiers = list(pool.map(lambda trial: submit(client, trial), sent))
    got = wait_for(client, identifiers)
    rows = [
        {
            "problem": trial.problem,
            "file": trial.file,
            "expected": trial.expected,
            "verdict": got[identifier].verdict,
            "seconds": got[identifier].seconds,
        }
        for trial, identifier in zip(sent, identifiers, strict=True)
    ]
    return {"what": what, "seconds": round(time.monotonic() - begun, 1), "answers": rows}


def submit(client: Client, trial: Trial) -> str:
    """The submission's id."""
    return client.submit(
        problem=trial.problem, language=trial.language, source=trial.source, key=uuid.uuid4().hex
    )


def wait_for(client: Client, identifiers: Sequence[str]) -> dict[str, Answered]:
    """What came of each, by its id."""
    deadline = time.monotonic() + ANSWERED_WITHIN_S
    while time.monotonic() < deadline:
        found = {one.id: one for one in client.submissions() if one.seconds is not None}
        if found.keys() >= set(identifiers):
            return {identifier: found[identifier] for identifier in identifiers}
        time.sleep(LOOK_EVERY_S)
    raise SystemExit(f"no verdict after {ANSWERED_WITHIN_S:.0f} s")


def measure_end_to_end(client: Client) -> dict[str, Any]:
    """Warm answers and cold starts in turn: the machine's busy moments meet both."""
    trivial = Trial(TRIVIAL_PROBLEM, "trivial.py", "python", TRIVIAL, "WA")
    answer_once(client, trivial)
    cold_start()
    cold, ours = [], []
    for number in range(WARM_RUNS):
        if number % (WARM_RUNS // COLD_RUNS) == 0:
            cold.append(cold_start())
        time.sleep(BETWEEN_S)
        ours.append(answer_once(client, trivial))
    ratio = statistics.median(cold) / statistics.median(ours)
    return {
        "cold_s": summary(cold),
        "ours_s": summary(ours),
        "tensorflow_end_to_end_vs_cold": round(ratio, 1),
        "promised": f"at least {PROMISED_VS_COLD:g}",
    }


def answer_once(client: Client, trial: Trial) -> float:
    """Seconds from the answer's arrival to its verdict."""
    identifier = submit(client, trial)
    answered = wait_for(client, [identifier])[identifier]
    if answered.verdict != trial.expected or answered.seconds is None:
        raise SystemExit(f"the trivial answer got {answered.verdict}, not {trial.expected}")
    return answered.seconds


def cold_start() -> float:
    """Seconds of a bare Python that imports TensorFlow and computes the same sum."""
    begun = time.perf_counter()
    subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-c", COLD], env=os.environ | QUIET, check=True, capture_output=True, cwd=HOME
    )
    return time.perf_counter() - begun


def summary(values: Sequence[float]) -> dict[str, float]:
    """Median and extremes."""
    return {
        "median": round(statistics.median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
        "runs": len(values),
    }


def as_text(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{result['cores']} cores"]
    for one in result["at_once"]:
        lines.append(f"{len(one['answers'])} answers at once, {one['what']}: {one['seconds']} s")
        for row in one["answers"]:
            mark = "" if row["verdict"] == row["expected"] else f"  <- expected {row['expected']}"
            lines.append(
                f"  {row['problem']:26} {row['verdict']:4} {row['seconds']:7.1f} s  {row['file']}{mark}"
            )
    lines += [f"{key}: {value}" for key, value in result["end_to_end"].items()]
    lines.append("all held" if result["held"] else "NOT held")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
