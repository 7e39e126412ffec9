"""`make demo`: known answers through the real API, a table, and an exit code that tells whether all agree."""

from __future__ import annotations

import signal
import subprocess
import sys

from deploy.demo import agrees, summary, table, try_all
from deploy.trials import AWAITING_REVIEW, PROBLEMS, Trial, trials
from tests.deploy.conftest import HOME, Start
from tests.deploy.processes import wait_gone

DEMO = (sys.executable, "-m", "deploy.demo")
SOME = ("quantisation-trade-offs", "deployment-challenges", "stable-attention")


def test_some_problems_end_with_a_table_and_0_beside_a_running_installation(start: Start) -> None:
    up = start()
    up.wait_for("is ready")
    # What the environment says of another installation, and its throttle, are nothing to the demonstration.
    demo = start(
        (*DEMO, *SOME),
        DATABASE_URL="postgres://nobody@127.0.0.1:1/none",
        REDIS_URL="unix:///none",
        TOUCHSTONE_SUBMIT_RATE="1/day",
    )
    assert demo.process.wait(240) == 0, demo.output
    for trial in trials(SOME):
        (row,) = [line for line in demo.output.splitlines() if trial.problem in line and trial.file in line]
        assert row.split()[2:-2] == [*trial.expected.split(), *trial.expected.split()]
    assert "All 5 answers got the expected verdict, in " in demo.output
    assert wait_gone(set(), f"{demo.folder}/var/demo") == set()
    assert up.healthy()


def test_an_unknown_problem_is_refused_before_anything_starts(start: Start) -> None:
    demo = start((*DEMO, "no-such-problem"))
    assert demo.process.wait(60) == 2
    assert "no such problem: no-such-problem" in demo.output


def test_a_signal_ends_the_demonstration_whole(start: Start) -> None:
    demo = start(DEMO)
    demo.wait_for("sending")
    assert demo.send(signal.SIGTERM) == 130
    assert demo.left() == set()


def test_an_answer_that_gets_another_verdict_is_marked(live_stack: str) -> None:
    right, wrong = trials(["quantisation-trade-offs"])
    mistaken = Trial(wrong.problem, wrong.file, wrong.language, wrong.source, "AC")
    sent = [right, mistaken]
    got = try_all(sent, live_stack, "touchstone-demo", lambda: False, print)
    assert [agrees(trial, got[trial]) for trial in sent] == [True, False]
    assert [line.endswith("<- differs") for line in table(sent, got).splitlines()] == [False, False, True]
    assert summary(sent, got, 3.2) == "1 of 2 answers did not get the expected verdict (3 s)."


def test_an_answer_without_a_verdict_does_not_agree() -> None:
    sent = trials(["quantisation-trade-offs"])
    assert not agrees(sent[0], None)
    assert table(sent, {}).count("<- differs") == 2


def test_of_every_problem_the_reference_and_a_wrong_answer_are_sent() -> None:
    sent = trials()
    for slug in (folder.parent.name for folder in PROBLEMS.glob("*/problem.yaml")):
        expected = [trial.expected for trial in sent if trial.problem == slug]
        assert expected == [AWAITING_REVIEW] or (
            expected[0] == "AC" and expected[1:] and "AC" not in expected[1:]
        )


def test_the_wrong_answers_show_more_than_one_verdict() -> None:
    assert {"WA", "TLE", "RE"} <= {trial.expected for trial in trials()}


def test_make_demo_passes_the_problems_on() -> None:
    asked = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "demo", "PROBLEMS=one two"],
        cwd=HOME,
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.rstrip().endswith("deploy/bootstrap.py deploy.demo one two")
