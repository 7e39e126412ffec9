"""What a box may ask of the kernel is the written list, call by call."""

from __future__ import annotations

import json
import platform
from dataclasses import replace

import pytest

from sandbox.calls import Profile
from sandbox.client import Sandbox
from sandbox.seccomp import allowed_numbers
from tests.sandbox.runs import SMALL, printed, run_python

HIGHEST = 470
PAST_ANY_FILTER = {335, 336}
"""uretprobe and uprobe: the kernel asks no filter about them, and kills whoever calls them by hand."""
_SWEEP = f"""
import ctypes, errno, json, os, signal, time
libc = ctypes.CDLL(None, use_errno=True)
wrong = [ctypes.c_long(-1)] * 6

def refused(number):
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGSYS, signal.SIG_DFL)
        found = libc.syscall(ctypes.c_long(number), *wrong)
        os._exit(7 if found == -1 and ctypes.get_errno() == errno.EPERM else 0)
    deadline = time.monotonic() + 2
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 7
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return False
        time.sleep(0.0005)

# exit, exit_group and vfork would end the child in their own way: they are let through by being alive.
print(json.dumps([number for number in range({HIGHEST}) if not refused(number)]))
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are those of x86_64")
def test_every_other_call_is_refused(box: Sandbox) -> None:
    limits = replace(SMALL, cpu_s=20.0, wall_s=60.0)
    let_through = set(json.loads(printed(run_python(box, _SWEEP, limits=limits)))) - PAST_ANY_FILTER
    written = {number for number in allowed_numbers(Profile.CODE) if number < HIGHEST}
    assert let_through <= written, f"let through and not written: {sorted(let_through - written)}"
