"""Runs mutants of a reference against a package's tests: those that no test fails survive."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePosixPath
from threading import Lock

from grader.gate.mutants import Mutant, mutants_of
from grader.gate.proof import MutationProof, Survivor
from grader.judge.judging import judge
from grader.judge.model import Answer, CaseResult, Observer
from grader.verdict import Verdict
from questionbank.packages.model import Equivalent, Kind, Package, ReferenceSubmission, TestCase
from sandbox.client import Sandbox

MUTATED = frozenset({Kind.FUNCTION, Kind.PASS_FAIL})


class _Killed(Exception):
    """A test failed the mutant: nothing more need run."""


def reference_to_mutate(package: Package) -> ReferenceSubmission | None:
    """The accepted Python submission that the package names, else the first; None for other kinds."""
    if package.kind not in MUTATED:
        return None
    accepted = [one for one in package.submissions if one.expected == "AC" and one.language == "python"]
    named = package.gate.mutate
    if named:
        return next((one for one in accepted if one.path == PurePosixPath("submissions", named)), None)
    return accepted[0] if accepted else None


class _Order:
    """The tests, those that killed most first: most mutants die at once."""

    def __init__(self, tests: Sequence[TestCase]) -> None:
        self._kills = {(test.group, test.name): 0 for test in tests}
        self._tests = list(tests)
        self._lock = Lock()

    def tests(self) -> tuple[TestCase, ...]:
        with self._lock:
            return tuple(sorted(self._tests, key=lambda one: -self._kills[one.group, one.name]))

    def note(self, case: CaseResult) -> None:
        with self._lock:
            self._kills[case.group, case.name] += 1


def run_mutants(
    package: Package, reference: ReferenceSubmission, sandbox: Sandbox, *, workers: int
) -> MutationProof:
    """Every mutant against every test until one fails it; `workers` run side by side."""
    source = reference.source.decode()
    declared = {one.mutant: one for one in package.gate.equivalents}
    found = mutants_of(source)
    judged = [mutant for mutant in found if mutant.name not in declared]
    order = _Order(package.tests)
    with ThreadPoolExecutor(workers) as pool:
        killed = list(pool.map(lambda mutant: _is_killed(package, mutant, order, sandbox), judged))
    survivors = [mutant for mutant, dead in zip(judged, killed, strict=True) if not dead]
    return MutationProof(
        reference=str(reference.path),
        killed=sum(killed),
        total=len(judged),
        equivalent=len(found) - len(judged),
        survivors=tuple(
            Survivor(mutant.name, mutant.operator, mutant.line, mutant.diff(source)) for mutant in survivors
        ),
    )


def stale_equivalents(package: Package, reference: ReferenceSubmission) -> list[Equivalent]:
    """Declared equivalents that name no mutant of the reference any more."""
    names = {mutant.name for mutant in mutants_of(reference.source.decode())}
    return [one for one in package.gate.equivalents if one.mutant not in names]


def _is_killed(package: Package, mutant: Mutant, order: _Order, sandbox: Sandbox) -> bool:
    def case(result: CaseResult) -> None:
        if result.verdict is not Verdict.AC:
            order.note(result)
            raise _Killed

    tried = replace(package, tests=order.tests())
    try:
        judgement = judge(
            tried,
            Answer("python", mutant.source),
            sandbox=sandbox,
            hidden_root=Path(),
            observer=Observer(case=case),
        )
    except _Killed:
        return True
    return judgement.verdict is not Verdict.AC
