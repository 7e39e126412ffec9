"""Proves a package's test data by its own validators, and these by the tests that it has for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from grader.gate.proof import Finding
from grader.judge.builds import Builds
from grader.judge.checker import difference
from grader.judge.demands import assured
from grader.judge.tools import ACCEPTED, Tool, ToolFailed, build_tool, said
from grader.judge.validating import validate
from questionbank.packages.errors import Findings
from questionbank.packages.flags import checker_of
from questionbank.packages.model import Package, TestCase
from questionbank.packages.program import PackageProgram, ProgramSpec
from sandbox.client import Sandbox


@dataclass(frozen=True, slots=True)
class _Bench:
    """The validators of a package, built, and where they run."""

    package: Package
    spec: ProgramSpec
    sandbox: Sandbox
    inputs: tuple[tuple[PackageProgram, Tool], ...]
    outputs: tuple[Tool, ...]


def prove_data(package: Package, sandbox: Sandbox, builds: Builds | None, *, workers: int) -> list[Finding]:
    """Inputs that a validator refuses, outputs that must pass and do not, and the other way round."""
    spec = package.program
    if spec is None:
        return []
    jail = assured(package, sandbox)
    try:
        inputs = tuple((one, build_tool(one, spec.tools, jail, builds)) for one in spec.input_validators)
        outputs = tuple(build_tool(one, spec.tools, jail, builds) for one in spec.output_validators)
    except ToolFailed as error:
        return [Finding("", None, str(error))]
    bench = _Bench(package, spec, jail, inputs, outputs)
    with ThreadPoolExecutor(workers) as pool:
        found = pool.map(lambda step: step(), list(_steps(bench)))
        return [finding for findings in found for finding in findings]


_Step = Callable[[], Iterable[Finding]]


def _steps(bench: _Bench) -> Iterator[_Step]:
    for test in bench.package.tests:
        yield _input_step(bench, test)
        if test.group.partition("/")[0] == "sample":
            yield _sample_step(bench, test)
    for case in bench.spec.validation_cases:
        test = TestCase(
            case.name.rpartition("/")[2],
            case.name.rpartition("/")[0],
            input=case.input,
            answer=case.answer,
            settings=case.settings,
        )
        if case.output is None:
            yield _refusal_step(bench, test)
        else:
            yield _input_step(bench, test)
            yield _output_step(bench, test, case.output, ".out", accepted=case.accepted)


def _input_step(bench: _Bench, test: TestCase) -> _Step:
    def step() -> Iterator[Finding]:
        for path, reason in _refusals(bench, test):
            yield Finding(_path(test, ".in"), None, f"{path} refuses it: {reason}")

    return step


def _refusal_step(bench: _Bench, test: TestCase) -> _Step:
    def step() -> Iterator[Finding]:
        if not any(_refusals(bench, test)):
            yield Finding(_path(test, ".in"), None, "no input validator refuses it, and one must")

    return step


def _refusals(bench: _Bench, test: TestCase) -> Iterator[tuple[str, str]]:
    for program, tool in bench.inputs:
        args = _input_args(test.settings.input_validator_args, program.name)
        job = tool.job(*args, *test.settings.args, files=test.settings.files, stdin=test.input)
        outcome = bench.sandbox.run(job)
        if outcome.exit_code != ACCEPTED:
            yield tool.path, said(outcome)


def _input_args(args: Mapping[str, tuple[str, ...]], name: str) -> tuple[str, ...]:
    return args.get(name, args.get("", ()))


def _sample_step(bench: _Bench, test: TestCase) -> _Step:
    """What is shown as a sample's output must be right; a talk or several passes cannot be tried so."""
    if bench.spec.interactive or bench.spec.multi_pass:
        return tuple
    shown = test.settings.shown_answer
    return _output_step(bench, test, test.answer if shown is None else shown, ".ans", accepted=True)


def _output_step(bench: _Bench, test: TestCase, output: bytes, ending: str, *, accepted: bool) -> _Step:
    def step() -> Iterator[Finding]:
        try:
            passes = _passes(bench, test, output)
        except ToolFailed as error:
            yield Finding(_path(test, ending), None, str(error))
            return
        if passes and not accepted:
            yield Finding(_path(test, ending), None, "the output validator accepts it, and must refuse it")
        elif not passes and accepted:
            yield Finding(_path(test, ending), None, "the output validator refuses it, and must accept it")

    return step


def _passes(bench: _Bench, test: TestCase, output: bytes) -> bool:
    if not bench.outputs:
        args = test.settings.output_validator_args
        checker = checker_of(args, test.group, Findings()) if args else bench.package.checker
        return difference(output, test.answer, checker) is None
    return all(validate(tool, test, output, {}, bench.sandbox).accepted for tool in bench.outputs)


def _path(test: TestCase, ending: str) -> str:
    return f"data/{test.group}/{test.name}{ending}"
