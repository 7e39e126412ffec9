"""Looks for an input that tells a surviving mutant from the reference: a test that is missing.

Inputs are those of the package, changed a little, so that they stay of the kind that the statement allows;
whether one is allowed is the author's to say. The reference must return something for it, and no error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from grader.gate.mutants import mutants_of
from grader.gate.proof import MutationProof, Survivor
from grader.judge.judging import run_samples
from grader.judge.model import Answer, SampleRun
from questionbank.packages.model import JsonValue, Kind, Package, ReferenceSubmission
from sandbox.client import Sandbox
from sandbox.errors import SandboxError

TRIES, SURVIVORS = 60, 10
_SMALL_INPUT = 4000


def tell_apart(
    package: Package, reference: ReferenceSubmission, proof: MutationProof, sandbox: Sandbox
) -> MutationProof:
    """The proof with a telling input for as many survivors as can be told apart within the tries."""
    if package.kind is not Kind.FUNCTION or not proof.survivors:
        return proof
    sources = {mutant.name: mutant.source for mutant in mutants_of(reference.source.decode())}
    right: dict[str, SampleRun | None] = {}
    told = [
        _told(package, reference, survivor, sources[survivor.name], right, sandbox)
        for survivor in proof.survivors[:SURVIVORS]
    ]
    return replace(proof, survivors=(*told, *proof.survivors[SURVIVORS:]))


def _told(
    package: Package,
    reference: ReferenceSubmission,
    survivor: Survivor,
    source: str,
    right: dict[str, SampleRun | None],
    sandbox: Sandbox,
) -> Survivor:
    for given in _inputs(package):
        if given not in right:
            right[given] = _returned(package, reference.source.decode(), given, sandbox)
        expected = right[given]
        if expected is None:
            continue
        found = _run(package, source, given, sandbox)
        if found is None or found.verdict is not None or found.output != expected.output:
            return replace(
                survivor,
                telling=given,
                reference_returns=expected.output,
                mutant_returns=found.output if found and found.verdict is None else _ending(found),
            )
    return survivor


def _ending(run: SampleRun | None) -> str:
    return "nothing" if run is None else f"{run.verdict}: {run.message}"


def _returned(package: Package, source: str, given: str, sandbox: Sandbox) -> SampleRun | None:
    run = _run(package, source, given, sandbox)
    return run if run is not None and run.verdict is None else None


def _run(package: Package, source: str, given: str, sandbox: Sandbox) -> SampleRun | None:
    try:
        (run,) = run_samples(package, Answer("python", source), sandbox=sandbox, own_input=given)
    except (ValueError, SandboxError):
        return None
    return run


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
