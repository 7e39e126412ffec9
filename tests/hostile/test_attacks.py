"""Every attack ends as it must, leaves nothing behind, and the next honest run is unaffected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.client import Sandbox
from sandbox.job import MIB, Limits, Status
from tests.hostile.attacks import EXHAUSTION, FILES, KERNEL, LIFETIME, NETWORK, Attack
from tests.hostile.host_state import HostState, calm, settled
from tests.sandbox.runs import printed, run_python

LIMITS = Limits(
    cpu_s=0.6,
    wall_s=1.5,
    memory_bytes=96 * MIB,
    processes=24,
    output_bytes=MIB,
    disk_bytes=4 * MIB,
    inodes=256,
)
ROOMY = replace(LIMITS, cpu_s=10, wall_s=20)
ATTACKS = (*EXHAUSTION, *LIFETIME, *KERNEL, *FILES, *NETWORK)


@pytest.fixture(scope="module")
def quiet_host(box: Sandbox) -> HostState:
    """The host with its boxes parked, before the first attack."""
    for _ in range(6):
        run_python(box, "pass")
    return calm()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack_is_contained(box: Sandbox, quiet_host: HostState, attack: Attack) -> None:
    limits = ROOMY if attack.ends == {Status.MEMORY_LIMIT} else LIMITS
    outcome = run_python(box, attack.source, limits=limits)
    assert b"ESCAPED" not in outcome.stdout
    assert outcome.status in attack.ends, (outcome.status, outcome.reason, outcome.stderr[-500:])
    assert outcome.wall_s < limits.wall_s + 1
    assert printed(run_python(box, "print(6 * 7)")) == "42"
    assert settled(quiet_host) == quiet_host


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
    limits = replace(ROOMY, memory_bytes=64 * MIB, disk_bytes=64 * MIB, collect_bytes=16 * MIB)
    outcome = run_python(box, source, limits=limits, collect=("out",))
    assert (outcome.status, len(outcome.files["out"])) == (Status.OK, 12 * MIB)


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


def test_two_boxes_at_once_do_not_see_each_other(box: Sandbox) -> None:
    source = """
        import os, socket
        s = socket.socket(socket.AF_UNIX); s.bind('\\0touchstone')
        print(sorted(n for n in os.listdir('/proc') if n.isdigit()))
    """
    assert printed(run_python(box, source)) == "['1', '2']"
    assert printed(run_python(box, source)) == "['1', '2']"
