"""A compiler is a program under limits: whatever a source does to it ends in CE, with words that help."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from grader.judge.compiling import MAX_SHOWN_CHARACTERS
from grader.judge.judging import judge, run_samples
from grader.judge.model import Answer, Judgement
from grader.verdict import Verdict
from questionbank.packages.model import Package
from questionbank.packages.reader import read_package
from sandbox.client import Sandbox
from tests.languages import require
from tests.packages.writing import function_package, program_package, write_package

BOMBS = {
    ("c", "an endless file"): '#include "/dev/zero"\nint main(void) {}',
    ("c", "a program of gigabytes"): "char a[1L << 33] = {1};\nint main(void) { return a[0]; }",
    ("c", "a file that includes itself"): "#include __FILE__\n#include __FILE__\nint main(void) {}",
    ("c", "macros that double"): """
        #define A(x) x x x x x x x x x x
        #define B(x) A(A(A(A(x))))
        int a[] = { B(B(B(1,))) };
        int main(void) {}
    """,
    ("cpp", "templates without end"): """
        template <int N, int M> struct A { static constexpr int v = A<N - 1, M>::v + A<N - 1, M + 1>::v; };
        template <int M> struct A<0, M> { static constexpr int v = 1; };
        int main() { return A<800, 0>::v; }
    """,
    ("cpp", "a constant without end"): """
        constexpr long f(long n) { long s = 0; for (long i = 0; i < n; ++i) s += i; return s; }
        constexpr long g(long n) { return n == 0 ? 0 : f(100000) + g(n - 1); }
        static_assert(g(500) + g(501) + g(502) + g(503) == 0);
        template <long N> struct S { static constexpr long v = g(400) + N + S<N - 1>::v; };
        template <> struct S<0> { static constexpr long v = 0; };
        int main() { return S<800>::v; }
    """,
}


@pytest.fixture(scope="module")
def summing(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return read_package(program_package(tmp_path_factory.mktemp("sum"), languages="all"))


@pytest.fixture
def judged(sandbox: Sandbox, tmp_path: Path) -> Any:
    def run(package: Package, language: str, source: str) -> Judgement:
        require(language, sandbox)
        answer = Answer(language, textwrap.dedent(source))
        return judge(package, answer, sandbox=sandbox, hidden_root=tmp_path)

    return run


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: " ".join(bomb))
def test_a_compile_bomb_ends_in_a_compile_error(judged: Any, summing: Package, bomb: tuple[str, str]) -> None:
    result = judged(summing, bomb[0], BOMBS[bomb])
    assert result.verdict is Verdict.CE
    assert result.compiler_output.strip()
    assert len(result.compiler_output) <= MAX_SHOWN_CHARACTERS + 200


def test_a_compiler_that_was_stopped_says_by_which_limit(judged: Any, summing: Package) -> None:
    result = judged(summing, "c", BOMBS["c", "an endless file"])
    assert "The compiler was stopped: it used" in result.compiler_output
    assert "MiB of memory" in result.compiler_output


@pytest.mark.parametrize("place", ["/etc/shadow", "/proc/1/environ", "/root/.profile", "/etc/hostname"])
def test_the_hosts_files_cannot_be_compiled_in(judged: Any, summing: Package, place: str) -> None:
    include = judged(summing, "c", f'#include "{place}"\nint main(void) {{}}')
    binary = judged(summing, "c", f'__asm__(".incbin \\"{place}\\"");\nint main(void) {{}}')
    assert include.verdict is binary.verdict is Verdict.CE
    for said in (include.compiler_output, binary.compiler_output):
        assert "No such file" in said or "ermission denied" in said or "file not found" in said


def test_a_flood_of_errors_is_cut_behind_the_first(judged: Any, summing: Package) -> None:
    result = judged(summing, "c", "int main(void) {\n" + "    undeclared_name();;;\n@\n" * 5000)
    assert (
        result.compiler_output.startswith("solution.c: In function 'main'")
        or "solution.c:" in (result.compiler_output[:200])
    )
    assert len(result.compiler_output) <= MAX_SHOWN_CHARACTERS + 2


def test_a_source_that_is_too_long_is_refused_unread(judged: Any, summing: Package) -> None:
    result = judged(summing, "c", "int main(void) {}" + " " * 300_000)
    assert result.verdict is Verdict.CE
    assert "262,144" in result.compiler_output


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("cpp", "long long another(long long x) { return x; }"),
        ("cpp", "#include <string>\nlong long solve(std::string x) { return 1; }"),
        ("c", "int64_t another(int64_t x) { return x; }"),
    ],
)
def test_a_source_without_the_function_is_told_its_signature(
    judged: Any, tmp_path: Path, language: str, source: str
) -> None:
    folder = write_package(
        tmp_path,
        touchstone={"languages": ["python", language]},
        files={"data/secret/cases.jsonl": '{"name": "a", "args": [1], "expected": 2}'},
    )
    result = judged(read_package(folder), language, source)
    assert result.verdict is Verdict.CE
    assert " solve(" in result.compiler_output.splitlines()[1]


def test_a_compile_error_shows_when_samples_are_run_too(summing: Package, sandbox: Sandbox) -> None:
    (run,) = run_samples(summing, Answer("c", "int main(void) {"), sandbox=sandbox, own_input=None)
    assert run.verdict is Verdict.CE
    assert "solution.c:1" in run.stderr


def test_a_language_may_be_given_more_time(judged: Any, tmp_path: Path) -> None:
    source = """
        import time
        while time.process_time() < 1.3: pass
        print(sum(map(int, open(0).read().split()[1:])))
    """
    tight = program_package(tmp_path / "tight", languages=["python"])
    generous = program_package(tmp_path / "generous", languages=["python"])
    text = (generous / "touchstone.yaml").read_text()
    (generous / "touchstone.yaml").write_text(text + "time_multipliers: {python: 2}\n")
    assert judged(read_package(tight), "python", source).verdict is Verdict.TLE
    assert judged(read_package(generous), "python", source).verdict is Verdict.AC


def test_own_input_must_fit_the_languages_numbers(sandbox: Sandbox, tmp_path: Path) -> None:
    package = read_package(
        function_package(
            tmp_path,
            returns="int",
            expected=1,
            parameters={"x": "int"},
            args=[1],
            languages=["python", "c"],
        )
    )
    source = '#include "signature.h"\nint64_t solve(int64_t x) { return x; }'
    with pytest.raises(ValueError, match="too large for C"):
        run_samples(package, Answer("c", source), sandbox=sandbox, own_input=f"[{2**63}]")
    (run,) = run_samples(package, Answer("c", source), sandbox=sandbox, own_input=f"[{2**63 - 1}]")
    assert run.output == str(2**63 - 1)


def test_a_program_of_another_package_than_main_does_not_compile(judged: Any, summing: Package) -> None:
    result = judged(summing, "go", "package sums\n\nfunc main() {}\n")
    assert (result.verdict, "package main" in result.compiler_output) == (Verdict.CE, True)


@pytest.mark.parametrize(
    ("line", "said"),
    [("x + 1", ""), ("x +", "solution.rs:6"), ("y", "solution.rs:6")],
    ids=["right", "a", "b"],
)
def test_attributes_of_the_crate_may_stand_before_a_function_in_rust(
    judged: Any, tmp_path: Path, line: str, said: str
) -> None:
    folder = function_package(
        tmp_path,
        returns="int",
        expected=2,
        parameters={"x": "int"},
        args=[1],
        languages=["python", "rust"],
    )
    head = '//! About it.\n/*! And */ #![allow(unused,\n  non_snake_case)]\n// #![no]\n#![doc = "a]"]'
    result = judged(read_package(folder), "rust", f"{head} pub fn solve(x: i64) -> i64 {{\n{line} }}")
    assert result.verdict is (Verdict.CE if said else Verdict.AC), result.compiler_output
    assert said in result.compiler_output
