"""Of a talk's two programs it is told every time which ended first, however quick both are."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.judge.judging import judge
from grader.judge.model import Answer
from questionbank.packages.reader import read_package
from sandbox.client import Sandbox
from tests.packages.foreign import foreign_package

# It refuses what does not begin with 7, and reads nothing more. Twenty-four tests are as many races.
HASTY: dict[str, str | None] = {
    "output_validator/hasty.cpp": """
        #include <cstdio>
        int main() { return std::getchar() == '7' ? 42 : 43; }
    """,
    **{f"data/secret/{number}.{ending}": "1\n" for number in range(2, 25) for ending in ("in", "ans")},
}


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        pytest.param("int main() { return 1; }", "RE", id="ends by itself"),
        pytest.param(
            """
            #include <cstdio>
            int main() { std::fclose(stdout); return 1; }
            """,
            "RE",
            id="says no more and ends",
        ),
        pytest.param(
            """
            #include <cstdio>
            int main() { std::puts("8"); std::fflush(stdout); return std::getchar() == EOF; }
            """,
            "WA",
            id="ends because it was refused",
        ),
        pytest.param(
            """
            #include <cstdio>
            #include <unistd.h>
            int main() { std::puts("7"); std::fflush(stdout); usleep(30000); std::puts("more"); }
            """,
            "AC",
            id="was accepted and says more",
        ),
    ],
)
def test_who_ended_first_is_told_every_time(
    tmp_path: Path, sandbox: Sandbox, source: str, verdict: str
) -> None:
    package = read_package(foreign_package(tmp_path, HASTY, problem={"type": "interactive"}))
    judgement = judge(package, Answer("cpp", source), sandbox=sandbox, hidden_root=Path(), every_test=True)
    assert {str(case.verdict) for case in judgement.cases} == {verdict}
    assert len(judgement.cases) >= 24


def test_an_answer_reads_the_end_of_what_the_validator_says_before_that_ends(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    files: dict[str, str | None] = {
        "output_validator/patient.py": """
            import os, sys
            test = open(sys.argv[1]).read()
            print(test, end="", flush=True)
            os.close(1)
            raise SystemExit(42 if sys.stdin.read().split() == [str(2 * int(test))] else 43)
        """,
    }
    package = read_package(foreign_package(tmp_path, files, problem={"type": "interactive"}))
    for source, verdict in (
        ("import sys; print(2 * int(sys.stdin.read()))", "AC"),
        ("import sys; print(int(sys.stdin.read()))", "WA"),
        ("import sys; sys.stdin.read(); raise SystemExit(1)", "RE"),
    ):
        judgement = judge(
            package, Answer("python", source), sandbox=sandbox, hidden_root=Path(), every_test=True
        )
        assert {str(case.verdict) for case in judgement.cases} == {verdict}, judgement
