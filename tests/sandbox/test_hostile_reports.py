"""A box that was taken over whole may say anything: its client is not hurt by it."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from sandbox.client import Sandbox
from sandbox.collecting import MAX_FILES
from sandbox.reporting import receive_report
from sandbox.wire import WireError, frame
from tests.sandbox.runs import SMALL, printed, run_python

WANTED = ("result.json", "out/")
ENDING = {
    "exit_code": 0,
    "signal": None,
    "output_limit": False,
    "uncollected": {},
    "wall_s": 0.1,
    "full": None,
}


def framed(kind: bytes, content: bytes) -> bytes:
    return frame(kind, len(content)) + content


def ended(**changes: Any) -> bytes:
    return framed(b"r", json.dumps(ENDING | changes).encode())


def received(report: bytes) -> Any:
    ours, theirs = socket.socketpair()

    def tell() -> None:
        with theirs, suppress(BrokenPipeError, ConnectionResetError):  # nobody need hear it to its end
            theirs.sendall(report)

    with ours:
        threading.Thread(target=tell).start()
        return receive_report(ours, wanted=WANTED, output_bytes=1000, collect_bytes=5000)


BAD = {
    "a frame of no kind": framed(b"z", b""),
    "a frame without content": framed(b"o", b""),
    "more output than allowed": framed(b"o", bytes(1001)),
    "content without a file": framed(b"c", b"x"),
    "a name that is no text": framed(b"f", b"out/\xff"),
    "a name too long": framed(b"f", b"out/" + b"x" * 20_000),
    "a file twice": framed(b"f", b"result.json") * 2,
    "a file that was not asked for": framed(b"f", b"other"),
    "a file beside the folder": framed(b"f", b"outer"),
    "a file above": framed(b"f", b"out/../../etc/passwd"),
    "an absolute file": framed(b"f", b"/etc/passwd"),
    "an ending that says nothing": framed(b"r", b"{}"),
    "an ending without end": framed(b"r", b"[" * 50_000),
    "an ending without a signal": framed(
        b"r", json.dumps({name: value for name, value in ENDING.items() if name != "signal"}).encode()
    ),
    "an ending that is too long": ended(uncollected={str(n): "x" * 1000 for n in range(1100)}),
    "an exit code and a signal": ended(signal=9),
    "neither exit code nor signal": ended(exit_code=None),
    **{
        f"{name} is {value!r}": ended(**{name: value})
        for name, values in {
            "exit_code": ("0", 1.5, 300, -1, True),
            "output_limit": (None, 1),
            "full": ("both", True, [], {}),
            "uncollected": (None, [], {"a": 1}),
            "wall_s": (None, "1", None, 1e400, float("nan"), -1.0, True),
        }.items()
        for value in values
    },
    **{f"signal is {value!r}": ended(exit_code=None, signal=value) for value in ("9", 0, 65, 9.0, True)},
}


@pytest.mark.parametrize("report", BAD.values(), ids=BAD.keys())
def test_a_report_that_is_none_is_refused(report: bytes) -> None:
    with pytest.raises(WireError):
        received(report)


def test_a_good_report_is_believed() -> None:
    report = received(framed(b"o", b"said") + framed(b"f", b"out/a") + framed(b"c", b"{}") + ended())
    assert (report.stdout, report.files) == (b"said", {"out/a": b"{}"})
    assert received(ended(exit_code=None, signal=9)).ending is not None


@pytest.mark.parametrize("cut", [1, 4, 7, -1])
def test_of_a_report_that_breaks_off_the_whole_frames_are_kept(cut: int) -> None:
    report = received((framed(b"o", b"said") + framed(b"o", b"more"))[:cut])
    assert (report.stdout, report.ending) == (b"said" if cut == -1 else b"", None)


def test_names_that_are_no_text_do_not_swell_the_report(box: Sandbox) -> None:
    """What is left out is told as far as there is room for it in a report."""
    source = (
        "import os\nos.mkdir('out')\nfor n in range(1500): os.mkdir(b'out/\\xff' + b'x' * 200 + b'%d' % n)"
    )
    outcome = run_python(box, source, limits=replace(SMALL, inodes=4096), collect=("out/",))
    assert printed(outcome) == ""
    assert 0 < len(outcome.uncollected) <= MAX_FILES


def test_a_file_that_is_asked_for_twice_comes_once(box: Sandbox) -> None:
    source = "import os\nos.mkdir('out')\nopen('out/a', 'w').write('once')"
    outcome = run_python(box, source, collect=("out/a", "out/", "out/a"))
    assert dict(outcome.files) == {"out/a": b"once"}
