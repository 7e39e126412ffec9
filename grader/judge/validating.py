"""What an output validator of the package says of one output, and the files that it leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.judge.tools import ACCEPTED, REJECTED, Tool, ToolFailed, said
from questionbank.packages.model import TestCase
from sandbox.client import Sandbox
from sandbox.job import Job, Outcome, Status

FEEDBACK = "feedback"
"""The folder that a validator writes to, below /work."""
NEXT_PASS = "nextpass.in"  # noqa: S105 - a file, no password
_KEEP = ".keep"
_INPUT, _ANSWER = "data/test.in", "data/test.ans"
_MESSAGE_CHARACTERS = 4000
# The grammar of numbers in the package format.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ruling:
    """A validator's judgement. `score` and `multiplier` are what it wrote, None where it wrote none.

    `next_pass` is the input of another pass; `feedback` the files that it finds again then.
    """

    accepted: bool
    judge_message: str = ""
    team_message: str = ""
    score: float | None = None
    multiplier: float | None = None
    next_pass: bytes | None = None
    feedback: Mapping[str, bytes] = field(default_factory=dict)


def validator_job(
    tool: Tool, test: TestCase, feedback: Mapping[str, bytes], output: bytes | None = None
) -> Job:
    """A run of the validator on a test: on `output`, or in a conversation where that is None."""
    return tool.job(
        f"/work/{_INPUT}",
        f"/work/{_ANSWER}",
        f"/work/{FEEDBACK}/",
        *test.settings.output_validator_args,
        files={
            _INPUT: test.input,
            _ANSWER: test.answer,
            f"{FEEDBACK}/{_KEEP}": b"",
            **{f"{FEEDBACK}/{name}": data for name, data in feedback.items()},
        },
        stdin=output or b"",
        collect=(f"{FEEDBACK}/",),
    )


def validate(
    tool: Tool, test: TestCase, output: bytes, feedback: Mapping[str, bytes], sandbox: Sandbox
) -> Ruling:
    """Lets the validator judge an output; raises `ToolFailed` where it gives no judgement."""
    return ruling_of(tool, test, sandbox.run(validator_job(tool, test, feedback, output)))


def has_ruled(outcome: Outcome) -> bool:
    """Whether a validator's run ended with a judgement."""
    return outcome.status is Status.NONZERO_EXIT and outcome.exit_code in (ACCEPTED, REJECTED)


def has_rejected(outcome: Outcome) -> bool:
    """Whether it ended with a refusal."""
    return outcome.status is Status.NONZERO_EXIT and outcome.exit_code == REJECTED


def ruling_of(tool: Tool, test: TestCase | None, outcome: Outcome) -> Ruling:
    """The judgement that a run ended with; raises `ToolFailed` where it ended with none."""
    where = f"{tool.path} on {test.group}/{test.name}" if test else tool.path
    if not has_ruled(outcome):
        raise ToolFailed(f"{where} gave no judgement, exit code {ACCEPTED} or {REJECTED}: {said(outcome)}")
    if outcome.uncollected:
        name, reason = next(iter(outcome.uncollected.items()))
        raise ToolFailed(f"{where}: its {name} cannot be used: {reason}")
    prefix = f"{FEEDBACK}/"
    files = {
        path.removeprefix(prefix): data
        for path, data in outcome.files.items()
        if path.startswith(prefix) and path != prefix + _KEEP
    }
    accepted = outcome.exit_code == ACCEPTED
    next_pass = files.pop(NEXT_PASS, None)
    if next_pass is not None and not accepted:
        raise ToolFailed(f"{where} wrote {NEXT_PASS} and did not accept")
    return Ruling(
        accepted=accepted,
        judge_message=_message(files, "judgemessage.txt"),
        team_message=_message(files, "teammessage.txt"),
        score=_number(files, "score.txt", where),
        multiplier=_number(files, "score_multiplier.txt", where),
        next_pass=next_pass,
        feedback=files,
    )


def _message(files: Mapping[str, bytes], name: str) -> str:
    return files.get(name, b"").decode("utf-8", errors="replace").strip()[:_MESSAGE_CHARACTERS]


def _number(files: Mapping[str, bytes], name: str, where: str) -> float | None:
    if name not in files:
        return None
    text = files[name].decode("utf-8", errors="replace").strip()
    if not _NUMBER.fullmatch(text):
        raise ToolFailed(f"{where}: its {name} holds no number: {text!r:.80}")
    return float(text)
