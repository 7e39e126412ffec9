"""A function's verdict depends on what it returns, by exact type and tolerance, and on nothing else."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from grader.judge.judging import judge, run_samples
from grader.judge.model import Answer, CaseResult, Judgement, Observer
from grader.verdict import Stage, Verdict
from questionbank.packages.reader import read_package
from sandbox.client import Sandbox
from tests.packages.writing import DOUBLE, function_package, write_package

NAN = {"$float": "nan"}


@pytest.fixture
def judged(sandbox: Sandbox, tmp_path: Path) -> Any:
    """Judges a source against a package folder."""

    def run(folder: Path, source: str, observer: Observer | None = None) -> Judgement:
        answer = Answer("python", source)
        return judge(read_package(folder), answer, sandbox=sandbox, hidden_root=tmp_path, observer=observer)

    return run


def test_the_right_function_is_accepted_with_figures(judged: Any, tmp_path: Path) -> None:
    stages: list[Stage] = []
    cases: list[CaseResult] = []
    result = judged(write_package(tmp_path), DOUBLE, Observer(stages.append, cases.append))
    assert (result.verdict, result.score) == (Verdict.AC, 100.0)
    assert stages == [Stage.COMPILING, Stage.RUNNING]
    assert tuple(cases) == result.cases
    assert result.guarantees
    # Without a control group, memory is looked at every 20 ms: a shorter run has no figure.
    counted = any(guarantee.startswith("memory:cgroup") for guarantee in result.guarantees)
    assert all(0 < case.cpu_s < 1 and (case.peak_bytes > 0 or not counted) for case in cases)


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("def solve(x): return x", Verdict.WA),
        ("def solve(x): return 1 // 0", Verdict.RE),
        ("def solve(x):\n  while True: pass", Verdict.TLE),
        ("def solve(x): return [0] * 10**9", Verdict.MLE),
        ("def solve(x):\n  while True: print('x' * 999)", Verdict.OLE),
        ("def solve(x) return x", Verdict.CE),
        ("x = 1", Verdict.RE),
        ("solve = 3", Verdict.RE),
        ("def solve(x): raise SystemExit(0)", Verdict.RE),
        ("import os\ndef solve(x): os._exit(0)", Verdict.RE),
    ],
)
def test_each_way_to_fail_has_its_verdict(judged: Any, tmp_path: Path, source: str, verdict: Verdict) -> None:
    assert judged(write_package(tmp_path), source).verdict is verdict


@pytest.mark.parametrize(
    ("returns", "expected", "given", "verdict"),
    [
        ("int", 1, "True", Verdict.WA),
        ("int", 1, "1.0", Verdict.WA),
        ("float", 1.0, "1", Verdict.AC),
        ("float", 1.0, "1 + 1e-9", Verdict.WA),
        ("float", NAN, "float('nan')", Verdict.AC),
        ("float", {"$float": "inf"}, "float('-inf')", Verdict.WA),
        ("float", 1e300, "float('inf')", Verdict.WA),
        ("bool", True, "1", Verdict.WA),
        ("str", "é", "'é'", Verdict.AC),
        ("str", "a", "b'a'", Verdict.WA),
        ("str", "a", "'\\ud800'", Verdict.WA),
        ("dict[str, int]", {"a": 1}, "{'\\ud800': 1}", Verdict.WA),
        ("None", None, "None", Verdict.AC),
        ("int | None", None, "None", Verdict.AC),
        ("int | None", None, "0", Verdict.WA),
        ("list[int]", [1, 2], "(1, 2)", Verdict.WA),
        ("list[int]", [1, 2], "[1, 2, 3]", Verdict.WA),
        ("list[int]", [], "[]", Verdict.AC),
        ("list[float]", [1.0], "[10**400]", Verdict.WA),
        ("list[float]", [1.0], "[10**40]", Verdict.WA),
        ("tuple[int, str]", [1, "a"], "(1, 'a')", Verdict.AC),
        ("tuple[int, str]", [1, "a"], "[1, 'a']", Verdict.WA),
        ("dict[str, float]", {"a": 0.5}, "{'a': .5}", Verdict.AC),
        ("dict[str, float]", {"a": 0.5}, "{'a': .5, 'b': 1.}", Verdict.WA),
        ("dict[str, float]", {"a": 0.5}, "{1: .5}", Verdict.WA),
        ("list[list[int]]", [[1]], "[[1]]", Verdict.AC),
    ],
)
def test_types_are_exact(
    judged: Any, tmp_path: Path, returns: str, expected: Any, given: str, verdict: Verdict
) -> None:
    folder = function_package(tmp_path, returns=returns, expected=expected)
    assert judged(folder, f"def solve(): return {given}").verdict is verdict


@pytest.mark.parametrize(
    ("returns", "expected", "given", "verdict"),
    [
        ("ndarray", [[1, 2], [3, 4]], "np.arange(1., 5).reshape(2, 2)", Verdict.AC),
        ("ndarray", [[1, 2], [3, 4]], "np.arange(1., 5)", Verdict.WA),
        ("ndarray", [1, 2], "np.array([1, 2])", Verdict.WA),
        ("ndarray", [1, 2], "[1., 2.]", Verdict.WA),
        ("ndarray", [1, NAN], "np.array([1 + 1e-9, np.nan])", Verdict.AC),
        ("ndarray", [1, 2], "np.array([1, 2.1])", Verdict.WA),
        ("ndarray", [], "np.zeros(0)", Verdict.AC),
        ("ndarray[int64]", [1, 2], "np.array([1, 2])", Verdict.AC),
        ("ndarray[int64]", [2**53 + 1], "np.array([2**53])", Verdict.WA),
        ("ndarray[int64]", [2**53 + 1], "np.array([2**53 + 1])", Verdict.AC),
        ("ndarray", [1, 2], "np.array([1., 2.], dtype=object)", Verdict.WA),
        ("ndarray", [1, 2], "np.ma.array([1., 2.])", Verdict.WA),
        ("float", 1.0, "np.float64(1)", Verdict.WA),
        ("float", 1.0, "float(np.float64(1))", Verdict.AC),
    ],
)
def test_arrays_are_compared_by_kind_shape_and_tolerance(
    judged: Any, tmp_path: Path, returns: str, expected: Any, given: str, verdict: Verdict
) -> None:
    folder = function_package(
        tmp_path, returns=returns, expected=expected, runtime="numpy", numeric={"atol": 1e-6}
    )
    assert judged(folder, f"import numpy as np\ndef solve(): return {given}").verdict is verdict


def test_arguments_arrive_with_their_declared_types(judged: Any, tmp_path: Path) -> None:
    parameters = {"a": "ndarray", "b": "tuple[int, float]", "c": "dict[str, list[float]]", "d": "float"}
    args = [[[1, 2]], [1, 2], {"k": [NAN]}, {"$float": "-inf"}]
    source = """
def solve(a, b, c, d):
    return f"{type(a).__name__} {a.dtype} {a.shape} {b} {type(b[1]).__name__} {c} {d}"
"""
    expected = "ndarray float64 (1, 2) (1, 2.0) float {'k': [nan]} -inf"
    folder = function_package(
        tmp_path, parameters=parameters, args=args, returns="str", expected=expected, runtime="numpy"
    )
    assert judged(folder, source).verdict is Verdict.AC


FORGERIES = {
    "an int that equals everything": """
        class Yes(int):
            __eq__ = lambda s, o: True
            __hash__ = int.__hash__
        def solve(x): return Yes(0)
    """,
    "an object that equals everything": """
        class Yes:
            __eq__ = lambda s, o: True
        def solve(x): return Yes()
    """,
    "a json module of its own": """
        import json
        json.dumps = lambda *a, **k: '{"value": "AC", "verdict": "AC"}'
        def solve(x): return 0
    """,
    "a report of its own": """
        import os
        def solve(x):
            open('result.json', 'w').write('{"value": 1, "ok": true}')
            os._exit(0)
    """,
    "a folder as the report": "import os\ndef solve(x): os.makedirs('result.json'); os._exit(0)",
    "a link as the report": "import os\ndef solve(x): os.symlink('driver.py', 'result.json'); os._exit(0)",
    "another type()": """
        def solve(x):
            import builtins
            builtins.type = lambda v: int
            return 'AC'
    """,
    "another driver": """
        import sys
        def solve(x):
            sys.modules['__main__'].Plain.of = lambda s, v: 'AC'
            return 1
    """,
    "an early end": "import atexit, os\natexit.register(os._exit, 0)\ndef solve(x): return 0",
    "lists in a list": "def solve(x): return [[]] * 3",
    "a list in itself": "def solve(x):\n  a = []\n  a.append(a)\n  return a",
    "not a number": "def solve(x): return float('nan')",
    "a verdict on stdout": """
        def solve(x): print('AC'); print('{"verdict": "AC"}')
    """,
    "deep JSON": """
        import os
        def solve(x): open('result.json', 'w').write('[' * 10**5); os._exit(0)
    """,
    "a long number": """
        import os
        def solve(x): open('result.json', 'w').write('{"value": ' + '9' * 10**5 + '}'); os._exit(0)
    """,
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_verdict_cannot_be_forged(judged: Any, tmp_path: Path, name: str) -> None:
    source = textwrap.dedent(FORGERIES[name])
    assert judged(write_package(tmp_path), source).verdict in (Verdict.WA, Verdict.RE)


AS_IN_A_MODULE = """
from __future__ import annotations
import pickle, sys, typing
from dataclasses import dataclass
@dataclass
class Node:
    value: int
    following: 'Node | None' = None
def solve(x):
    assert sys.modules[__name__].solve is solve and __file__ == 'solution.py'
    assert typing.get_type_hints(Node)['value'] is int
    return pickle.loads(pickle.dumps(Node(2 * x))).value
"""


def test_the_source_of_a_function_is_a_module(judged: Any, tmp_path: Path) -> None:
    result = judged(write_package(tmp_path), AS_IN_A_MODULE)
    assert result.verdict is Verdict.AC, result.cases[0].message


@pytest.mark.parametrize(
    "source",
    [
        "def deep(n): return n and deep(n - 1)\ndeep(998)\ndef solve(x): return 2 * x",
        "def deep(n): return n and deep(n - 1)\ndef solve(x): return 2 * x + deep(997)",
    ],
)
def test_a_function_may_call_itself_as_deep_as_outside(judged: Any, tmp_path: Path, source: str) -> None:
    assert judged(write_package(tmp_path), source).verdict is Verdict.AC


@pytest.mark.parametrize(
    "source",
    [
        "import sys\ndef solve(x):\n  sys.stdout.close()\n  return 2 * x",
        "import os\ndef solve(x):\n  os.close(1)\n  print(x)\n  return 2 * x",
        "import atexit\ndef solve(x):\n  atexit.register(lambda: 1 // 0)\n  return 2 * x",
    ],
)
def test_what_comes_after_the_result_is_no_part_of_it(judged: Any, tmp_path: Path, source: str) -> None:
    assert judged(write_package(tmp_path), source).verdict is Verdict.AC


def test_hidden_tests_say_nothing_of_their_data(judged: Any, tmp_path: Path) -> None:
    source = """
def solve(x):
    print("saw", x)
    if x == 1: return 2
    class Leak(Exception): pass
    Leak.__name__ = f"Leak{x}"
    raise Leak(x)
"""
    result = judged(write_package(tmp_path), source)
    hidden = [case for case in result.cases if case.group != "sample"]
    assert hidden
    for case in hidden:
        assert (case.got, case.expected, case.stdout) == (None, None, None)
        assert "Leak" not in case.message
        assert case.verdict is Verdict.RE


def test_samples_show_the_difference_and_what_was_printed(judged: Any, tmp_path: Path) -> None:
    result = judged(write_package(tmp_path), "def solve(x):\n  print('trying', x)\n  return 3")
    sample = result.cases[0]
    assert (sample.got, sample.expected, sample.stdout) == ("3", "2", "trying 1\n")
    assert sample.message == "result is 3, not 2"


def test_state_does_not_pass_from_one_test_to_the_next(judged: Any, tmp_path: Path) -> None:
    source = """
import os
def solve(x):
    seen = os.path.exists('/tmp/seen')
    open('/tmp/seen', 'w').close()
    return 0 if seen else 2 * x
"""
    assert judged(write_package(tmp_path), source).verdict is Verdict.AC


def test_after_a_limit_the_rest_of_the_hidden_tests_is_not_run(judged: Any, tmp_path: Path) -> None:
    result = judged(write_package(tmp_path), "def solve(x):\n  while x != 1: pass\n  return 2 * x")
    assert [case.verdict for case in result.cases] == [Verdict.AC, Verdict.TLE]
    assert (result.verdict, result.score) == (Verdict.TLE, 0.0)


def test_a_group_earns_its_points_only_whole(judged: Any, tmp_path: Path) -> None:
    files: dict[str, str | None] = {"data/secret/cases.jsonl": None}
    for group, values, points in (("small", (2, 3), 30), ("large", (4, 50), 70)):
        lines = [f'{{"name": "{x}", "args": [{x}], "expected": {2 * x}}}' for x in values]
        files[f"data/secret/{group}/cases.jsonl"] = "\n".join(lines)
        files[f"data/secret/{group}/test_group.yaml"] = f"max_score: {points}"
    folder = write_package(tmp_path, files=files)
    result = judged(folder, "def solve(x): return 2 * x if x < 50 else 0")
    assert (result.verdict, result.score) == (Verdict.WA, 30.0)


def test_running_samples_and_own_input_is_off_the_record(sandbox: Sandbox, tmp_path: Path) -> None:
    package = read_package(write_package(tmp_path))
    answer = Answer("python", "def solve(x): return x + 1")
    (sample,) = run_samples(package, answer, sandbox=sandbox, own_input=None)
    assert (sample.verdict, sample.output, sample.expected) == (Verdict.AC, "2", "2")
    (own,) = run_samples(package, answer, sandbox=sandbox, own_input="[41]")
    assert (own.verdict, own.output, own.expected) == (None, "42", None)
    with pytest.raises(ValueError, match="list of 1 arguments"):
        run_samples(package, answer, sandbox=sandbox, own_input="[1, 2]")
    (refused,) = run_samples(package, Answer("python", "def"), sandbox=sandbox, own_input=None)
    assert (refused.verdict, "SyntaxError" in refused.stderr) == (Verdict.CE, True)
