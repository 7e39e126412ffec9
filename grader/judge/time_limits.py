"""The time limit of a package that states none: it follows from the submissions that must be in time.

Source: Kattis problem package format 2025-09, "Problem timing" and "Timelimit inference".
"""

from __future__ import annotations

import math
import threading
from dataclasses import replace

from grader.judge.builds import Builds
from grader.judge.compiling import compile_answer
from grader.judge.model import Answer, Judgement
from grader.judge.programs import ProgramJudge
from grader.judge.tools import ToolFailed
from grader.verdict import Verdict
from questionbank.packages.listed import matches_test
from questionbank.packages.model import Package, ReferenceSubmission
from sandbox.client import Sandbox
from sandbox.job import Status

_FILE = "time_limit"
_SLACK = 1e-9
_known: dict[str, float] = {}
_lock = threading.Lock()


def answer_of(submission: ReferenceSubmission) -> Answer:
    """A listed submission as an answer."""
    source = submission.source.decode("utf-8", errors="surrogateescape")
    return Answer(submission.language, source, submission.files, submission.entry)


def settled(package: Package, sandbox: Sandbox, builds: Builds | None) -> Package:
    """The package with a time limit of this host's: the one that it states, or the one inferred.

    Submissions are run once for each content of a package; `builds` keeps what came of it. Raises
    `ToolFailed` where no submission says how long a right answer takes.
    """
    spec = package.program
    if spec is None or not spec.infers_time:
        return package
    with _lock:
        limit_s = _known.get(package.content_hash) or _kept(package, builds)
        if limit_s is None:
            limit_s = _inferred(package, sandbox, builds)
            if builds:
                builds.store(_key(package), {_FILE: repr(limit_s).encode()})
        _known[package.content_hash] = limit_s
    limits = replace(package.limits, time_limit_s=limit_s, wall_time_s=3 * limit_s + 2)
    return replace(package, limits=limits, program=replace(spec, infers_time=False))


def _key(package: Package) -> str:
    # The number is that of the rules: a limit that others made is not taken over.
    return f"time-limit-2-{package.content_hash}"


def _kept(package: Package, builds: Builds | None) -> float | None:
    files = builds.load(_key(package)) if builds else None
    return float(files[_FILE]) if files else None


def _inferred(package: Package, sandbox: Sandbox, builds: Builds | None) -> float:
    assert package.program is not None
    rule = package.program.time_rule
    bounding = [one for one in package.submissions if _bounds(one)]
    if not bounding:
        raise ToolFailed(
            "no submission that must be in time says what the time limit is: state limits.time_limit"
        )
    slowest_s = max(slowest(package, one, sandbox, builds) for one in bounding)
    steps = math.ceil(slowest_s * rule.ac_factor / rule.resolution_s - _SLACK)
    return max(steps, 1) * rule.resolution_s


def _bounds(submission: ReferenceSubmission) -> bool:
    return any(expectation.times == "lower" for expectation in submission.expectations)


def slowest(
    package: Package, submission: ReferenceSubmission, sandbox: Sandbox, builds: Builds | None
) -> float:
    """Seconds of CPU of the slowest test on which a submission must be in time."""
    program = compile_answer(package, answer_of(submission), sandbox, builds)
    if isinstance(program, Judgement):
        return 0.0
    judging = ProgramJudge(package, program, sandbox, builds)
    globs = [expectation.tests for expectation in submission.expectations if expectation.times == "lower"]
    most_s = 0.0
    for test in package.tests:
        if any(matches_test(glob, test.group, test.name) for glob in globs):
            examined = judging.examine(test)
            if examined.verdict is Verdict.TLE:
                raise ToolFailed(
                    f"{submission.path} takes more than {package.limits.time_limit_s:g} s for "
                    f"{test.group}/{test.name}: state limits.time_limit"
                )
            if examined.outcome and examined.outcome.status is Status.TIME_LIMIT:
                # Refused in a talk, it never ended: no time says how long it takes, and each test costs all.
                break
            most_s = max(most_s, examined.cpu_s)
    return most_s
