"""A submission that searches everything it can reach finds no hidden label or input of an exercise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.judge.artifact import run_once
from grader.judge.model import Answer
from questionbank.packages.model import Package
from sandbox.client import Sandbox
from tests.exercises import EXERCISES

pytestmark = pytest.mark.ml
_LONGEST_NEEDLE = 96
_PROBE = """
import gc, os, re, sys
needles = [bytes.fromhex(text) for text in NEEDLES]
found = []

def look(place, data):
    for number, needle in enumerate(needles):
        if needle in data:
            found.append((place, number))

def read(path):
    try:
        with open(path, "rb") as file:
            return file.read(1 << 27)
    except (OSError, ValueError):
        return b""

for root, folders, files in os.walk("/", followlinks=False):
    folders[:] = [f for f in folders if os.path.join(root, f) not in ("/proc", "/usr", "/sys")]
    for name in files:
        path = os.path.join(root, name)
        if ".so" in name:
            continue  # machine code holds any short pattern, and nobody's labels
        if os.path.abspath(path) != os.path.abspath(sys.argv[0]) and os.path.isfile(path):
            look(path, read(path))
for process in [name for name in os.listdir("/proc") if name.isdigit()]:
    for part in ("environ", "cmdline", "maps", "status", "mountinfo"):
        look(f"/proc/{process}/{part}", read(f"/proc/{process}/{part}"))
    for fd in range(64):
        path = f"/proc/{process}/fd/{fd}"
        try:
            target = os.readlink(path)
        except OSError:
            continue
        if not target.startswith(("pipe:", "socket:", "anon_inode:", "/dev/")):
            look(path + " " + target, read(path))
look("environment", repr(dict(os.environ)).encode())

own = {id(needles), *map(id, needles)}
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    regions = [line.split() for line in maps]
    for bounds, mode, *rest in regions:
        path = rest[3] if len(rest) > 3 else ""
        if "r" not in mode or not path.startswith("/store") and path.startswith("/"):
            continue
        start, end = (int(part, 16) for part in bounds.split("-"))
        try:
            memory.seek(start)
            data = memory.read(min(end - start, 1 << 27))
        except (OSError, ValueError, OverflowError):
            continue
        if path.startswith("/store"):
            look("mapped " + path, data)
for module in list(sys.modules.values()):
    for key, value in list(vars(module).items()) if hasattr(module, "__dict__") else ():
        if isinstance(value, (bytes, bytearray, memoryview)) and value is not needles:
            look(f"module {module.__name__}.{key}", bytes(value))
for item in gc.get_objects():
    if type(item).__module__ == "numpy" and type(item).__name__ == "ndarray":
        look("an array in memory", item.tobytes())
print("FOUND", found)
for path in OUTPUTS:
    os.makedirs(os.path.dirname("/work/out/" + path) or ".", exist_ok=True)
    if not path.endswith("/"):
        open("/work/out/" + path, "wb").write(b"x")
"""


def needles(hidden: Path) -> list[bytes]:
    """Bytes that only the hidden folder holds: pieces of its arrays in several widths, and of its inputs."""
    pieces = []
    for path in sorted(hidden.glob("*.npy")):
        array = np.load(path, allow_pickle=False).ravel()
        if len(array) < 64 or array.dtype.kind not in "iuf":
            continue
        for dtype in (array.dtype, np.int64, np.int8) if array.dtype.kind in "iu" else (array.dtype,):
            values = array[16:].astype(dtype)[: _LONGEST_NEEDLE // np.dtype(dtype).itemsize]
            if not _is_common(values):
                pieces.append(values.tobytes())
    for path in sorted((hidden / "inputs").rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            middle = len(content) // 2
            pieces.append(content[middle : middle + _LONGEST_NEEDLE])
    return [piece for piece in pieces if len(set(piece)) > 1 and len(piece) >= 24]


def _is_common(values: np.ndarray) -> bool:
    """A stretch of one value, or of two with one step between them, is everywhere and tells nothing."""
    steps = np.count_nonzero(np.diff(values))
    return bool(steps < 3 or np.unique(values, return_counts=True)[1].max() > 0.8 * len(values))


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda one: one.slug)
def test_a_search_of_everything_in_reach_finds_no_hidden_data(
    exercise_jail: Sandbox, exercise_data: Path, exercise: Package
) -> None:
    spec = exercise.artifact
    assert spec is not None
    wanted = needles(exercise_data / "hidden" / spec.hidden)
    source = f"NEEDLES = {[piece.hex() for piece in wanted]!r}\nOUTPUTS = {list(spec.outputs)!r}\n" + _PROBE
    patient = replace(exercise, limits=replace(exercise.limits, time_limit_s=60.0, wall_time_s=120.0))
    run = run_once(patient, Answer("python", source), sandbox=exercise_jail)
    assert "FOUND" in run.stdout, (run.message, run.stderr)
    assert run.stdout.strip() == "FOUND []", run.stdout
