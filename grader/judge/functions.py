"""Function problems: one call a test, each in a box of its own, compared outside the jail."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from grader.judge.comparing import difference
from grader.judge.languages.language import ARGUMENTS, RESULT
from grader.judge.model import CaseResult, SampleRun
from grader.judge.runnable import Program
from grader.judge.values import (
    Unreadable,
    WrongType,
    decode_expected,
    decode_result,
    lists_as_arrays,
    parse_result,
    shown,
)
from grader.judge.verdicts import hidden_result, run_verdict, shown_failure, shown_stream
from grader.verdict import Verdict
from questionbank.packages.model import FunctionSpec, JsonValue, Package, TestCase
from questionbank.packages.typed import Mismatch, largest_int
from questionbank.packages.types import parse_type
from sandbox.client import Sandbox
from sandbox.job import Job, Outcome


class InvalidInput(ValueError):
    """The candidate's own input is none of the problem's; the text is for the candidate."""


def judge_call(package: Package, program: Program, test: TestCase, sandbox: Sandbox) -> CaseResult:
    """Calls the function with the test's arguments and compares what it returns."""
    spec = _spec(package)
    outcome = sandbox.run(_job(spec, program, test.args))
    expected = decode_expected(test.expected, parse_type(spec.returns))
    verdict, message, got = _verdict(spec, program, outcome, expected)
    if test.group != "sample":
        return hidden_result(test, outcome, verdict, message)
    if verdict is Verdict.RE:
        message = shown_failure(outcome, message)
    return CaseResult(
        name=test.name,
        group=test.group,
        verdict=verdict,
        cpu_s=outcome.cpu_s,
        wall_s=outcome.wall_s,
        peak_bytes=outcome.peak_bytes,
        message=message,
        got=got,
        expected=shown(expected),
        stdout=shown_stream(outcome.stdout),
    )


def run_call(
    package: Package, program: Program, args: tuple[JsonValue, ...], sandbox: Sandbox, test: TestCase | None
) -> SampleRun:
    """One call outside the record: a sample, or the candidate's own arguments where `test` is None."""
    spec = _spec(package)
    outcome = sandbox.run(_job(spec, program, args))
    word = parse_type(spec.returns)
    expected = None if test is None else decode_expected(test.expected, word)
    verdict: Verdict | None
    verdict, message, got = _verdict(spec, program, outcome, expected, compare=test is not None)
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


def own_arguments(package: Package, text: str, program: Program) -> tuple[JsonValue, ...]:
    """The candidate's own arguments, a JSON list; `InvalidInput` with a sentence where it is none."""
    parameters = _spec(package).parameters
    try:
        args = json.loads(text)
        json.dumps(args, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("Your input holds half a character: a lone surrogate.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"Your input is no JSON: {error}") from error
    least = sum(not parameter.optional for parameter in parameters)
    if not isinstance(args, list) or not least <= len(args) <= len(parameters):
        names = ", ".join(parameter.name for parameter in parameters)
        raise InvalidInput(f"Your input must be a JSON list of {len(parameters)} arguments: [{names}].")
    for value, parameter in zip(args, parameters, strict=False):
        try:
            largest = largest_int(value, parse_type(parameter.type), parameter.name)
            decode_expected(value, parse_type(parameter.type))
        except Mismatch as error:
            raise InvalidInput(f"{parameter.name} must be {parameter.type}: {error}.") from error
        except RecursionError as error:
            raise InvalidInput(f"{parameter.name} is nested too deeply.") from error
        except OverflowError as error:
            raise InvalidInput(f"{parameter.name} holds a number that is too large for a float.") from error
        most = program.language.answer.largest_int
        if most is not None and largest > most:
            language = program.language.name
            raise InvalidInput(f"{parameter.name} holds a whole number that is too large for {language}.")
    return tuple(args)


def _job(spec: FunctionSpec, program: Program, args: tuple[JsonValue, ...]) -> Job:
    """Languages that read their types at run time get them with the arguments, compiled ones know them."""
    call: Any = args
    if program.language.reads_types:
        words = [asdict(parse_type(parameter.type)) for parameter in spec.parameters[: len(args)]]
        call = {"args": args, "types": words, "returns": asdict(parse_type(spec.returns))}
    text = json.dumps(call, ensure_ascii=False, separators=(",", ":"))
    return program.job(files={ARGUMENTS: text.encode()}, collect=(RESULT,))


def _verdict(
    spec: FunctionSpec, program: Program, outcome: Outcome, expected: Any, *, compare: bool = True
) -> tuple[Verdict, str, str | None]:
    """Verdict, sentence, and the result as text where there is one."""
    failed, reason = run_verdict(outcome, program)
    if failed is not None:
        return failed, reason, None
    data = outcome.files.get(RESULT)
    if data is None:
        reason = outcome.uncollected.get(RESULT, "")
        if reason.startswith("larger"):
            return Verdict.OLE, "the result is larger than the output limit", None
        return Verdict.RE, "ended before the function returned", None
    try:
        report = parse_result(data)
        if report.get("missing"):
            return Verdict.RE, f"{program.plan.source_name} defines no function {spec.name}", None
        got = _result(spec, program, report["value"])
    except WrongType as error:
        return Verdict.WA, f"the function returned {error}", None
    except (Unreadable, RecursionError) as error:
        return Verdict.WA, f"the result cannot be read: {error}", None
    found = difference(got, expected, spec.numeric) if compare else None
    text = shown(got)
    return (Verdict.WA, found, text) if found else (Verdict.AC, "", text)


def _result(spec: FunctionSpec, program: Program, value: Any) -> Any:
    """The result as data of the declared type, whatever the language calls it."""
    word = parse_type(spec.returns)
    if program.language.has_arrays:
        return decode_result(value, word)
    return lists_as_arrays(decode_result(value, word.as_lists()), word)


def _spec(package: Package) -> FunctionSpec:
    assert package.function is not None, f"{package.slug} is no function problem"
    return package.function
