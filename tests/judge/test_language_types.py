"""A value of any type passes through a function of any language unchanged; no other type passes for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grader.judge.builds import Builds
from grader.judge.judging import judge
from grader.judge.languages import LANGUAGES
from grader.judge.model import Answer, Judgement
from grader.verdict import Verdict
from questionbank.packages.errors import PackageError
from questionbank.packages.languages import LANGUAGES as NAMES
from questionbank.packages.model import FunctionSpec, Package
from questionbank.packages.reader import read_package
from questionbank.packages.starters import starter_for
from sandbox.client import Sandbox
from tests.judge.test_languages import FOR_FUNCTIONS
from tests.languages import require
from tests.packages.writing import function_package, write_package

NAN, INF, MINUS_INF = ({"$float": name} for name in ("nan", "inf", "-inf"))
LARGEST = {"javascript": 2**53 - 1, "typescript": 2**53 - 1}
GROUPS: dict[str, dict[str, list[Any]]] = {
    "scalars": {
        "int": [0, -1, "largest", "smallest"],
        "float": [0.1, -2.5e-300, 1e300, 3, NAN, INF, MINUS_INF],
        "bool": [True, False],
        "str": ["", 'é\n"\\\t\u0000x\u0001/', "大模型😀"],
    },
    "lists and dicts": {
        "list[int]": [[], [1, 2, 3]],
        "list[list[float]]": [[], [[]], [[1.5], [2, NAN]]],
        "list[str]": [["a", "b c"], []],
        "list[list[str]]": [[["a"], []]],
        "dict[str, int]": [{}, {"a b": 1, '"': 2, "大": 3}],
        "dict[str, list[bool]]": [{"k": [True]}],
    },
    "tuples": {
        "tuple[int, str]": [[1, "x"]],
        "tuple[list[float], bool, tuple[int]]": [[[0.5], True, [7]]],
        "list[tuple[str, dict[str, float]]]": [[["a", {"b": 1.5}]], []],
    },
    "what may be absent": {
        "int | None": [None, 5],
        "str | None": [None, ""],
        "list[str | None]": [[None, "a"]],
        "list[int] | None": [None, [1]],
        "dict[str, float | None]": [{"a": None, "b": 0.5}],
    },
    "arrays": {
        "ndarray[float64, 2]": [[[1.5, 2.5], [3, NAN]]],
        "ndarray[int64, 1]": [[1, 2], []],
        "ndarray[bool, 3]": [[[[True], [False]]]],
    },
}


def typed_package(parent: Path, language: str, types: list[str], cases: list[list[Any]]) -> Package:
    """A function that takes a value of each type and returns them all as a tuple."""
    function = {
        "name": "solve",
        "parameters": [{"name": f"a{number}", "type": text} for number, text in enumerate(types)],
        "returns": f"tuple[{', '.join(types)}]",
        "runtime": "numpy",
    }
    lines = [
        json.dumps({"name": str(number), "args": case, "expected": case}) for number, case in enumerate(cases)
    ]
    extension = NAMES[language].extensions[0]
    files: dict[str, str | None] = {
        "data/sample/cases.jsonl": lines[0],
        "data/secret/cases.jsonl": "\n".join(lines),
        "submissions/accepted/double.py": None,
        f"submissions/accepted/echo{extension}": "…",
    }
    folder = write_package(parent, touchstone={"function": function, "languages": [language]}, files=files)
    return read_package(folder)


def echo(language: str, spec: FunctionSpec) -> str:
    """The stub, completed so that it returns its arguments."""
    stub = starter_for(language, spec)
    given = ", ".join(parameter.name for parameter in spec.parameters)
    match language:
        case "python":
            return f"def solve(*given): return given\n# {stub.splitlines()[-1]}"
        case "c":
            return stub.replace("){0};", f"){{{given}}};")
        case "cpp":
            return stub.replace("return {};", f"return {{{given}}};")
        case "java":
            return stub.replace("return null;", f"return new Tuple{len(spec.parameters)}<>({given});")
        case "javascript" | "typescript":
            return stub.replace('throw new Error("not written yet");', f"return [{given}];")
        case "go":
            body = "".join(f"\tresult.Item{number} = a{number}\n" for number in range(len(spec.parameters)))
            return stub.replace("\treturn result", f"{body}\treturn result")
        case "rust":
            return stub.replace("todo!()", f"({given},)")
    raise AssertionError(language)


@pytest.fixture
def judged(sandbox: Sandbox, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    builds = Builds(tmp_path_factory.getbasetemp() / "typed-builds")

    def run(package: Package, language: str, source: str) -> Judgement:
        require(language, sandbox)
        answer = Answer(language, source)
        return judge(package, answer, sandbox=sandbox, hidden_root=tmp_path, builds=builds)

    return run


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("language", FOR_FUNCTIONS)
def test_values_of_every_type_come_back_unchanged(
    judged: Any, tmp_path: Path, language: str, group: str
) -> None:
    largest = LARGEST.get(language, 2**63 - 1)
    values = {
        text: [{"largest": largest, "smallest": -largest}.get(str(item), item) for item in items]
        for text, items in GROUPS[group].items()
    }
    if language == "python":
        values = {text: items for text, items in values.items() if "ndarray" not in text or len(items) == 1}
    most = max(map(len, values.values()))
    cases = [[items[number % len(items)] for items in values.values()] for number in range(most)]
    package = typed_package(tmp_path, language, list(values), cases)
    assert package.function is not None
    result = judged(package, language, echo(language, package.function))
    wrong = [(case.name, case.message, case.got) for case in result.cases if case.verdict is not Verdict.AC]
    assert (result.verdict, wrong) == (Verdict.AC, []), result.compiler_output


@pytest.mark.parametrize(
    ("language", "returns", "expected", "source"),
    [
        ("c", "int", 1, "double solve(void);"),
        ("cpp", "int", 1, "double solve() { return 1; }"),
        ("cpp", "int", 1, "bool solve() { return true; }"),
        ("cpp", "str", "a", "char solve() { return 'a'; }"),
        ("cpp", "str", "é", '#include <string>\nstd::string solve() { return "\\xe9"; }'),
        ("cpp", "list[int]", [1], "#include <tuple>\nstd::tuple<int> solve() { return {1}; }"),
        ("java", "int", 1, "class Solution { public double solve() { return 1; } }"),
        ("java", "str", "a", "class Solution { public char solve() { return 'a'; } }"),
        ("java", "int", 1, "class Solution { public Object solve() { return new Object(); } }"),
        ("javascript", "int", 1, "function solve() { return 1.5; }"),
        ("javascript", "int", 1, "function solve() { return '1'; }"),
        ("javascript", "bool", True, "function solve() { return 1; }"),
        ("javascript", "list[int]", [1], "function solve() { return new Set([1]); }"),
        ("javascript", "dict[str, int]", {"a": 1}, "function solve() { return [['a', 1]]; }"),
        ("typescript", "int", 1, "function solve(): any { return null; }"),
        ("go", "int", 1, "package main\n\nfunc solve() float64 { return 1 }"),
        ("go", "str", "a", "package main\n\nfunc solve() rune { return 'a' }"),
        ("go", "int", 1, "package main\n\nfunc solve() any { return struct{ X int }{1} }"),
        ("rust", "int", 1, "fn solve() -> f64 { 1.0 }"),
        ("rust", "list[int]", [1], "fn solve() -> (i64,) { (1,) }"),
    ],
)
def test_another_type_is_wrong_or_does_not_compile(
    judged: Any, tmp_path: Path, language: str, returns: str, expected: Any, source: str
) -> None:
    folder = function_package(tmp_path, returns=returns, expected=expected, languages=["python", language])
    assert judged(read_package(folder), language, source).verdict in (Verdict.WA, Verdict.CE)


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (
            "cpp",
            '#include <unordered_map>\nstd::unordered_map<std::string, int> solve() { return {{"a", 1}}; }',
        ),
        (
            "cpp",
            '#define int long long\nusing namespace std;\nmap<string, int> solve() { return {{"a", 1}}; }',
        ),
        (
            "java",
            "class Solution { static java.util.TreeMap<String, Integer> solve() {"
            ' return new java.util.TreeMap<>(java.util.Map.of("a", 1)); } }',
        ),
        ("javascript", "const solve = () => ({ a: 1 });"),
        ("javascript", "export async function solve() { return new Map([['a', 1n]]); }"),
        ("typescript", "export function solve(): any { return { a: 1 }; }"),
        (
            "go",
            'package main\n\ntype n uint8\n\nfunc solve() map[string]n { return map[string]n{"a": 1} }',
        ),
        (
            "rust",
            "use std::collections::*;\nfn solve() -> BTreeMap<&'static str, u8> {"
            ' BTreeMap::from([("a", 1)]) }',
        ),
    ],
)
def test_a_languages_own_words_for_a_type_are_as_good(
    judged: Any, tmp_path: Path, language: str, source: str
) -> None:
    folder = function_package(
        tmp_path, returns="dict[str, int]", expected={"a": 1}, languages=["python", language]
    )
    result = judged(read_package(folder), language, source)
    assert result.verdict is Verdict.AC, (result.message, result.compiler_output)


@pytest.mark.parametrize("language", FOR_FUNCTIONS)
def test_a_function_that_returns_nothing_may(judged: Any, tmp_path: Path, language: str) -> None:
    folder = function_package(
        tmp_path,
        returns="None",
        expected=None,
        parameters={"x": "int"},
        args=[1],
        languages=[language],
        accepted=NAMES[language].extensions[0],
    )
    package = read_package(folder)
    stub = package.starter[language]
    for unfinished in ("raise NotImplementedError", 'throw new Error("not written yet");', "todo!()"):
        stub = stub.replace(unfinished, "pass" if language == "python" else "")
    result = judged(package, language, stub)
    assert result.verdict is Verdict.AC, (result.message, result.compiler_output)


@pytest.mark.parametrize("language", FOR_FUNCTIONS)
def test_the_stub_of_a_function_compiles(judged: Any, tmp_path: Path, language: str) -> None:
    types = [text for group in GROUPS.values() for text in group][:9]
    case = [items[0] for group in GROUPS.values() for items in group.values()][:9]
    names = ["class", "new", "fn", "func", "str", "int", "var", "lambda", "in"]
    function = {
        "name": "match_all",
        "parameters": [{"name": name, "type": text} for name, text in zip(names, types, strict=True)],
        "returns": "list[tuple[str, int | None]]",
        "runtime": "numpy",
    }
    line = json.dumps({"name": "a", "args": case, "expected": []})
    extension = NAMES[language].extensions[0]
    folder = write_package(
        tmp_path,
        touchstone={"function": function, "languages": [language]},
        files={
            "data/sample/cases.jsonl": line,
            "data/secret/cases.jsonl": line,
            "submissions/accepted/double.py": None,
            f"submissions/accepted/x{extension}": "…",
        },
    )
    package = read_package(folder)
    result = judged(package, language, package.starter[language])
    assert result.verdict is not Verdict.CE, result.compiler_output


@pytest.mark.parametrize(
    ("types", "said"),
    [
        (["ndarray"], "number of axes"),
        (["None"], "None is a type there"),
        ([f"tuple[{', '.join(['int'] * 9)}]"], "at most 8 items"),
    ],
)
def test_a_language_that_cannot_express_the_types_is_not_offered(
    tmp_path: Path, types: list[str], said: str
) -> None:
    values = {"ndarray": [1.0], "None": None}
    case: list[Any] = [values.get(text, [1] * 9) for text in types]
    parameters = {"x": types[0]}
    given: dict[str, Any] = {"returns": "int", "expected": 1, "parameters": parameters, "args": case}
    everywhere = function_package(tmp_path / "all", **given, runtime="numpy", languages="all")
    assert read_package(everywhere).languages == ("python",) or types == ["None"]
    named = function_package(tmp_path / "named", **given, runtime="numpy", languages=["python", "rust"])
    with pytest.raises(PackageError, match=said):
        read_package(named)


def test_numbers_beyond_a_languages_int_leave_it_out(tmp_path: Path) -> None:
    def languages(value: int) -> tuple[str, ...]:
        folder = function_package(tmp_path / str(value), returns="int", expected=value, languages="all")
        return read_package(folder).languages

    assert set(languages(2**53 - 1)) == {key for key, language in LANGUAGES.items() if language.function}
    assert {"javascript", "typescript"} & set(languages(2**53)) == set()
    assert "rust" in languages(2**63 - 1)
    assert languages(2**63) == ("python",)


def test_a_value_of_another_type_than_is_declared_is_a_fault_of_the_package(tmp_path: Path) -> None:
    for returns, value in (("int", 1.5), ("str", 3), ("list[int]", [True]), ("str", "\ud800"), ("bool", 0)):
        folder = function_package(tmp_path / returns, returns=returns, expected=value)
        with pytest.raises(PackageError, match="expected"):
            read_package(folder)
