"""From a bare Python to an environment: what stands in the way is told in a sentence, made real here."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.conftest import HOME
from tests.deploy.processes import descendants, wait_gone

# A package that builds itself without anything from an index: its backend lies beside it (PEP 517).
BACKEND = """
import zipfile

FILES = {
    "bare.py": "if __name__ == '__main__': print('bare runs')",
    "bare-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: bare\\nVersion: 1.0\\n",
    "bare-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "bare-1.0.dist-info/RECORD": "",
}

def build_wheel(into, config_settings=None, metadata_directory=None):
    STEP
    name = "bare-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{into}/{name}", "w") as wheel:
        for path, content in FILES.items():
            wheel.writestr(path, content)
    return name
"""


@dataclass(frozen=True)
class Ended:
    code: int
    said: str


class Home:
    """A checkout with nothing but the bootstrap and one package to install."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "deploy").mkdir()
        shutil.copy(HOME / "deploy" / "bootstrap.py", folder / "deploy")
        self.require("./bare\n")
        self.package("pass")

    def require(self, text: str) -> None:
        (self.folder / "requirements.txt").write_text(text)

    def package(self, step: str) -> None:
        """The package whose building does `step` first."""
        package = self.folder / "bare"
        package.mkdir(exist_ok=True)
        (package / "backend.py").write_text(BACKEND.replace("STEP", step))
        (package / "pyproject.toml").write_text(
            textwrap.dedent("""
                [build-system]
                requires = []
                build-backend = "backend"
                backend-path = ["."]
                [project]
                name = "bare"
                version = "1.0"
            """)
        )

    def begin(self, *prefix: str, python: str = sys.executable, **environment: str) -> subprocess.Popen[str]:
        command = [*prefix, python, str(self.folder / "deploy" / "bootstrap.py"), "bare"]
        kept = {name: value for name, value in os.environ.items() if name != "PYTHON"}
        return subprocess.Popen(
            command,
            env={**kept, **environment},
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, *prefix: str, **environment: str) -> Ended:
        """What the bootstrap ended with, which was never a traceback of its own."""
        process = self.begin(*prefix, **environment)
        said, _ = process.communicate(timeout=240)
        assert 'bootstrap.py", line' not in said
        return Ended(process.returncode, said)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture(scope="session")
def bare_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def home_with_environment(home: Home, bare_environment: Path) -> Home:
    """Its environment is made, nothing is installed in it."""
    shutil.copytree(bare_environment, home.folder / ".venv", symlinks=True)
    return home


def fake_python(folder: Path, said: str) -> Path:
    """A program called python3 that answers the question for its version with `said`."""
    folder.mkdir()
    program = folder / "python3"
    program.write_text(f"#!/bin/sh\necho {said}\n")
    program.chmod(0o755)
    return program


def test_it_makes_the_environment_once_and_then_runs_at_once(home: Home) -> None:
    first = home.run()
    assert first.code == 0
    assert "making .venv with" in first.said
    assert "unpacking them" in first.said
    assert "environment ready after" in first.said
    assert first.said.endswith("bare runs\n")
    assert home.run() == Ended(0, "bare runs\n")


def test_changed_pins_are_installed_at_the_next_start(home_with_environment: Home) -> None:
    assert home_with_environment.run().code == 0
    home_with_environment.require("# more\n./bare\n")
    assert "environment ready after" in home_with_environment.run().said


def test_a_python_that_is_named_and_unfit(home: Home, tmp_path: Path) -> None:
    python = fake_python(tmp_path / "old", "3 9")
    ended = home.run(PYTHON=str(python))
    assert ended.code == 1
    assert f"PYTHON={python} is Python 3.9; 3.11, 3.12 or 3.13 is needed." in ended.said


def test_a_python_that_is_named_and_not_there(home: Home) -> None:
    ended = home.run(PYTHON="/nonexistent/python3")
    assert ended.code == 1
    assert "PYTHON=/nonexistent/python3 is no Python that runs" in ended.said


def test_no_fit_python_anywhere(home: Home, tmp_path: Path) -> None:
    python = fake_python(tmp_path / "old", "3 9")
    setting = f"import runpy, sys; sys.executable = {str(python)!r}"
    script = f"{setting}; runpy.run_path(sys.argv[1], run_name='__main__')"
    ended = subprocess.run(
        [sys.executable, "-c", script, str(home.folder / "deploy" / "bootstrap.py")],
        env={"PATH": str(tmp_path / "old")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed" in ended.stderr
    assert "PYTHON=/path/to/python3.12 make up" in ended.stderr


def test_make_without_any_python() -> None:
    make = shutil.which("make")
    assert make
    ended = subprocess.run(
        [make, "up"], cwd=HOME, env={"PATH": "/nonexistent"}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "Install Python 3.11, 3.12 or 3.13 with its venv module" in ended.stderr


def test_a_python_without_its_venv_module(home: Home, tmp_path: Path) -> None:
    # Debian's python3 without python3-venv: the module is there and cannot do its work, or it is not there.
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "venv.py").write_text("raise ModuleNotFoundError(\"No module named 'venv'\")")
    ended = home.run(PYTHONPATH=str(tmp_path / "shadow"))
    assert ended.code == 1
    assert "cannot make a virtual environment" in ended.said
    assert "No module named 'venv'" in ended.said
    assert "apt install python3-venv" in ended.said
    assert not (home.folder / ".venv").exists()


def test_a_package_that_needs_a_compiler_where_there_is_none(home_with_environment: Home) -> None:
    home_with_environment.package("import subprocess; subprocess.run(['gcc', '-c', 'bare.c'], check=True)")
    ended = home_with_environment.run(PATH="/nonexistent")
    assert ended.code == 1
    assert "no compiler was found" in ended.said
    assert "apt install build-essential python3-dev" in ended.said


def test_an_index_that_does_not_answer(home_with_environment: Home) -> None:
    home_with_environment.require("not-anywhere==1.0\n")
    ended = home_with_environment.run(
        PIP_INDEX_URL="http://127.0.0.1:1/simple", PIP_RETRIES="0", PIP_FIND_LINKS=""
    )
    assert ended.code == 1
    assert "installing 1 packages" in ended.said
    assert "Is there a network, or a PyPI mirror in PIP_INDEX_URL?" in ended.said


def on_a_disk_of(size: str, home: Home) -> tuple[str, ...]:
    """A prefix under which the home lies on a disk of that size."""
    place, whole = home.folder, f"{home.folder}.whole"
    script = f"""
        cp -a {place} {whole}
        mount -t tmpfs -o size={size} none {place}
        cp -a {whole}/. {place}
        cd {place}
        exec "$0" "$@"
    """
    return ("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", script)


def test_a_disk_with_too_little_room(home: Home) -> None:
    ended = home.run(*on_a_disk_of("20m", home))
    assert ended.code == 1
    assert f"The disk under {home.folder} has " in ended.said
    assert "an installation takes 5000 MB" in ended.said


def test_a_disk_that_fills_while_packages_are_unpacked(home_with_environment: Home) -> None:
    home = home_with_environment
    used = sum(path.stat().st_size for path in home.folder.rglob("*") if path.is_file())
    home.package("FILES['big.bin'] = bytes(2**26)")
    ended = home.run(*on_a_disk_of(f"{used // 2**20 + 40}m", home))
    assert ended.code == 1
    assert "The disk is full. Free 5000 MB and try again." in ended.said


@pytest.fixture
def sleeping(home_with_environment: Home) -> Home:
    """Its package takes for ever to build."""
    home_with_environment.package("import subprocess; subprocess.run(['sleep', '613'])")
    return home_with_environment


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_all_that_it_started(sleeping: Home, number: signal.Signals) -> None:
    process = sleeping.begin()
    deadline = time.monotonic() + 120
    while not any("sleep 613" in seen.command for seen in descendants(process.pid)):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    below = descendants(process.pid)
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the next try goes on from here" in said
    assert "Traceback" not in said
    assert wait_gone(below, str(sleeping.folder / "nothing-bears-this")) == set()
    sleeping.package("pass")
    assert sleeping.run().said.endswith("bare runs\n")
