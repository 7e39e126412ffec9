"""The jail's self-check holds for every supervisor and both ways into a box, and sees what does not hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from sandbox.client import Sandbox
from sandbox.job import Command, Job, Outcome, Script, Status
from sandbox.selfcheck import self_check


def test_every_promise_holds(box: Sandbox) -> None:
    findings = list(self_check(box))
    assert {finding.name: finding.detail for finding in findings if not finding.held} == {}
    assert len({finding.name for finding in findings}) == len(findings) > 20


@dataclass(frozen=True, slots=True)
class Weakened:
    """A sandbox of which a run was recorded by each way into it; the probe saw something else by one way."""

    recorded: Mapping[type[Script] | type[Command], Outcome]
    ways: tuple[type[Script] | type[Command], ...]
    seen: Mapping[str, Any]

    def run(self, job: Job) -> Outcome:
        outcome = self.recorded[type(job.program)]
        if type(job.program) not in self.ways:
            return outcome
        report = json.loads(outcome.stdout) | self.seen
        return replace(outcome, stdout=json.dumps(report).encode())

    def guarantees(self) -> tuple[str, ...]:
        return self.recorded[Script].guarantees


@pytest.fixture(scope="module")
def recorded(box: Sandbox) -> Mapping[type[Script] | type[Command], Outcome]:
    """What the probe really sees in a box."""
    outcomes: dict[type[Script] | type[Command], Outcome] = {}

    class Recording:
        def run(self, job: Job) -> Outcome:
            outcomes[type(job.program)] = outcome = box.run(job)
            return outcome

        def guarantees(self) -> tuple[str, ...]:
            return box.guarantees()

    next(self_check(Recording()))
    return outcomes


_LOOSE = {"place": "/usr", "type": "ext4", "flags": ["rw", "nosuid", "nodev"], "options": ["rw"]}
_UNBOUNDED = {
    "place": "/work",
    "type": "tmpfs",
    "flags": ["rw", "nosuid", "nodev", "nosymfollow"],
    "options": ["rw", "size=1024k"],
}
WEAKNESSES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("own namespaces", {"namespaces": {}}),
    ("own processes only", {"processes": [1, 2, 77]}),
    ("unprivileged", {"ids": [[0, 0, 0], [0, 0, 0]]}),
    ("unprivileged", {"groups": [4]}),
    ("unprivileged", {"id_maps": [["0", "0", "4294967295"]] * 2}),
    ("no capabilities", {"capabilities": [0, 0, 1, 0, 0]}),
    ("no new privileges", {"no_new_privs": "0"}),
    ("no new privileges", {"set_uid_counts": True}),
    ("system call filter", {"seccomp": "0"}),
    ("system call filter", {"mount_refused": False}),
    ("no network", {"interfaces": ["eth0", "lo"]}),
    ("no network", {"internet_refused": False}),
    ("nothing of the host but the runtime", {"root": ["home", "usr"]}),
    ("nothing of the host but the runtime", {"etc": ["passwd", "shadow"]}),
    ("nothing of the host but the runtime", {"devices": ["null", "sda"]}),
    ("nothing of the host but the runtime", {"proc": ["kcore", "self"]}),
    ("mounts read-only, nosuid, nodev", {"mounts": [_LOOSE]}),
    ("mounts read-only, nosuid, nodev", {"mounts": [_UNBOUNDED]}),
    ("mounts read-only, nosuid, nodev", {"writable": ["/usr"]}),
    ("no links followed", {"follows_link": True}),
    ("init out of reach", {"init": ["mem"]}),
    ("clean environment", {"environment": ["PATH", "SECRET_KEY"]}),
    ("closed descriptors", {"descriptors": [0, 1, 2, 3, 7]}),
    ("resource limits", {"limits": {"CORE": [1, 1], "NOFILE": [-1, -1]}}),
    ("random state of its own", {"random": "0"}),
)


@pytest.mark.parametrize("way", [Script, Command])
@pytest.mark.parametrize(("name", "seen"), WEAKNESSES)
def test_a_promise_that_does_not_hold_is_seen(
    recorded: Mapping[type[Script] | type[Command], Outcome],
    way: type[Script] | type[Command],
    name: str,
    seen: dict[str, Any],
) -> None:
    # Random state is weak where two runs share it.
    ways = (Script, Command) if "random" in seen else (way,)
    absent = []
    for finding in self_check(Weakened(recorded, ways, seen)):
        if finding.name.startswith("limit on"):
            break
        absent += [] if finding.held else [finding]
    assert [finding.name for finding in absent] == [name]
    assert absent[0].remedy


def test_a_box_that_runs_nothing_is_seen(box: Sandbox) -> None:
    class Broken:
        def run(self, job: Job) -> Outcome:
            return replace(box.run(job), status=Status.SIGNALLED, reason="ended by signal 9")

        def guarantees(self) -> tuple[str, ...]:
            return box.guarantees()

    (finding,) = self_check(Broken())
    assert not finding.held
    assert "ended by signal 9" in finding.detail
