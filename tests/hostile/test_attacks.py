"""Every attack gets its verdict, leaves nothing behind, and the next honest answer is accepted as ever."""

from __future__ import annotations

import pytest

from grader.verdict import Verdict
from tests.hostile.attack import Attack, Target
from tests.hostile.catalogue import ATTACKS
from tests.hostile.conftest import Arena
from tests.languages import require

SLACK_S = 3
"""How much longer than its limit a run may last; the supervisor may have to wait for the processor."""


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.number} {attack.name}")
def test_an_attack_gets_its_verdict_and_changes_nothing(arena: Arena, attack: Attack) -> None:
    require(attack.language, arena.watched.sandbox)
    judged = arena.attacked(attack)
    outcomes = list(arena.watched.outcomes)
    said = b"\n".join(outcome.stderr[-800:] for outcome in outcomes).decode(errors="replace")
    for outcome in outcomes:
        assert b"ESCAPED" not in outcome.stdout, outcome.stdout[-800:]
        assert outcome.wall_s < arena.problems[attack.target].limits.wall_time_s + SLACK_S
    assert judged.verdict in attack.verdicts, (judged.message, judged.compiler_output, said)
    next_one = arena.honest(Target.PROGRAM if attack.target in _PROGRAMS else attack.target)
    assert (next_one.verdict, next_one.score) == (Verdict.AC, 100.0), next_one.message
    after = arena.host.settled(arena.quiet)
    assert after == arena.quiet, arena.quiet.differences(after)


_PROGRAMS = (Target.PROGRAM, Target.ROOMY, Target.SLOW, Target.SLOW_FUNCTION)
