"""The vocabulary of judging."""

from __future__ import annotations

from grader.verdict import FINAL_STAGES, Stage, Verdict


def test_the_verdicts_are_the_fields_eight() -> None:
    assert [verdict.value for verdict in Verdict] == ["AC", "WA", "TLE", "MLE", "OLE", "RE", "CE", "IE"]


def test_a_submission_rests_only_when_judged_or_waiting_for_a_person() -> None:
    assert {Stage.DONE, Stage.AWAITING_REVIEW} == FINAL_STAGES
