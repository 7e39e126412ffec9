"""What a program finds in its box, and what comes back of it."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.client import Sandbox
from sandbox.environment import CLEAN, CLEAN_PYTHON
from sandbox.errors import InvalidJob
from sandbox.job import Command, Job, Limits, Runtime, Status
from tests.sandbox.runs import SMALL, printed, run_python


def test_a_script_runs_as_main_with_its_input(box: Sandbox) -> None:
    source = "import sys\nif __name__ == '__main__': print(sys.stdin.read().upper(), sys.argv)"
    assert printed(run_python(box, source, stdin="你好 abc".encode())) == "你好 ABC ['main.py']"


def test_a_script_imports_the_files_beside_it(box: Sandbox) -> None:
    files = {"helpers/__init__.py": b"", "helpers/answer.py": b"VALUE = 42"}
    assert printed(run_python(box, "from helpers.answer import VALUE\nprint(VALUE)", files=files)) == "42"


def test_each_run_has_random_state_of_its_own(box: Sandbox) -> None:
    source = "import os, random\nprint(random.random(), os.urandom(4).hex())"
    assert len({printed(run_python(box, source)) for _ in range(4)}) == 4


def test_a_script_may_call_itself_as_deep_as_outside(box: Sandbox) -> None:
    source = """
def deep(n): return 0 if n == 0 else deep(n - 1)
assert deep(998) == 0
try: deep(999)
except RecursionError: print('no deeper')
"""
    assert printed(run_python(box, source)) == "no deeper"


SPAWNING = """
import multiprocessing, subprocess, sys
def double(x): return 2 * x
if __name__ == '__main__':
    subprocess.run([sys.executable, '-c', 'print(1)'], check=True)
    with multiprocessing.get_context('spawn').Pool(1) as pool: print(pool.map(double, [3]))
"""


def test_the_interpreter_is_found_by_its_name(box: Sandbox) -> None:
    limits = replace(SMALL, cpu_s=5.0, wall_s=15.0)
    assert printed(run_python(box, SPAWNING, limits=limits)) == "1\n[6]"


def test_a_traceback_shows_the_submission_only(box: Sandbox) -> None:
    outcome = run_python(box, "def f():\n    raise ValueError('why')\nf()")
    error = outcome.stderr.decode()
    assert 'File "main.py", line 3' in error
    assert error.endswith("ValueError: why\n")
    assert "sandbox" not in error


def test_files_are_collected_after_the_last_process_is_dead(box: Sandbox) -> None:
    source = """
        import os
        os.makedirs('out/deep')
        open('out/a.bin', 'wb').write(bytes(range(5)))
        open('out/deep/b.txt', 'w').write('b')
        open('skipped', 'w').write('no')
    """
    outcome = run_python(box, source, collect=("out/",))
    assert dict(outcome.files) == {"out/a.bin": bytes(range(5)), "out/deep/b.txt": b"b"}


@pytest.mark.parametrize(
    "make",
    [
        "os.symlink('/etc/passwd', 'out')",
        "os.mkfifo('out')",
        "os.mkdir('out')",
        "open('out', 'wb').truncate(2**22)",
        "os.symlink('/', 'd')",
    ],
)
def test_only_regular_files_of_bounded_size_are_collected(box: Sandbox, make: str) -> None:
    limits = replace(SMALL, collect_bytes=2**20)
    outcome = run_python(box, f"import os\n{make}", collect=("out", "d/etc/passwd"), limits=limits)
    assert outcome.files == {}


def test_stores_are_readable_and_nothing_else(box: Sandbox) -> None:
    source = """
        print(open('/store/public.txt').read())
        open('/store/new', 'w')
    """
    outcome = run_python(box, source)
    assert outcome.stdout == b"for everyone\n"
    assert b"Read-only file system" in outcome.stderr or b"Permission denied" in outcome.stderr


def test_a_command_finds_the_hosts_toolchain_and_a_clean_environment(box: Sandbox) -> None:
    job = Job(Runtime.COMMAND, Command(("sh", "-c", "env; pwd; id -u"), env={"EXTRA": "1"}))
    lines = box.run(job).stdout.decode().split()
    assert set(lines) >= {"EXTRA=1", "HOME=/work", "/work", "1000"}


def test_a_script_finds_the_written_environment_and_nothing_else(box: Sandbox) -> None:
    seen = json.loads(printed(run_python(box, "import json, os; print(json.dumps(dict(os.environ)))")))
    assert seen == CLEAN_PYTHON
    rows = (Path(__file__).resolve().parents[2] / "docs" / "sandbox.md").read_text().splitlines()
    told = next(row for row in rows if row.startswith("| environment |"))
    assert all(f"`{name}`" in told for name in CLEAN)
    assert len(seen) == len(CLEAN) + 5
    assert "five more" in told


def test_a_command_that_is_absent_says_so(box: Sandbox) -> None:
    outcome = box.run(Job(Runtime.COMMAND, Command(("no-such-program",))))
    assert outcome.status is Status.NONZERO_EXIT
    assert outcome.exit_code == 127
    assert b"no-such-program" in outcome.stderr


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", "a//b", "./a", "a\0b"])
def test_paths_outside_the_box_are_refused_at_the_door(box: Sandbox, path: str) -> None:
    with pytest.raises(InvalidJob):
        run_python(box, "pass", files={path: b""})
    with pytest.raises(InvalidJob):
        run_python(box, "pass", collect=(f"{path}/",))


def test_limits_without_sense_are_refused_at_the_door(box: Sandbox) -> None:
    with pytest.raises(InvalidJob, match="cpu_s"):
        run_python(box, "pass", limits=Limits(cpu_s=-1))


def test_many_threads_share_one_sandbox(box: Sandbox) -> None:
    results: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(printed(run_python(box, f"print({n})"))))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, results)) == list(range(12))


def test_a_default_timeout_of_the_process_does_not_reach_the_box(box: Sandbox) -> None:
    socket.setdefaulttimeout(0.001)
    try:
        outcomes = [run_python(box, "import time; time.sleep(0.05); print(42)") for _ in range(5)]
    finally:
        socket.setdefaulttimeout(None)
    assert [printed(outcome) for outcome in outcomes] == ["42"] * 5
