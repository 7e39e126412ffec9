"""A function problem from a solution and tests that are code: what the tests call becomes test cases.

Whatever a test does (loops, tolerances, helper functions), it calls the function in the end: the calls, with
what the solution itself returns for them, are the cases. A wrong solution that a test fails returns something
else in one of its calls, so the cases kill what the tests kill.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from questionbank.exchange.derived import plain, type_of
from questionbank.exchange.drafts import Draft, Provenance, Refused, cases_file, draft_of
from questionbank.packages.errors import Finding

RECORDER = (Path(__file__).parent / "recorder.py").read_bytes()
SECONDS = 10.0
_SAMPLES = 2
_LEAST_LIMIT_S = 2.0
_TOLERANCE = 1e-6
_LOOSE = frozenset({"set", "frozenset", "sorted", "len", "sum", "Counter", "collections.Counter"})
_NAMES_CLOSE = {"isclose": 1e-9, "allclose": 1e-5, "assert_allclose": 1e-7, "approx": 1e-6}
"""Functions that compare within a tolerance, and which where they are not told."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run in the jail left: one file's content, or a sentence that says why there is none."""

    data: bytes | None
    fault: str = ""


class Jail(Protocol):
    """Runs a Python script of ours over a stranger's code."""

    def run(
        self, files: Mapping[str, bytes], script: str, leaves: str, *, numpy: bool, seconds: float
    ) -> Ran:
        """`script` is one of `files`; `leaves` the file to bring back."""


@dataclass(frozen=True, slots=True)
class Recordable:
    """A problem whose tests are code. `line` is where its source stands in `path`."""

    path: str
    line: int | None
    slug: str
    name: str
    statement: str
    entry: str
    solution: str
    setup: str
    tests: tuple[str, ...]
    style: str
    """"humaneval": the tests define `check(candidate)`; "statements": they call the function by its name."""
    provenance: Provenance
    starter: str = ""
    editorial: str = ""
    printed: tuple[str, ...] = ()
    """What each test prints, where the source says so."""
    difficulty: str = "medium"

    @property
    def origin(self) -> str:
        return self.provenance.id or self.slug

    def refused(self, message: str) -> Refused:
        return Refused(self.origin, (self.finding(message),))

    def finding(self, message: str) -> Finding:
        return Finding(self.path, self.line, f"{self.origin}: {message}")


def record(problem: Recordable, jail: Jail) -> Draft | Refused:
    """The problem as a package; refused with the reason where its tests do not pass or cannot be held."""
    job = {
        "solution": problem.solution,
        "setup": problem.setup,
        "tests": problem.tests,
        "entry": problem.entry,
        "style": problem.style,
    }
    files = {"recorder.py": RECORDER, "job.json": json.dumps(job).encode()}
    ran = jail.run(
        files, "recorder.py", "recorded.json", numpy=_needs_numpy(problem.solution), seconds=SECONDS
    )
    if ran.data is None:
        return problem.refused(f"its tests cannot be run: {ran.fault}")
    try:
        report = json.loads(ran.data)
        return _drafted(problem, report)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, StopIteration):
        # Only a solution that wrote the report itself comes here.
        return problem.refused("its tests leave no report that can be read")


def _drafted(problem: Recordable, report: dict[str, Any]) -> Draft | Refused:
    if "error" in report:
        return problem.refused(report["error"])
    if report["failed"]:
        number, said = report["failed"][0]
        return problem.refused(f"its solution fails its own test {number + 1}: {said}")
    notices = [problem.finding(text) for text in _left_out(problem, report)]
    calls = _distinct([call for call in report["calls"] if "result" in call and "fault" not in call])
    if not calls:
        notices.append(problem.finding("its tests make no call that can be a test case"))
        return Refused(problem.origin, tuple(notices))
    if all(call["result"] is None and call["changes"] for call in calls):
        return problem.refused("the function works on its arguments in place and returns nothing")
    return _package(problem, report["parameters"], calls, tuple(notices))


def _left_out(problem: Recordable, report: dict[str, Any]) -> list[str]:
    said = [call["fault"] for call in report["calls"] if "fault" in call]
    found = [f"{said.count(one)} calls are left out: the function {one}" for one in dict.fromkeys(said)]
    raised = sum("raised" in call for call in report["calls"])
    if raised:
        found.append(f"{raised} calls are left out, in which the function raises an error")
    if report["dropped"]:
        found.append(f"{report['dropped']} calls are left out: a problem has at most {len(report['calls'])}")
    loose = _loosening(problem)
    if loose:
        found.append(
            f"its tests look at {loose}(…) of a result: the cases take the solution's own result alone"
        )
    for number, (wanted, got) in enumerate(zip(problem.printed, report["printed"], strict=False), start=1):
        if not _prints_alike(wanted, got):
            found.append(
                f"test {number} is said to print {wanted.strip()[:80]!r}, it prints {got.strip()[:80]!r}"
            )
    return found


def _loosening(problem: Recordable) -> str:
    """A function that tests put around a result so that several are right; empty where there is none."""
    names = {problem.entry, "candidate"}
    for text in problem.tests:
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in _LOOSE:
                continue
            inner = [one.func for one in node.args if isinstance(one, ast.Call)]
            if any(isinstance(one, ast.Name) and one.id in names for one in inner):
                return ast.unparse(node.func)
    return ""


def _prints_alike(wanted: str, got: str) -> bool:
    """By their words, numbers to the digits that people print."""
    one, other = (
        text.replace("[", " ").replace("]", " ").replace(",", " ").split() for text in (wanted, got)
    )
    return len(one) == len(other) and all(map(_same_word, one, other))


def _same_word(wanted: str, got: str) -> bool:
    if wanted == got:
        return True
    try:
        return math.isclose(float(wanted), float(got), rel_tol=1e-3, abs_tol=1e-4)
    except ValueError:
        return False


def _distinct(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen: dict[str, dict[str, Any]] = {}
    for call in calls:
        seen.setdefault(json.dumps(call["args"]), call)
    return list(seen.values())


def _package(
    problem: Recordable, parameters: list[str], calls: list[dict[str, Any]], notices: tuple[Finding, ...]
) -> Draft:
    parameters = parameters[: max(len(call["args"]) for call in calls)]
    least = min(len(call["args"]) for call in calls)
    given = [
        type_of([call["args"][place] for call in calls if place < len(call["args"])])
        for place in range(len(parameters))
    ]
    returns = type_of([call["result"] for call in calls])
    cases = [
        {
            "name": str(number),
            "args": [plain(value, word) for value, word in zip(call["args"], given, strict=False)],
            "expected": plain(call["result"], returns),
        }
        for number, call in enumerate(calls, start=1)
    ]
    function: dict[str, Any] = {
        "name": problem.entry,
        "parameters": [
            {"name": name, "type": word, **({"optional": True} if place >= least else {})}
            for place, (name, word) in enumerate(zip(parameters, given, strict=True))
        ],
        "returns": returns,
    }
    if _needs_numpy(problem.solution) or any("ndarray" in word for word in (*given, returns)):
        function["runtime"] = "numpy"
    tolerance = _tolerance(problem)
    if tolerance and any(part in returns for part in ("float", "object")):
        function["numeric"] = {"atol": tolerance, "rtol": tolerance}
    samples = cases[: min(_SAMPLES, max(1, len(cases) - 1))]
    files = {
        "data/sample/cases.jsonl": cases_file(samples),
        # A single test is both: what is hidden must hold something.
        "data/secret/cases.jsonl": cases_file(cases[len(samples) :] or cases),
        "submissions/accepted/solution.py": problem.solution.encode(),
    }
    if problem.starter:
        files["starter/solution.py"] = problem.starter.encode()
    slowest = max(call["seconds"] for call in calls)
    limit = max(_LEAST_LIMIT_S, float(math.ceil(5 * slowest)))
    editorial = problem.editorial or f"A solution:\n\n```python\n{problem.solution.strip()}\n```"
    return draft_of(
        problem.slug,
        names={"en": problem.name},
        statements={"en": problem.statement},
        editorials={"en": editorial},
        section={"kind": "function", "tags": [problem.provenance.format], "function": function},
        provenance=problem.provenance,
        files=files,
        limits={"time_limit": limit, "memory": 512},
        difficulty=problem.difficulty,
        notices=notices,
    )


def _tolerance(problem: Recordable) -> float | None:
    """How near a float must come: the smallest tolerance that tests name; None where they want equality."""
    if problem.printed:
        return _TOLERANCE
    found: list[float] = []
    for text in problem.tests:
        for node in ast.walk(ast.parse(text)):
            name = ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in _NAMES_CLOSE:
                told = [one.value for one in node.keywords if isinstance(one.value, ast.Constant)]
                named = [one.value for one in told if isinstance(one.value, float) and one.value > 0]
                found += named or [_NAMES_CLOSE[name]]
            elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Lt | ast.LtE):
                found += [
                    side.value
                    for side in node.comparators
                    if isinstance(side, ast.Constant)
                    and isinstance(side.value, float)
                    and 0 < side.value < 0.1
                ]
    return min(found) if found else None


def _needs_numpy(source: str) -> bool:
    return any(
        name.partition(".")[0] == "numpy"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
        )
    )
