"""The second wall: it holds in every box of a kernel that has it, and takes what an older kernel offers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import landlock
from sandbox.client import Sandbox
from tests.sandbox.runs import printed, run_python

HERE = landlock.abi_version()


@pytest.fixture
def walled(box: Sandbox) -> Sandbox:
    """Boxes of a kernel that has Landlock; without it there is no second wall to test."""
    assert f"landlock:v{HERE}" in box.guarantees() if HERE else "landlock:none" in box.guarantees()
    return box


@pytest.mark.parametrize("file", ["comm", "oom_score_adj", "coredump_filter"])
def test_what_no_mount_forbids_to_write_is_refused(walled: Sandbox, file: str) -> None:
    source = f"""
        try:
            open('/proc/self/{file}', 'w').write('999')
            print('written')
        except PermissionError:
            print('refused')
    """
    assert printed(run_python(walled, source)) == ("refused" if HERE else "written")


def test_the_boxs_own_folders_take_every_kind_of_file_but_devices(walled: Sandbox) -> None:
    source = """
        import os, socket, stat
        for folder in ('/work', '/tmp', '/dev/shm'):
            os.chdir(folder)
            os.mkdir('d'); open('d/f', 'w').write('x'); os.truncate('d/f', 0)
            os.rename('d/f', 'f'); os.link('f', 'd/g'); os.symlink('f', 's'); os.mkfifo('p')
            socket.socket(socket.AF_UNIX).bind('u')
            for name in ('f', 'd/g', 's', 'p', 'u'): os.unlink(name)
            os.rmdir('d')
        open('/dev/null', 'w').write('x')
        print(len(open('/dev/urandom', 'rb').read(4)))
    """
    assert printed(run_python(walled, source)) == "4"


def test_a_program_of_ones_own_may_be_executed(walled: Sandbox) -> None:
    source = """
        import os, shutil, subprocess
        shutil.copy('/bin/echo', '/work/echo')
        print(subprocess.run(['/work/echo', 'ran'], capture_output=True, text=True).stdout)
    """
    assert printed(run_python(walled, source)) == "ran"


def test_signals_do_not_reach_the_boxs_init(walled: Sandbox) -> None:
    source = """
        import os
        try:
            os.kill(1, 0)
            print('reached')
        except PermissionError:
            print('refused')
    """
    assert printed(run_python(walled, source)) == ("refused" if HERE >= 6 else "reached")


@pytest.mark.parametrize("abi", range(1, 8))
def test_an_older_kernel_gives_what_it_has(abi: int, tmp_path: Path) -> None:
    program = f"""
import os, socket
from sandbox import landlock, syscalls
built = landlock.wall({abi})
syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
landlock.put_on(built, {{"/": landlock.READ, {str(tmp_path)!r}: landlock.READ | landlock.CHANGE}})
def refused(attempt):
    try:
        attempt()
    except OSError:
        return True
    return False
print(
    built.abi,
    refused(lambda: open({str(tmp_path / "inside")!r}, "w").close()),
    refused(lambda: open("/touchstone-probe", "w").close()),
    refused(lambda: socket.socket().bind(("127.0.0.1", 0))),
    refused(lambda: os.kill(os.getppid(), 0)),
)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    have = min(abi, HERE)
    root = os.geteuid() == 0
    assert said.stdout.split() == [
        str(have),
        "False",
        str(have >= 1 or not root),
        str(have >= 4),
        str(have >= 6),
    ]
    Path("/touchstone-probe").unlink(missing_ok=True)  # where an account may write there, it did


def test_a_kernel_without_it_is_no_error() -> None:
    landlock.put_on(landlock.Wall(abi=0, files=0, network=0, scopes=0))
