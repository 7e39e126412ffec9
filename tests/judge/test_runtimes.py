"""What the runtime of a language does by itself changes no verdict."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from grader.judge.builds import Builds
from grader.judge.judging import judge
from grader.judge.model import Answer, Judgement
from questionbank.packages.model import Package
from questionbank.packages.reader import read_package
from sandbox.client import Sandbox
from tests.languages import require
from tests.packages.foreign import foreign_package
from tests.packages.writing import function_package, program_package

LINES = 20_000
"""Of an output of 217 KB, more than a pipe holds."""


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    return Builds(tmp_path_factory.mktemp("builds"))


@pytest.fixture
def judged(sandbox: Sandbox, builds: Builds, tmp_path: Path) -> Any:
    """Judges a source in a language, dedented."""

    def run(package: Package, language: str, source: str) -> Judgement:
        require(language, sandbox)
        answer = Answer(language, textwrap.dedent(source))
        return judge(
            package, answer, sandbox=sandbox, hidden_root=tmp_path, builds=builds, verdict_alone=True
        )

    return run


def one_test(parent: Path, answer: str, **limits: float) -> Package:
    """A program that prints `answer`, whatever it reads; 2 s, 128 MiB and 1 MiB of output where not said."""
    absent = {f"data/secret/{number}.{ending}": None for number in (2, 3) for ending in ("in", "ans")}
    files = {"data/secret/1.ans": answer, "data/sample/1.ans": answer, **absent}
    limits = {"time_limit": 2, "memory": 128, "output": 1, **limits}
    return read_package(program_package(parent, problem={"limits": limits}, files=files))


MANY = "Array.from({ length: 20000 }, (_, i) => `line ${i}`).join('\\n')"


@pytest.mark.parametrize(
    ("language", "source", "verdict"),
    [
        ("javascript", f"console.log({MANY}); process.exit(0);", "AC"),
        ("javascript", f"import process from 'node:process';\nconsole.log({MANY}); process.exit(0);", "AC"),
        ("typescript", f"declare const process: any;\nconsole.log({MANY}); process.exit(0);", "AC"),
        ("javascript", "for (;;) console.log('x'.repeat(999));", "OLE"),
        ("javascript", "for (;;) console.error('x'.repeat(999));", "OLE"),
        ("javascript", "require('fs').closeSync(1); console.log('x'); process.exit(0);", "WA"),
    ],
)
def test_what_node_has_printed_is_out_before_it_goes_on(
    judged: Any, tmp_path: Path, language: str, source: str, verdict: str
) -> None:
    package = one_test(tmp_path, "".join(f"line {number}\n" for number in range(LINES)))
    result = judged(package, language, source)
    assert result.verdict == verdict, result.message


def test_a_flood_from_a_function_in_javascript_is_an_output_limit(judged: Any, tmp_path: Path) -> None:
    folder = function_package(tmp_path, returns="int", expected=1, languages=["python", "javascript"])
    package = read_package(folder)
    flood = "function solve() { for (;;) console.log('x'.repeat(999)); }"
    assert judged(package, "javascript", flood).verdict == "OLE"


def test_both_in_a_talk_may_end_by_themselves_after_much_output_in_javascript(
    judged: Any, tmp_path: Path
) -> None:
    validator = """
        console.log("7 ".repeat(100000));
        require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
          if (line.length < 200000) process.exit(43);
          console.log("done");
          process.exit(42);
        });
    """
    answer = """
        const { stdin, stdout } = process;
        require("readline").createInterface({ input: stdin }).on("line", (line) => {
          if (line === "done") process.exit(0);
          stdout.write(line.replaceAll("7", "8") + "\\n");
        });
    """
    files: dict[str, str | None] = {"output_validator/talk.js": validator}
    package = read_package(foreign_package(tmp_path, files, problem={"type": "interactive"}))
    result = judged(package, "javascript", answer)
    assert result.verdict == "AC", result.message


RECURSING = "class Main {{ static int f(int n) {{ return 1 + f(n + 1); }} {} }}"
DEEP = "class Main { static int f(int n) { return n == 0 ? 0 : 1 + f(n - 1); } "
LIVE = {
    "java": """
        class Main {
            public static void main(String[] args) {
                var kept = new java.util.ArrayList<int[]>();
                for (int i = 0; i < 70 * 16; i++) kept.add(new int[1 << 14]);
                for (int i = 0; i < 200; i++) kept.set(i, new int[1 << 14]);
                System.out.println(42);
            }
        }
    """,
    "javascript": "const kept = [];\n"
    "for (let i = 0; i < 70 * 8; i++) kept.push(new Array(16384).fill(0).map((_, j) => j + 0.5));\n"
    "console.log(42);",
}


@pytest.mark.parametrize("memory", [64, 128, 256])
def test_an_endless_recursion_in_java_is_a_runtime_error_that_it_may_catch(
    judged: Any, tmp_path: Path, memory: int
) -> None:
    package = one_test(tmp_path, "42\n", memory=memory)
    ends = RECURSING.format("public static void main(String[] args) { System.out.println(f(0)); }")
    caught = RECURSING.format(
        "public static void main(String[] args) {"
        " try { f(0); } catch (StackOverflowError e) { System.out.println(42); } }"
    )
    verdicts = [str(judged(package, "java", source).verdict) for source in (ends, caught)]
    assert verdicts == ["RE", "AC"]


def test_a_deep_recursion_in_java_has_room(judged: Any, tmp_path: Path) -> None:
    main = "public static void main(String[] args) { System.out.println(f(250_000) - 249_958); } }"
    assert judged(one_test(tmp_path, "42\n"), "java", DEEP + main).verdict == "AC"


@pytest.mark.parametrize("language", LIVE)
def test_a_program_may_keep_more_than_half_of_its_memory_limit(
    judged: Any, tmp_path: Path, language: str
) -> None:
    result = judged(one_test(tmp_path, "42\n"), language, LIVE[language])
    assert result.verdict == "AC", result.message


def test_a_function_in_javascript_may_return_a_million_numbers(judged: Any, tmp_path: Path) -> None:
    numbers = list(range(1_000_000))
    limits = {"time_limit": 5, "output": 16}
    folder = function_package(
        tmp_path, returns="list[int]", expected=numbers, languages=["python", "javascript"], limits=limits
    )
    source = "const solve = () => Array.from({ length: 1000000 }, (_, i) => i);"
    result = judged(read_package(folder), "javascript", source)
    assert result.verdict == "AC", result.message


HUGE = {
    "python": "kept = [0] * 10**12",
    "cpp": "#include <vector>\nint main() { std::vector<long> kept(1L << 40); return kept[5]; }",
    "java": """
        class Main {
            public static void main(String[] args) {
                java.nio.ByteBuffer.allocateDirect(1 << 30);
            }
        }
    """,
    "javascript": "new Float64Array(4e9);",
    "go": "package main\n\nfunc main() {\n\tn := 1 << 42\n\tprintln(make([]int, n)[5])\n}",
    "rust": 'fn main() { println!("{}", vec![1u64; 1 << 40][5]); }',
}
SAID = {
    "python": "import sys\nsys.stderr.write('Traceback:\\nMemoryError\\n')\nraise SystemExit(1)",
    "cpp": '#include <cstdio>\nint main() { fputs("std::bad_alloc\\n", stderr); return 1; }',
    "go": 'package main\n\nfunc main() { panic("out of memory") }',
    "rust": 'fn main() { eprintln!("memory allocation of 1 bytes failed"); std::process::exit(1); }',
}


@pytest.mark.parametrize("language", HUGE)
def test_a_program_that_ends_for_want_of_memory_has_met_the_memory_limit(
    judged: Any, tmp_path: Path, language: str
) -> None:
    result = judged(one_test(tmp_path, "42\n"), language, HUGE[language])
    assert result.verdict == "MLE", result.message


@pytest.mark.parametrize("language", SAID)
def test_the_words_alone_are_no_memory_limit(judged: Any, tmp_path: Path, language: str) -> None:
    assert judged(one_test(tmp_path, "42\n"), language, SAID[language]).verdict == "RE"
