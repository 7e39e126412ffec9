"""Two runs talk through pipes: each hears the other, and who ended first is known."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path

from sandbox.client import Sandbox
from sandbox.job import Command, Conversation, Job, Runtime, Script, Status
from tests.sandbox.runs import SMALL


def talk(box: Sandbox, leader: str, other: str, **limits: float) -> Conversation:
    jobs = [
        Job(
            Runtime.PYTHON,
            Script("main.py"),
            {"main.py": textwrap.dedent(source).encode(), "out/.keep": b""},
            collect=("out/",),
            limits=replace(SMALL, **limits) if which else SMALL,  # type: ignore[arg-type]
        )
        for which, source in enumerate((leader, other))
    ]
    return box.converse(*jobs)


ANSWERING = "for line in iter(input, ''): print(int(line) + 1, flush=True)"


def test_each_hears_what_the_other_says_at_once(box: Sandbox) -> None:
    asking = """
        for number in range(200):
            print(number, flush=True)
            assert int(input()) == number + 1
        print(flush=True)
        open("out/heard", "w").write("all")
        raise SystemExit(42)
    """
    said = talk(box, asking, ANSWERING)
    assert (said.leader.exit_code, said.leader.stderr) == (42, b"")
    assert said.leader.files["out/heard"] == b"all"
    assert said.other.status is Status.OK
    assert (said.leader.stdout, said.other.stdout) == (b"", b"")


def test_the_leader_reads_the_end_of_one_that_ends_and_may_write_on(box: Sandbox) -> None:
    leader = """
        import sys
        assert sys.stdin.read() == "last words"
        for _ in range(300): print("x" * 1000, flush=True)
        raise SystemExit(43)
    """
    said = talk(box, leader, "print('last words', end='', flush=True); raise SystemExit(3)")
    assert (said.leader.exit_code, said.leader.stderr) == (43, b"")
    assert said.other.exit_code == 3
    assert not said.leader_first


def test_what_happens_because_of_the_leaders_end_comes_after_it(box: Sandbox) -> None:
    hanging = talk(box, "raise SystemExit(43)", "input()")
    assert hanging.leader_first
    assert b"EOFError" in hanging.other.stderr
    writing = talk(box, "raise SystemExit(43)", "while True: print('x' * 1000)")
    assert writing.leader_first
    assert b"BrokenPipeError" in writing.other.stderr


def test_what_happens_because_of_the_others_end_comes_after_it(box: Sandbox) -> None:
    """However quick the leader is: it hears of the end when that is known."""
    leader = Job(Runtime.COMMAND, Command(("sh", "-c", "cat; exit 43")), limits=SMALL)
    other = Job(Runtime.COMMAND, Command(("sh", "-c", "exit 3")), limits=SMALL)
    said = [box.converse(leader, other) for _ in range(20)]
    assert {(one.leader.exit_code, one.other.exit_code) for one in said} == {(43, 3)}
    assert not any(one.leader_first for one in said)


def test_what_is_said_after_the_leaders_end_ends_nobody_unless_it_is_much(box: Sandbox) -> None:
    late = "import time; time.sleep(0.2); print('x' * {size}, flush=True)"
    said = talk(box, "raise SystemExit(42)", late.format(size=10_000))
    assert (said.other.status, said.leader_first) == (Status.OK, True)
    assert talk(box, "raise SystemExit(42)", late.format(size=10_000_000)).other.status is not Status.OK


def test_a_leader_that_writes_without_end_to_one_that_is_over_has_no_reader_at_last(box: Sandbox) -> None:
    leader = """
        import os, sys
        sys.stdin.read()
        written = 0
        try:
            while True: written += os.write(1, bytes(65_536))
        except BrokenPipeError:
            os._exit(43 if written > 40_000_000 else 1)
    """
    said = talk(box, leader, "raise SystemExit(3)")
    assert (said.leader.exit_code, said.leader.stderr, said.leader_first) == (43, b"", False)


def test_what_one_closes_while_it_goes_on_is_told_the_other(box: Sandbox) -> None:
    closing = "import os, sys; print('all there is', flush=True); os.close(1); "
    reading = "import sys; assert sys.stdin.read() == 'all there is\\n'; "
    waiting = talk(
        box, closing + "assert input() == 'thanks'; raise SystemExit(42)", reading + "print('thanks')"
    )
    assert (waiting.leader.exit_code, waiting.leader.stderr) == (42, b"")
    assert (waiting.other.status, waiting.other.stderr) == (Status.OK, b"")
    answering = talk(
        box, reading + "print('thanks'); raise SystemExit(42)", closing + "assert input() == 'thanks'"
    )
    assert (answering.leader.exit_code, answering.leader.stderr) == (42, b"")
    assert (answering.other.status, answering.other.stderr) == (Status.OK, b"")


def test_what_one_does_to_its_streams_is_its_own(box: Sandbox) -> None:
    """Flags and locks belong to an open description: nobody here may have it in common with a program."""
    leader = (
        "import sys, time; time.sleep(0.3); print('x', flush=True); sys.stdin.read(); raise SystemExit(43)"
    )
    without_waiting = "import os; os.set_blocking(0, False); os.set_blocking(1, False)"
    grasping = """
        import fcntl, os, time
        for _ in range(4):
            if os.fork() == 0:
                while True:
                    try: fcntl.flock(0, fcntl.LOCK_EX | fcntl.LOCK_NB); os._exit(0)
                    except BlockingIOError: pass
        time.sleep(0.6)
    """
    descriptors = sorted(Path("/proc/self/fd").iterdir())
    for other in (without_waiting, *[grasping] * 3):
        said = talk(box, leader, other)
        assert (said.leader.exit_code, said.leader_first) == (43, False)
    assert sorted(Path("/proc/self/fd").iterdir()) == descriptors


def test_streams_may_be_opened_by_name(box: Sandbox) -> None:
    leader = "print(1, flush=True); assert int(input()) == 2; raise SystemExit(42)"
    other = """
        heard, said = open("/dev/stdin"), open("/dev/stdout", "w")
        print(int(heard.readline()) + 1, file=said, flush=True)
    """
    said = talk(box, leader, other)
    assert (said.leader.exit_code, said.other.stderr) == (42, b"")


def test_two_that_wait_for_each_other_end_at_their_limits(box: Sandbox) -> None:
    said = talk(box, "input(); raise SystemExit(43)", "input()", wall_s=0.5)
    assert said.other.status is Status.TIME_LIMIT
    assert said.leader.exit_code == 1
    assert not said.leader_first
