"""What a box may ask of the kernel is the written list, call by call."""

from __future__ import annotations

import json
import platform
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.calls import GROUPS, Profile
from sandbox.client import Sandbox, SocketSandbox
from sandbox.seccomp import allowed_numbers
from tests.hostile.host_state import descendants
from tests.sandbox.runs import SMALL, printed, run_python

HIGHEST = 470
PAST_ANY_FILTER = {335, 336}
"""uretprobe and uprobe: the kernel asks no filter about them, and kills whoever calls them by hand."""
REFUSED_SO_ASKED = {"mmap", "clone", "prctl"}
"""Written, and refused with the arguments of the sweep: huge pages, new namespaces, an unknown option."""
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
    names = {call.x86_64: call.name for group in GROUPS for call in group.calls}
    assert {names[number] for number in written - let_through} == REFUSED_SO_ASKED


def test_a_parked_box_is_confined_before_it_knows_its_job(box: SocketSandbox) -> None:
    """As the kernel tells it of both processes of each box: a filter, no right, and none to be had."""
    assert printed(run_python(box, "print(1)")) == "1"
    supervisor, deadline = box.ping()["pid"], time.monotonic() + 30
    inside = depth(status_of(supervisor)) + 2
    boxes: list[dict[str, str]] = []
    # One that is being made has no filter for a moment; none may stay so.
    while not boxes or any(one["Seccomp"] != "2" for one in boxes):
        assert time.monotonic() < deadline, boxes
        told = [status for pid in descendants(supervisor) if (status := status_of(pid))]
        boxes = [one for one in told if depth(one) == inside]
        time.sleep(0.02)
    for one in boxes:
        assert one["NoNewPrivs"] == "1"
        assert {int(one[rights], 16) for rights in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {0}


def status_of(pid: int) -> dict[str, str]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def depth(status: dict[str, str]) -> int:
    return len(status["NSpid"].split())
