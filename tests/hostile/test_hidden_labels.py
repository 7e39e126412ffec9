"""A submission that searches everything it can reach finds no hidden label or input of an exercise."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from grader.jail import sandbox_config
from grader.judge.artifact import run_once
from grader.judge.model import Answer
from questionbank.packages.model import Kind, Package
from sandbox.client import Config, Sandbox, private_sandbox
from sandbox.job import Runtime
from tests.fixtures.bank import packages
from tests.models import installed

pytestmark = pytest.mark.ml
EXERCISES = packages(Kind.ARTIFACT)
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


@pytest.fixture(scope="module")
def data() -> Path:
    names = {name for one in EXERCISES if one.artifact for name in (one.artifact.hidden, *one.artifact.store)}
    return installed(*sorted(names))


@pytest.fixture(scope="module")
def jail(data: Path) -> Iterator[Sandbox]:
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        ours = sandbox_config(Path(folder) / "sandbox.sock")
        config = Config(
            ours.socket,
            stores={"/store": data / "public"},
            masked=ours.masked,
            libraries=ours.libraries,
            parked={Runtime.ML: 1},
        )
        with private_sandbox(config) as running:
            yield running


def needles(hidden: Path) -> list[bytes]:
    """Bytes that only the hidden folder holds: pieces of its arrays in several widths, and of its inputs."""
    pieces = []
    for path in sorted(hidden.glob("*.npy")):
        array = np.load(path, allow_pickle=False).ravel()
        if len(array) < 64 or array.dtype.kind not in "iuf" or _is_nearly_constant(array[16:64]):
            continue
        for dtype in (array.dtype, np.int64, np.int8) if array.dtype.kind in "iu" else (array.dtype,):
            pieces.append(array[16:64].astype(dtype).tobytes()[:_LONGEST_NEEDLE])
    for path in sorted((hidden / "inputs").rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            middle = len(content) // 2
            pieces.append(content[middle : middle + _LONGEST_NEEDLE])
    return [piece for piece in pieces if len(set(piece)) > 1 and len(piece) >= 24]


def _is_nearly_constant(values: np.ndarray) -> bool:
    """A stretch of one value is everywhere and tells nothing."""
    return np.unique(values, return_counts=True)[1].max() > 0.8 * len(values)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda one: one.slug)
def test_a_search_of_everything_in_reach_finds_no_hidden_data(
    jail: Sandbox, data: Path, exercise: Package
) -> None:
    spec = exercise.artifact
    assert spec is not None
    wanted = needles(data / "hidden" / spec.hidden)
    source = f"NEEDLES = {[piece.hex() for piece in wanted]!r}\nOUTPUTS = {list(spec.outputs)!r}\n" + _PROBE
    run = run_once(exercise, Answer("python", source), sandbox=jail)
    assert "FOUND" in run.stdout, (run.message, run.stderr)
    assert run.stdout.strip() == "FOUND []", run.stdout
