"""Tests of the source itself: the package's static validator looks at what was handed in."""

from __future__ import annotations

from grader.judge.builds import Builds
from grader.judge.demands import assured
from grader.judge.languages import LANGUAGES
from grader.judge.model import Answer, CaseResult
from grader.judge.toolchains import find_toolchain
from grader.judge.tools import build_tool
from grader.judge.validating import FEEDBACK, Ruling, ruling_of
from grader.verdict import Verdict
from questionbank.packages.model import Package
from questionbank.packages.program import StaticCheck
from sandbox.client import Sandbox

STATIC = "static_validation"
"""What such a test is called."""
_FOLDER = "submission"
# The format's codes of languages that are called otherwise here.
_CODES = {"python": "python3"}


def judge_source(
    package: Package, answer: Answer, check: StaticCheck, sandbox: Sandbox, builds: Builds | None
) -> tuple[CaseResult, Ruling]:
    """Runs the static validator on the answer's files; raises `ToolFailed` where it gives no judgement."""
    spec = package.program
    assert spec is not None
    assert spec.static_validator is not None
    jail = assured(package, sandbox)
    tool = build_tool(spec.static_validator, spec.tools, jail, builds)
    entry = answer.entry or _source_name(answer, jail)
    include = {**spec.include.get("default", {}), **spec.include.get(answer.language, {})}
    files = {entry: answer.source.encode("utf-8", errors="surrogateescape"), **answer.files, **include}
    job = tool.inside(
        _FOLDER,
        _CODES.get(answer.language, answer.language),
        entry,
        f"/work/{FEEDBACK}/",
        *check.args,
        files={
            f"{FEEDBACK}/.keep": b"",
            **{f"{_FOLDER}/{name}": data for name, data in files.items()},
        },
        collect=(f"{FEEDBACK}/",),
    )
    ruling = ruling_of(tool, None, jail.run(job))
    verdict = Verdict.AC if ruling.accepted else Verdict.WA
    case = CaseResult(
        STATIC, check.group, verdict, message=ruling.team_message, judge_message=ruling.judge_message
    )
    return case, ruling


def _source_name(answer: Answer, sandbox: Sandbox) -> str:
    """What the answer's one file is called when it is compiled."""
    language = LANGUAGES[answer.language]
    toolchain = find_toolchain(language, sandbox)
    assert toolchain is not None, "it has been compiled"
    return language.program(answer.source, toolchain).source_name
