"""Folders of our own that the runtimes with packages import from, and files that nobody may read there."""

from __future__ import annotations

import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.client import Config, Sandbox, private_sandbox
from sandbox.job import MIB, Job, Limits, Runtime, Script
from tests.sandbox.runs import printed, run_python

SYSTEM_FILE = Path(sysconfig.get_path("stdlib"), "this.py")
LIMITS = Limits(cpu_s=5.0, wall_s=20.0, memory_bytes=256 * MIB)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    library = tmp_path_factory.mktemp("library")
    library.chmod(0o755)
    (library / "greeting").mkdir()
    (library / "greeting" / "__init__.py").write_text("WORD = 'hello'")
    (library / "greeting" / "secret.txt").write_text("42")
    (library / "numpy").mkdir()
    (library / "numpy" / "__init__.py").write_text("raise ImportError('not the real numpy')")
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        config = Config(
            Path(folder) / "sandbox.sock",
            stores={"/library": library},
            libraries=("/library",),
            masked=(SYSTEM_FILE, library / "greeting" / "secret.txt"),
            parked={Runtime.PYTHON: 1, Runtime.NUMPY: 1},
        )
        with private_sandbox(config) as sandbox:
            yield sandbox


def test_a_runtime_with_packages_imports_from_a_library(box: Sandbox) -> None:
    source = b"import greeting\nprint(greeting.WORD, greeting.__file__)"
    outcome = box.run(Job(Runtime.NUMPY, Script("main.py"), files={"main.py": source}, limits=LIMITS))
    assert printed(outcome) == "hello /library/greeting/__init__.py"


def test_a_library_never_hides_a_package(box: Sandbox) -> None:
    source = b"import numpy\nprint(numpy.zeros(2).sum())"
    outcome = box.run(Job(Runtime.NUMPY, Script("main.py"), files={"main.py": source}, limits=LIMITS))
    assert printed(outcome) == "0.0"


def test_the_standard_runtime_imports_neither(box: Sandbox) -> None:
    outcome = run_python(box, "import greeting")
    assert "No module named 'greeting'" in outcome.stderr.decode()


def test_masked_files_are_empty_in_stores_and_in_the_systems_folders(box: Sandbox) -> None:
    assert SYSTEM_FILE.stat().st_size > 0
    source = f"""
        import os
        print([os.path.getsize(path) for path in ("{SYSTEM_FILE}", "/library/greeting/secret.txt")])
    """
    assert printed(run_python(box, source)) == "[0, 0]"
