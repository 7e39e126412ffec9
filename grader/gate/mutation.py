"""Runs mutants of a reference against a package's tests: those that no test fails survive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import PurePosixPath
from threading import Lock

from grader.gate.mutants import mutants_of
from grader.gate.proof import MutationProof, Survivor
from grader.judge.compiling import compile_answer
from grader.judge.demands import demanding
from grader.judge.judging import judge_test
from grader.judge.model import Answer, CaseResult, Judgement
from grader.judge.runnable import Program
from grader.verdict import Verdict
from questionbank.packages.model import Equivalent, Kind, Package, ReferenceSubmission, TestCase
from sandbox.client import Sandbox
from sandbox.job import Limits

MUTATED = frozenset({Kind.FUNCTION, Kind.PASS_FAIL})
TIMES_SLOWER, LEAST_S = 10.0, 0.5
"""A mutant that takes so many times what the reference takes for a test, and so many seconds of CPU at
least, is told apart as one that meets the limit: hardly any of those ever ends."""
_Key = tuple[str, str]


def reference_to_mutate(package: Package) -> ReferenceSubmission | None:
    """The accepted Python submission that the package names, else the first; None for other kinds."""
    if package.kind not in MUTATED:
        return None
    accepted = [
        one
        for one in package.submissions
        if one.expected == "AC" and one.language == "python" and not one.files
    ]
    named = package.gate.mutate
    if named:
        return next((one for one in accepted if one.path == PurePosixPath("submissions", named)), None)
    return accepted[0] if accepted else None


class _Order:
    """The tests, those that killed most first and the quick before the slow: most mutants die at once."""

    def __init__(self, seconds: Mapping[_Key, float], tests: Iterable[TestCase]) -> None:
        self._tests = sorted(tests, key=lambda one: seconds[_key(one)])
        self._kills = dict.fromkeys(map(_key, self._tests), 0)
        self._lock = Lock()

    def tests(self) -> list[TestCase]:
        with self._lock:
            return sorted(self._tests, key=lambda one: -self._kills[_key(one)])

    def note(self, test: TestCase) -> None:
        with self._lock:
            self._kills[_key(test)] += 1


class _Trial:
    """One package's tests, to be sat by one mutant after another."""

    def __init__(
        self, package: Package, program: Program, sandbox: Sandbox, known: Mapping[_Key, CaseResult]
    ) -> None:
        self._package = package
        self._program = program
        self._sandbox = demanding(package, sandbox)
        results = {
            key: (known[key].verdict, known[key].cpu_s) if key in known else self._sat(program, test)
            for key, test in ((_key(test), test) for test in package.tests)
        }
        self._seconds = {key: cpu_s for key, (_, cpu_s) in results.items()}
        # A test that the reference itself fails tells nothing apart: the submissions' proof names it.
        told = [test for test in package.tests if results[_key(test)][0] is Verdict.AC]
        self._order = _Order(self._seconds, told)

    def kills(self, source: str) -> bool:
        """Whether some test fails this source. It compiles: the reference's own step is not repeated."""
        files = {**self._program.files, self._program.plan.source_name: source.encode()}
        mutant = replace(self._program, files=files)
        for test in self._order.tests():
            verdict, _ = self._sat(replace(mutant, limits=self._limits(test)), test)
            if verdict is not Verdict.AC:
                self._order.note(test)
                return True
        return False

    def _limits(self, test: TestCase) -> Limits:
        given = self._program.limits
        patience = max(LEAST_S, TIMES_SLOWER * self._seconds[_key(test)])
        return replace(given, cpu_s=min(given.cpu_s, patience))

    def _sat(self, program: Program, test: TestCase) -> tuple[Verdict, float]:
        result = judge_test(self._package, program, test, self._sandbox)
        return result.verdict, result.cpu_s


def run_mutants(
    package: Package,
    reference: ReferenceSubmission,
    sandbox: Sandbox,
    *,
    workers: int,
    known: Iterable[CaseResult] = (),
) -> MutationProof | None:
    """Every mutant against every test until one fails it; `workers` run side by side. `known` is what the
    reference got, where it has been judged.

    None where the reference does not compile: that is said of it as a submission.
    """
    source = reference.source.decode()
    program = compile_answer(package, Answer("python", source), sandbox, None)
    if isinstance(program, Judgement):
        return None
    declared = {one.mutant: one for one in package.gate.equivalents}
    found = mutants_of(source)
    judged = [mutant for mutant in found if mutant.name not in declared]
    trial = _Trial(package, program, sandbox, {(case.group, case.name): case for case in known})
    with ThreadPoolExecutor(workers) as pool:
        killed = list(pool.map(trial.kills, (mutant.source for mutant in judged)))
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


def _key(test: TestCase) -> _Key:
    return test.group, test.name
