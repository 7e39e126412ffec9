"""Every language gives every verdict, for programs and for functions, and names its own lines."""

from __future__ import annotations

import importlib
import textwrap
from pathlib import Path
from typing import Any

import pytest

from grader.judge.builds import Builds
from grader.judge.judging import judge
from grader.judge.languages import LANGUAGES
from grader.judge.model import Answer, Judgement
from grader.verdict import Verdict
from questionbank.packages.model import Package
from questionbank.packages.reader import read_package
from sandbox.client import Sandbox
from tests.languages import require
from tests.packages.writing import SUMMED, program_package, write_package

VERDICTS = ("AC", "WA", "TLE", "MLE", "OLE", "RE", "CE")
FOR_FUNCTIONS = tuple(key for key, language in LANGUAGES.items() if language.function)


def sources(language: str) -> Any:
    """PROGRAMS and FUNCTIONS by verdict, and CE_PLACE, how a compile error names the fourth line."""
    return importlib.import_module(f"tests.judge.sources.{language}")


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    return Builds(tmp_path_factory.mktemp("builds"))


@pytest.fixture(scope="module")
def summing(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Package]:
    """Programs by language: the sum of the numbers after the first, in SQL of a column. 1 s, 128 MiB."""
    general = read_package(program_package(tmp_path_factory.mktemp("sum"), languages="all"))
    tables = {
        f"data/{name}.in": "CREATE TABLE given (x);"
        + "".join(f"INSERT INTO given VALUES ({x});" for x in given)
        for name, given in SUMMED.items()
    }
    files = {**tables, "submissions/accepted/sum.py": None, "submissions/accepted/sum.sql": "SELECT 0;"}
    parent = tmp_path_factory.mktemp("sql")
    sql = read_package(program_package(parent, languages=["sql"], files=files))
    return {language: sql if language == "sql" else general for language in LANGUAGES}


@pytest.fixture(scope="module")
def doubling(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Functions: twice the number."""
    cases = '{"name": "a", "args": [1], "expected": 2}\n{"name": "b", "args": [-7], "expected": -14}'
    folder = write_package(
        tmp_path_factory.mktemp("double"),
        touchstone={"languages": list(FOR_FUNCTIONS)},
        files={"data/secret/cases.jsonl": cases},
    )
    return read_package(folder)


@pytest.fixture
def judged(sandbox: Sandbox, builds: Builds, tmp_path: Path) -> Any:
    """Judges a source in a language, dedented."""

    def run(package: Package, language: str, source: str) -> Judgement:
        require(language, sandbox)
        answer = Answer(language, textwrap.dedent(source))
        return judge(package, answer, sandbox=sandbox, hidden_root=tmp_path, builds=builds)

    return run


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_gets_its_verdict(
    judged: Any, summing: dict[str, Package], language: str, verdict: str
) -> None:
    result = judged(summing[language], language, sources(language).PROGRAMS[verdict])
    assert result.verdict is Verdict(verdict), (result.message, result.compiler_output)


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("language", FOR_FUNCTIONS)
def test_a_function_gets_its_verdict(judged: Any, doubling: Package, language: str, verdict: str) -> None:
    result = judged(doubling, language, sources(language).FUNCTIONS[verdict])
    assert result.verdict is Verdict(verdict), (result.message, result.compiler_output)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_compile_error_names_the_files_own_line(
    judged: Any, summing: dict[str, Package], language: str
) -> None:
    result = judged(summing[language], language, sources(language).PROGRAMS["CE"])
    assert sources(language).CE_PLACE in result.compiler_output


@pytest.mark.parametrize("language", FOR_FUNCTIONS)
def test_the_driver_does_not_shift_the_lines_of_a_function(
    judged: Any, doubling: Package, language: str
) -> None:
    result = judged(doubling, language, sources(language).FUNCTIONS["CE"])
    assert sources(language).CE_PLACE in result.compiler_output


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_answer_is_wrong_and_no_fault_of_ours(
    judged: Any, summing: dict[str, Package], language: str
) -> None:
    result = judged(summing[language], language, "\n")
    assert result.verdict in (Verdict.CE, Verdict.WA, Verdict.RE)


ELSEWHERE = {
    "python": """
        import os
        os.chdir("/tmp")
        def solve(x): return 2 * x
    """,
    "c": """
        #include <stdint.h>
        #include <unistd.h>
        __attribute__((constructor)) static void leave(void) { if (chdir("/tmp")) _exit(1); }
        int64_t solve(int64_t x) { return 2 * x; }
    """,
    "cpp": """
        #include <unistd.h>
        static int left = chdir("/tmp");
        long long solve(long long x) { return left ? 0 : 2 * x; }
    """,
    "javascript": """
        process.chdir("/tmp");
        function solve(x) { return 2 * x; }
    """,
    "go": """
        package main
        import "os"
        func init() { os.Chdir("/tmp") }
        func solve(x int) int { return 2 * x }
    """,
    "rust": """
        fn solve(x: i64) -> i64 {
            std::env::set_current_dir("/tmp").unwrap();
            2 * x
        }
    """,
}


@pytest.mark.parametrize("language", ELSEWHERE)
def test_a_function_may_go_to_another_folder(judged: Any, doubling: Package, language: str) -> None:
    result = judged(doubling, language, ELSEWHERE[language])
    assert result.verdict is Verdict.AC, (result.message, result.compiler_output)


LEFT_RUNNING = {
    "python": """
        import threading, time
        def solve(x):
            threading.Thread(target=time.sleep, args=(99,)).start()
            print("heard")
            return 2 * x
    """,
    "cpp": """
        #include <iostream>
        #include <thread>
        std::thread left([] { std::this_thread::sleep_for(std::chrono::seconds(99)); });
        long long solve(long long x) {
            std::ios::sync_with_stdio(false);
            std::cout << "heard\\n";
            return 2 * x;
        }
    """,
    "java": """
        class Solution {
            long solve(long x) {
                new Thread(() -> { for (;;) Thread.onSpinWait(); }).start();
                System.out.println("heard");
                return 2 * x;
            }
        }
    """,
    "javascript": """
        function solve(x) {
            setInterval(() => 0, 10);
            console.log("heard");
            return 2 * x;
        }
    """,
}


@pytest.mark.parametrize("language", LEFT_RUNNING)
def test_a_function_is_over_when_it_has_returned(judged: Any, doubling: Package, language: str) -> None:
    result = judged(doubling, language, LEFT_RUNNING[language])
    assert result.verdict is Verdict.AC, (result.message, result.compiler_output)
    assert result.cases[0].stdout == "heard\n"
