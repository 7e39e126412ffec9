"""Runs know nothing of each other, in turn and at once, and nothing of a hidden test comes out."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from grader.judge.model import CaseResult
from grader.verdict import Verdict
from sandbox.client import Sandbox
from sandbox.job import MIB, Outcome, Status
from tests.hostile.attack import Target
from tests.hostile.catalogue import ATTACKS
from tests.hostile.conftest import Arena
from tests.sandbox.runs import SMALL, printed, run_python


def test_nothing_of_one_run_reaches_the_next(box: Sandbox) -> None:
    leave = """
        import os, sys, json, builtins
        for place in ('/work', '/tmp', '/dev/shm'):
            open(place + '/left', 'w').write('x')
        json.dumps = lambda *a: 'forged'
        builtins.len = lambda x: 7
        os.environ['LEFT'] = '1'
    """
    look_for = """
        import glob, json, os
        print(json.dumps([glob.glob(p + '/left') for p in ('/work', '/tmp', '/dev/shm')]), len('ab'),
              os.environ.get('LEFT'))
    """
    for _ in range(4):
        printed(run_python(box, leave))
    for _ in range(4):
        assert printed(run_python(box, look_for)) == "[[], [], []] 2 None"


def test_runs_at_once_do_not_see_each_other(box: Sandbox) -> None:
    """Each leaves its mark wherever it can, and looks for those of the others meanwhile."""
    source = """
        import os, socket, sys, time
        me = sys.stdin.read()
        mine = socket.socket(socket.AF_UNIX); mine.bind('\\0touchstone-' + me); mine.listen()
        for place in ('/work', '/tmp', '/dev/shm'): open(f'{place}/mark-{me}', 'w').close()
        until = time.monotonic() + 0.6
        while time.monotonic() < until:
            for other in {'0', '1', '2'} - {me}:
                try:
                    socket.socket(socket.AF_UNIX).connect('\\0touchstone-' + other)
                    print('met', other)
                except OSError: pass
                for place in ('/work', '/tmp', '/dev/shm'):
                    if os.path.exists(f'{place}/mark-{other}'): print('saw', place, other)
            others = [n for n in os.listdir('/proc') if n.isdigit() and int(n) > 2]
            if others: print('processes', others)
            time.sleep(0.02)
    """
    outcomes: list[Outcome] = []

    def run(me: int) -> None:
        outcomes.append(run_python(box, source, stdin=str(me).encode()))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [printed(outcome) for outcome in outcomes] == ["", "", ""]


def test_honest_answers_are_accepted_while_others_attack(arena: Arena) -> None:
    """Another box's fork bomb, memory bomb, flood and full disk cost nobody a verdict."""
    names = (
        "fork bomb",
        "memory bomb",
        "flood on stdout",
        "full disk",
        "daemons that make new ones",
        "sockets",
    )
    attacks = [attack for attack in ATTACKS if attack.name in names]
    over = threading.Event()

    def attack_on() -> None:
        while not over.is_set():
            for attack in attacks:
                arena.attacked(attack)

    thread = threading.Thread(target=attack_on)
    thread.start()
    try:
        for _ in range(4):
            for target in (Target.PROGRAM, Target.FUNCTION, Target.ARRAY):
                judged = arena.honest(target)
                assert judged.verdict is Verdict.AC, (judged.message, judged.cases)
    finally:
        over.set()
        thread.join()
    after = arena.host.settled(arena.quiet)
    assert after == arena.quiet, arena.quiet.differences(after)


def test_what_a_run_leaves_on_its_disk_is_not_the_death_of_its_report(box: Sandbox) -> None:
    """The disk is memory, and so is the file on its way out."""
    source = """
        def fill(name, mib):
            with open(name, 'wb') as file:
                for _ in range(mib): file.write(bytes(2**20)); file.flush()
        fill('out', 12)
        fill('rest', 46)
        import os
        os._exit(0)
    """
    limits = replace(
        SMALL, cpu_s=10, wall_s=20, memory_bytes=64 * MIB, disk_bytes=64 * MIB, collect_bytes=16 * MIB
    )
    outcome = run_python(box, source, limits=limits, collect=("out",))
    assert (outcome.status, len(outcome.files["out"])) == (Status.OK, 12 * MIB)


@pytest.mark.parametrize("target", [Target.PROGRAM, Target.FUNCTION])
def test_a_hidden_input_does_not_leave_by_what_is_told_of_its_test(arena: Arena, target: Target) -> None:
    """The exit code, the signal and the exact size of its memory are a submission's to choose."""
    reads = "x = int(input())" if target is Target.PROGRAM else "def solve(x):"
    tell = """
  import os
  if x in (1, 21): return_ = None
  kept = bytearray((3 + x % 5) * 1000)
  print(x, flush=True)
  if x % 2: os.kill(os.getpid(), 10 + x % 3)
  os._exit(1 + x % 100)
"""
    source = f"{reads}\n{tell}" if target is Target.FUNCTION else f"{reads}\nif True:\n{tell}"
    hidden = [case for case in arena.judge(target, source).cases if case.group != "sample"]
    assert len(hidden) == 2
    assert {case.verdict for case in hidden} == {Verdict.RE}
    assert {case.message for case in hidden} == {"ended with an error"}
    assert all(_tells_nothing_exact(case) for case in hidden), hidden


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("open('/work/x', 'wb').write(bytes(2**27))", "; its disk of 64 MiB was full"),
        ("for n in range(9999): open(f'/work/{n}', 'w').close()", "; its disk was full with 4096 files"),
    ],
    ids=["bytes", "files"],
)
def test_a_full_disk_is_told_with_its_limit_for_each_test(arena: Arena, source: str, told: str) -> None:
    sample, *hidden = arena.judge(Target.ROOMY, source).cases
    assert sample.verdict is Verdict.RE
    assert "No space left on device" in sample.message
    assert sample.message.endswith(f"\nIt ended with exit code 1{told}.")
    assert {(case.verdict, case.message) for case in hidden} == {(Verdict.RE, f"ended with an error{told}")}


def _tells_nothing_exact(case: CaseResult) -> bool:
    steps = (case.cpu_s * 100, case.wall_s * 100, case.peak_bytes / MIB)
    return (case.got, case.expected, case.stdout) == (None, None, None) and all(
        abs(step - round(step)) < 1e-6 for step in steps
    )


def test_a_message_of_a_hidden_test_never_quotes_the_submission(arena: Arena) -> None:
    source = "class Leak(Exception): pass\ndef solve(x):\n  if x == 1: return 10\n  raise Leak(f'saw {x}')"
    judged = arena.judge(Target.FUNCTION, source)
    assert judged.verdict is Verdict.RE
    assert "saw" not in judged.message
    assert all("saw" not in case.message for case in judged.cases)


def test_when_all_is_over_no_more_is_kept_than_before(arena: Arena) -> None:
    """Slots that served many runs at once go when there are few: their processes, groups and descriptors."""
    # Our own connections, kept for runs side by side, are descriptors of the supervisor too.
    arena.watched.close()
    deadline = time.monotonic() + 40
    while not (spare := arena.host.look().spare).is_at_most(arena.quiet.spare):
        assert time.monotonic() < deadline, (arena.quiet.spare, spare)
        time.sleep(0.1)
