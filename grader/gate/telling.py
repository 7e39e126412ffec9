"""Looks for an input that tells a surviving mutant from the reference: a test that is missing.

Inputs are those of the package, changed a little, so that they stay of the kind that the statement allows;
whether one is allowed is the author's to say. The reference must return something for it, and no error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from typing import Any

from grader.gate.mutants import mutants_of
from grader.gate.proof import MutationProof, Survivor
from grader.judge.compiling import compile_answer
from grader.judge.demands import demanding
from grader.judge.functions import own_arguments, run_call
from grader.judge.model import Answer, Judgement, SampleRun
from grader.judge.runnable import Program
from questionbank.packages.model import JsonValue, Kind, Package, ReferenceSubmission
from sandbox.client import Sandbox
from sandbox.errors import SandboxError

TRIES, SURVIVORS = 60, 10
_SMALL_INPUT = 4000


def tell_apart(
    package: Package, reference: ReferenceSubmission, proof: MutationProof, sandbox: Sandbox, *, workers: int
) -> MutationProof:
    """The proof with a telling input for as many survivors as can be told apart within the tries."""
    if package.kind is not Kind.FUNCTION or not proof.survivors:
        return proof
    source = reference.source.decode()
    program = compile_answer(package, Answer("python", source), sandbox, None)
    if isinstance(program, Judgement):
        return proof
    sources = {mutant.name: mutant.source for mutant in mutants_of(source)}
    search = _Search(package, program, demanding(package, sandbox), workers)
    told = search.told([(survivor, sources[survivor.name]) for survivor in proof.survivors[:SURVIVORS]])
    return replace(proof, survivors=(*told, *proof.survivors[SURVIVORS:]))


class _Search:
    """The inputs that the reference returns something for, and what it returns."""

    def __init__(self, package: Package, program: Program, sandbox: Sandbox, workers: int) -> None:
        self._package = package
        self._program = program
        self._sandbox = sandbox
        self._workers = workers

    def told(self, survivors: list[tuple[Survivor, str]]) -> list[Survivor]:
        inputs = list(_inputs(self._package))
        with ThreadPoolExecutor(self._workers) as pool:
            runs = pool.map(lambda given: self._run(self._program, given), inputs)
            right = {
                given: run
                for given, run in zip(inputs, runs, strict=True)
                if run is not None and run.verdict is None
            }
            return list(pool.map(lambda pair: self._told(pair[0], pair[1], right), survivors))

    def _told(self, survivor: Survivor, source: str, right: Mapping[str, SampleRun]) -> Survivor:
        # The mutant compiles: the step is not repeated.
        files = {**self._program.files, self._program.plan.source_name: source.encode()}
        mutant = replace(self._program, files=files)
        for given, expected in right.items():
            found = self._run(mutant, given)
            if found is None or found.verdict is not None or found.output != expected.output:
                return replace(
                    survivor,
                    telling=given,
                    reference_returns=expected.output,
                    mutant_returns=found.output if found and found.verdict is None else _ending(found),
                )
        return survivor

    def _run(self, program: Program, given: str) -> SampleRun | None:
        try:
            args = own_arguments(self._package, given, program)
            return run_call(self._package, program, args, self._sandbox, None)
        except (ValueError, SandboxError):
            return None


def _ending(run: SampleRun | None) -> str:
    return "nothing" if run is None else f"{run.verdict}: {run.message}"


def _inputs(package: Package) -> Iterator[str]:
    """Arguments as JSON text: each test's own with one place changed, the same ones every time."""
    random = Random(package.content_hash)  # noqa: S311 - a search, no secret
    small = [test.args for test in package.tests if len(json.dumps(test.args)) <= _SMALL_INPUT]
    if not small:
        return
    seen = set()
    for _ in range(TRIES):
        args: list[JsonValue] = json.loads(json.dumps(random.choice(small)))
        for _ in range(random.choice((1, 1, 2, 3))):
            place = random.randrange(len(args)) if args else 0
            if args:
                args[place] = _changed(args[place], random)
        text = json.dumps(args)
        if text not in seen:
            seen.add(text)
            yield text


def _changed(value: Any, random: Random) -> Any:
    if isinstance(value, bool) or value is None:
        return random.choice([value, not value]) if isinstance(value, bool) else value
    if isinstance(value, int):
        return value + random.choice((-2, -1, 1, 2, -value))
    if isinstance(value, float):
        return random.choice((value + 1.0, value - 1.0, value / 2, -value, 0.0))
    if isinstance(value, str):
        return random.choice((value + value[-1:], value[:-1], value[1:], value[::-1], ""))
    if isinstance(value, list):
        return _changed_list(value, random)
    if isinstance(value, dict) and value and "$float" not in value:
        key = random.choice(sorted(value))
        return {**value, key: _changed(value[key], random)}
    return value


def _changed_list(items: list[Any], random: Random) -> list[Any]:
    if not items:
        return items
    place = random.randrange(len(items))
    match random.randrange(6):
        case 0:
            return items[:place] + items[place + 1 :]
        case 1:
            return items[: place + 1] + items[place:]
        case 2:
            return items[::-1]
        case 3:
            other = random.randrange(len(items))
            swapped = list(items)
            swapped[place], swapped[other] = swapped[other], swapped[place]
            return swapped
        case _:
            return [*items[:place], _changed(items[place], random), *items[place + 1 :]]
