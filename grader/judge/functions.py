"""Function problems: one call a test, each in a box of its own, compared outside the jail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grader.judge.comparing import difference
from grader.judge.model import Answer, CaseResult, SampleRun
from grader.judge.values import Unreadable, WrongType, decode_expected, decode_result, parse_result, shown
from grader.judge.verdicts import run_limits, run_verdict, shown_stream
from grader.verdict import Verdict
from questionbank.packages.model import FunctionSpec, JsonValue, Package, TestCase
from questionbank.packages.types import TypeWord, parse_type
from sandbox.client import Sandbox
from sandbox.job import Job, Outcome, Runtime, Script

_DRIVER = Path(__file__).with_name("driver.py").read_bytes()
_RESULT = "result.json"
RUNTIMES: Mapping[str, Runtime] = {
    "python": Runtime.PYTHON,
    "numpy": Runtime.NUMPY,
    "ml": Runtime.ML,
}


def judge_call(package: Package, answer: Answer, test: TestCase, sandbox: Sandbox) -> CaseResult:
    """Calls the function with the test's arguments and compares what it returns."""
    spec = _spec(package)
    outcome = sandbox.run(_job(package, answer, test.args))
    expected = decode_expected(test.expected, parse_type(spec.returns))
    verdict, message, got = _verdict(spec, outcome, expected)
    sample = test.group == "sample"
    if sample and verdict is Verdict.RE:
        message = shown_stream(outcome.stderr) or message
    return CaseResult(
        name=test.name,
        group=test.group,
        verdict=verdict,
        cpu_s=outcome.cpu_s,
        wall_s=outcome.wall_s,
        peak_bytes=outcome.peak_bytes,
        message=message if sample or verdict is not Verdict.WA else "",
        got=got if sample else None,
        expected=shown(expected) if sample else None,
        stdout=shown_stream(outcome.stdout) if sample else None,
    )


def run_call(
    package: Package, answer: Answer, args: tuple[JsonValue, ...], sandbox: Sandbox, test: TestCase | None
) -> SampleRun:
    """One call outside the record: a sample, or the candidate's own arguments where `test` is None."""
    spec = _spec(package)
    outcome = sandbox.run(_job(package, answer, args))
    word = parse_type(spec.returns)
    expected = None if test is None else decode_expected(test.expected, word)
    verdict: Verdict | None
    verdict, message, got = _verdict(spec, outcome, expected, compare=test is not None)
    if test is None and verdict is Verdict.AC:
        verdict = None
    return SampleRun(
        name=test.name if test else "own",
        verdict=verdict,
        output=got or "",
        expected=None if test is None else shown(expected),
        stdout=shown_stream(outcome.stdout),
        stderr=shown_stream(outcome.stderr),
        cpu_s=outcome.cpu_s,
        wall_s=outcome.wall_s,
        peak_bytes=outcome.peak_bytes,
        message=message,
    )


def own_arguments(package: Package, text: str) -> tuple[JsonValue, ...]:
    """The candidate's own arguments, a JSON list; `ValueError` with a sentence where it is none."""
    parameters = _spec(package).parameters
    try:
        args = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"Your input is no JSON: {error}") from error
    if not isinstance(args, list) or len(args) != len(parameters):
        names = ", ".join(parameter.name for parameter in parameters)
        raise ValueError(f"Your input must be a JSON list of {len(parameters)} arguments: [{names}].")
    for value, parameter in zip(args, parameters, strict=True):
        try:
            decode_expected(value, parse_type(parameter.type))
        except (TypeError, ValueError, KeyError, AttributeError, AssertionError, Unreadable) as error:
            raise ValueError(f"{parameter.name} must be {parameter.type}.") from error
    return tuple(args)


def _job(package: Package, answer: Answer, args: tuple[JsonValue, ...]) -> Job:
    spec = _spec(package)
    call = {
        "function": spec.name,
        "args": args,
        "types": [asdict(parse_type(parameter.type)) for parameter in spec.parameters],
    }
    files = {
        "driver.py": _DRIVER,
        "solution.py": answer.source.encode(),
        "call.json": json.dumps(call).encode(),
    }
    return Job(
        runtime=RUNTIMES[spec.runtime],
        program=Script("driver.py"),
        files=files,
        collect=(_RESULT,),
        limits=run_limits(package),
    )


def _verdict(
    spec: FunctionSpec, outcome: Outcome, expected: Any, *, compare: bool = True
) -> tuple[Verdict, str, str | None]:
    """Verdict, sentence, and the result as text where there is one."""
    failed, reason = run_verdict(outcome)
    if failed is not None:
        return failed, reason, None
    data = outcome.files.get(_RESULT)
    if data is None:
        reason = outcome.uncollected.get(_RESULT, "")
        if reason.startswith("larger"):
            return Verdict.OLE, "the result is larger than the output limit", None
        return Verdict.RE, "ended before the function returned", None
    word: TypeWord = parse_type(spec.returns)
    try:
        report = parse_result(data)
        if report.get("missing"):
            return Verdict.RE, f"solution.py defines no function {spec.name}", None
        got = decode_result(report["value"], word)
    except WrongType as error:
        return Verdict.WA, f"the function returned {error}", None
    except (Unreadable, RecursionError) as error:
        return Verdict.WA, f"the result cannot be read: {error}", None
    found = difference(got, expected, spec.numeric) if compare else None
    text = shown(got)
    return (Verdict.WA, found, text) if found else (Verdict.AC, "", text)


def _spec(package: Package) -> FunctionSpec:
    assert package.function is not None, f"{package.slug} is no function problem"
    return package.function
