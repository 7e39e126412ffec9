"""Packages of the Kattis/ICPC problem package format are judged as the format says, whatever their type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.judge.judging import judge
from grader.judge.model import Answer, Judgement
from grader.judge.time_limits import answer_of
from grader.judge.tools import ToolFailed
from questionbank.packages.model import Package
from questionbank.packages.reader import read_package
from sandbox.client import Sandbox
from tests.packages.foreign import foreign_package


def judged(package: Package, source: str, sandbox: Sandbox, language: str = "python") -> Judgement:
    answer = Answer(language, source)
    return judge(package, answer, sandbox=sandbox, hidden_root=Path(), every_test=True)


def verdicts(judgement: Judgement) -> list[str]:
    return [str(case.verdict) for case in judgement.cases]


# An output validator in two files: any number of the answer's parity will do, and flags keep their blanks.
PARITY = {
    "output_validators/parity/validate.h": """
        #include <cstdlib>
        #include <fstream>
        #include <iostream>
        #include <string>
        [[noreturn]] void finish(char** argv, bool accepted, const std::string& said) {
            std::ofstream(std::string(argv[3]) + "judgemessage.txt") << said << "\\n";
            std::exit(accepted ? 42 : 43);
        }
    """,
    "output_validators/parity/validate.cc": """
        #include "validate.h"
        int main(int argc, char** argv) {
            if (argc != 5 || std::string(argv[4]) != "two words") return 1;
            std::ifstream answer(argv[2]);
            long wanted, got;
            answer >> wanted;
            if (!(std::cin >> got)) finish(argv, false, "no number");
            finish(argv, (wanted - got) % 2 == 0, "got " + std::to_string(got));
        }
    """,
}


def test_a_validator_of_several_files_judges_every_output(tmp_path: Path, sandbox: Sandbox) -> None:
    problem = {"validation": "custom", "validator_flags": "'two words'", "limits": {"time_limit": 1}}
    package = read_package(foreign_package(tmp_path, {**PARITY}, problem=problem, legacy=True))
    assert package.names["en"] == "Doubling"
    assert "Double $n$." in package.statements["en"]
    right = judged(package, "print(4 * int(input()))", sandbox)
    assert (right.verdict, right.score) == ("AC", 100)
    assert right.cases[1].judge_message == "got 20"
    assert judged(package, "print(7)", sandbox).verdict == "WA"
    assert judged(package, "print('seven')", sandbox).cases[0].judge_message == "no number"


def test_a_validator_that_gives_no_judgement_is_nobodys_wrong_answer(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    package = read_package(foreign_package(tmp_path, {"output_validator/validate.py": "print('fine')\n"}))
    with pytest.raises(ToolFailed, match=r"output_validator/validate\.py on sample/1 gave no judgement"):
        judged(package, "print(1)", sandbox)


def test_a_validator_may_say_itself_how_it_is_built(tmp_path: Path, sandbox: Sandbox) -> None:
    files = {
        "output_validator/same/build": "#!/bin/sh\ncc -o run check.c\n",
        "output_validator/same/check.c": """
            #include <stdio.h>
            int main(int argc, char **argv) {
                int wanted, got;
                FILE *answer = fopen(argv[2], "r");
                if (!answer || fscanf(answer, "%d", &wanted) != 1) return 1;
                return scanf("%d", &got) == 1 && got == wanted ? 42 : 43;
            }
        """,
    }
    package = read_package(foreign_package(tmp_path, {**files}))
    assert judged(package, "print(2 * int(input()))", sandbox).verdict == "AC"
    assert judged(package, "print(3)", sandbox).verdict == "WA"


GUESS = {
    "output_validators/guess.py": """
        import sys
        secret = int(open(sys.argv[1]).read())
        for turn in range(12):
            line = sys.stdin.readline()
            if not line.strip().isdigit():
                open(sys.argv[3] + "judgemessage.txt", "a").write("no guess")
                sys.exit(43)
            guess = int(line)
            said = "correct" if guess == secret else "lower" if guess > secret else "higher"
            print(said, flush=True)
            if said == "correct":
                sys.exit(42)
        sys.exit(43)
    """,
    "data/sample/1.in": "17\n",
    "data/sample/1.ans": "",
    "data/sample/1.interaction": ">50\n<lower\n>17\n<correct\n",
    "data/secret/1.in": "987\n",
    "data/secret/1.ans": "",
    "submissions/accepted/double.py": """
        low, high = 1, 1000
        while True:
            middle = (low + high) // 2
            print(middle, flush=True)
            said = input()
            if said == "correct":
                break
            low, high = (low, middle - 1) if said == "lower" else (middle + 1, high)
    """,
}


@pytest.fixture(scope="module")
def guess(tmp_path_factory: pytest.TempPathFactory) -> Package:
    problem = {"validation": "custom interactive", "limits": {"time_limit": 1}}
    return read_package(
        foreign_package(tmp_path_factory.mktemp("guess"), {**GUESS}, problem=problem, legacy=True)
    )


SEARCH = GUESS["submissions/accepted/double.py"].replace("\n        ", "\n")


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        (SEARCH, "AC"),
        ("for number in range(1, 99): print(number, flush=True)", "WA"),
        ("print('what', flush=True)\ninput()", "WA"),
        ("print('what', flush=True)\nwhile True: pass", "WA"),
        ("pass", "WA"),
        (f"{SEARCH}\nraise SystemExit(3)", "RE"),
        ("raise SystemExit(3)", "RE"),
        ("while True: pass", "TLE"),
        ("input()", "TLE"),
    ],
)
def test_a_program_talks_with_the_validator(
    guess: Package, sandbox: Sandbox, source: str, verdict: str
) -> None:
    assert judged(guess, source, sandbox).verdict == verdict


def test_a_talk_is_shown_and_its_input_is_not(guess: Package, sandbox: Sandbox) -> None:
    (sample,) = guess.samples()
    assert sample.shown_input() == b""
    assert sample.shown_answer().startswith(b">50\n<lower")
    (case, *_) = judged(guess, SEARCH, sandbox).cases
    assert (case.got, case.expected) == (None, None)


def test_each_pass_gets_the_input_that_the_validator_made(tmp_path: Path, sandbox: Sandbox) -> None:
    files = {
        "output_validator/passes.py": """
            import os, sys
            wanted, feedback, said = open(sys.argv[2]).read(), sys.argv[3], sys.stdin.read()
            seen = feedback + "seen"
            earlier = open(seen).read() if os.path.exists(seen) else ""
            open(seen, "w").write(earlier + said)
            if len(earlier + said) < len(wanted):
                open(feedback + "nextpass.in", "w").write(said)
            elif earlier + said != wanted:
                sys.exit(43)
            sys.exit(42)
        """,
        "data/sample/1.ans": "2\n",
        "data/secret/1.in": "1\n",
        "data/secret/1.ans": "2\n4\n8\n",
    }
    problem = {"type": "multi-pass", "limits": {"time_limit": 1, "validation_passes": 3}}
    package = read_package(foreign_package(tmp_path / "a", {**files}, problem=problem))
    assert judged(package, "print(2 * int(input()))", sandbox).verdict == "AC"
    assert judged(package, "n = int(input())\nprint(2 * n if n < 4 else 9)", sandbox).verdict == "WA"
    assert judged(package, "n = int(input())\nprint(2 * n if n < 2 else 1 // 0)", sandbox).verdict == "RE"
    two = {"limits": {"time_limit": 1, "validation_passes": 2}}
    fewer = read_package(foreign_package(tmp_path / "b", {**files}, problem=problem | two))
    with pytest.raises(ToolFailed, match=r"another pass by nextpass\.in, and limits\.validation_passes is 2"):
        judged(fewer, "print(2 * int(input()))", sandbox)


@pytest.mark.parametrize("type_", [["multi-pass"], ["interactive", "multi-pass"]])
def test_the_validator_of_a_later_pass_reads_the_input_of_that_pass(
    tmp_path: Path, sandbox: Sandbox, type_: list[str]
) -> None:
    files = {
        "output_validator/halves.py": """
            import sys
            given = int(open(sys.argv[1]).read())
            if "talk" in sys.argv:
                print(given, flush=True)
            if int(sys.stdin.readline()) != given // 2:
                sys.exit(43)
            if given > 3:
                open(sys.argv[3] + "nextpass.in", "w").write(str(given // 2))
            sys.exit(42)
        """,
        "data/secret/test_group.yaml": f"output_validator_args: [{'talk' if len(type_) > 1 else 'read'}]\n",
        "data/sample/1.in": None,
        "data/sample/1.ans": None,
        "data/secret/1.in": "8\n",
    }
    problem = {"type": type_, "limits": {"time_limit": 1, "validation_passes": 3}}
    package = read_package(foreign_package(tmp_path, files, problem=problem))
    assert judged(package, "print(int(input()) // 2)", sandbox).verdict == "AC"
    assert judged(package, "n = int(input())\nprint(n // 2 if n > 2 else 2)", sandbox).verdict == "WA"


POINTS: dict[str, str | None] = {
    "output_validator/share.py": """
        import sys
        wanted, got = float(open(sys.argv[2]).read()), float(sys.stdin.read())
        if "scores" in sys.argv and got <= wanted:
            open(sys.argv[3] + "score_multiplier.txt", "w").write(str(got / wanted))
        sys.exit(42 if (got <= wanted if "scores" in sys.argv else got == wanted) else 43)
    """,
    "data/secret/1.in": None,
    "data/secret/1.ans": None,
    "data/secret/a/test_group.yaml": "max_score: 30\nrequire_pass: sample\n",
    "data/secret/a/1.in": "2",
    "data/secret/a/1.ans": "4",
    "data/secret/b/test_group.yaml": """
        max_score: 70
        score_aggregation: sum
        require_pass: [sample, secret/a]
        output_validator_args: [scores]
    """,
    "data/secret/b/1.in": "10",
    "data/secret/b/1.ans": "20",
    "data/secret/b/2.in": "20",
    "data/secret/b/2.ans": "40",
}


def test_groups_earn_points_by_their_rules(tmp_path: Path, sandbox: Sandbox) -> None:
    package = read_package(foreign_package(tmp_path, POINTS, problem={"type": "scoring"}))
    whole = judged(package, "print(2 * int(input()))", sandbox)
    assert (whole.verdict, whole.points, whole.score) == ("AC", 100, 100)
    half = judged(package, "n = int(input())\nprint(2 * n if n < 20 else n)", sandbox)
    assert (half.verdict, half.points) == ("AC", 30 + 35 + 17.5)
    assert [case.points for case in half.cases] == [None, None, 35, 17.5]
    first_lost = judged(package, "n = int(input())\nprint(3 if n == 2 else 2 * n)", sandbox)
    assert (first_lost.verdict, first_lost.points) == ("WA", 0)
    assert [case.group for case in first_lost.cases] == ["sample", "secret/a"]
    sample_lost = judged(package, "n = int(input())\nprint(0 if n == 1 else 2 * n)", sandbox)
    assert (sample_lost.points, verdicts(sample_lost)) == (0, ["WA"])


LEGACY_POINTS: dict[str, str | None] = {
    "data/testdata.yaml": "grader_flags: ignore_sample\nrange: 0 100\non_reject: continue\n",
    "data/sample/testdata.yaml": "on_reject: continue\naccept_score: 0\n",
    "data/secret/testdata.yaml": "grader_flags: always_accept\non_reject: continue\n",
    "data/secret/1.in": None,
    "data/secret/1.ans": None,
    "data/secret/a/testdata.yaml": "on_reject: break\naccept_score: 40\ngrader_flags: min first_error\n",
    "data/secret/a/1.in": "2",
    "data/secret/a/1.ans": "4",
    "data/secret/a/2.in": "3",
    "data/secret/a/2.ans": "6",
    "data/secret/b/testdata.yaml": "accept_score: 60\ngrader_flags: min accept_if_any_accepted\n",
    "data/secret/b/1.in": "20",
    "data/secret/b/1.ans": "40",
}


def test_legacy_groups_earn_points_by_the_default_grader(tmp_path: Path, sandbox: Sandbox) -> None:
    problem = {"type": "scoring", "limits": {"time_limit": 1}}
    package = read_package(foreign_package(tmp_path, LEGACY_POINTS, problem=problem, legacy=True))
    assert judged(package, "print(2 * int(input()))", sandbox).points == 100
    partly = judged(package, "n = int(input())\nprint(2 * n if n > 9 else 1)", sandbox)
    assert (partly.verdict, partly.points) == ("AC", 60)
    # The rest of a group that stops at the first refusal is not run, and samples count for nothing.
    assert [(case.group, str(case.verdict)) for case in partly.cases] == [
        ("sample", "WA"),
        ("secret/a", "WA"),
        ("secret/b", "AC"),
    ]


def test_tests_of_the_draft_beside_groups_earn_their_share(tmp_path: Path, sandbox: Sandbox) -> None:
    files: dict[str, str | None] = {
        "data/secret/a/test_group.yaml": "scoring: {score: 40}\n",
        "data/secret/a/1.in": "2",
        "data/secret/a/1.ans": "4",
        "data/secret/b/1.in": "20",
        "data/secret/b/1.ans": "40",
    }
    problem = {"problem_format_version": "2023-07-draft", "type": "scoring"}
    package = read_package(foreign_package(tmp_path, files, problem=problem))
    assert judged(package, "print(2 * int(input()))", sandbox).points == 100
    assert judged(package, "n = int(input())\nprint(2 * n if n < 20 else 1)", sandbox).points == 40 + 30


def test_outputs_themselves_may_be_the_answer(tmp_path: Path, sandbox: Sandbox) -> None:
    files: dict[str, str | None] = {
        "data/secret/2.in": "6",
        "data/secret/2.ans": "12",
        "submissions/accepted/double.py": None,
        "submissions/accepted/all/1.out": "10\n",
        "submissions/accepted/all/2.out": "12\n",
    }
    package = read_package(foreign_package(tmp_path, files, problem={"type": "submit-answer"}))
    assert package.languages == ("answers",)
    (listed,) = package.submissions
    answer = Answer("answers", listed.source.decode(), listed.files, listed.entry)
    assert judge(package, answer, sandbox=sandbox, hidden_root=Path()).verdict == "AC"
    one = judged(package, '{"secret/1": "10", "2": "13"}', sandbox, "answers")
    assert verdicts(one) == ["AC", "WA"]
    assert verdicts(judged(package, '{"1": "10"}', sandbox, "answers"))[-1] == "WA"


def test_the_source_itself_may_be_tested(tmp_path: Path, sandbox: Sandbox) -> None:
    files: dict[str, str | None] = {
        "static_validator/short.py": """
            import os, sys
            language, entry, feedback, most = sys.argv[1:]
            size = os.path.getsize(entry)
            open(feedback + "teammessage.txt", "w").write(f"{language}: {size} bytes of {most}")
            sys.exit(42 if size <= int(most) else 43)
        """,
        "data/secret/test_group.yaml": "static_validation_score: pass-fail\nstatic_validator_args: ['30']\n",
    }
    package = read_package(foreign_package(tmp_path, files))
    assert judged(package, "print(2 * int(input()))", sandbox).verdict == "AC"
    long = judged(package, "number = int(input())\nprint(number * 2)", sandbox)
    assert (long.verdict, verdicts(long)) == ("WA", ["AC", "WA", "AC"])
    assert long.message.startswith("python3: ")


SHORT = {
    "short.c": """
        #include <stdio.h>
        #include <stdlib.h>
        int main(int count, char **words) {
            FILE *entry = fopen(words[2], "r");
            fseek(entry, 0, SEEK_END);
            return ftell(entry) <= atoi(words[4]) ? 42 : 43;
        }
    """,
    "Short.java": """
        class Short {
            public static void main(String[] words) {
                System.exit(new java.io.File(words[1]).length() <= Integer.parseInt(words[3]) ? 42 : 43);
            }
        }
    """,
    "short.js": """
        const [entry, , most] = process.argv.slice(3);
        process.exit(require("fs").statSync(entry).size <= Number(most) ? 42 : 43);
    """,
    "short.sh": """
        [ "$(wc -c < "$2")" -le "$4" ] && exit 42
        exit 43
    """,
}


@pytest.mark.parametrize("name", SHORT)
def test_the_source_may_be_tested_by_a_program_in_any_language(
    tmp_path: Path, sandbox: Sandbox, name: str
) -> None:
    """Its current folder is that of the answer's files, and not its own."""
    files: dict[str, str | None] = {
        f"static_validator/{name}": SHORT[name],
        "data/secret/test_group.yaml": "static_validation_score: pass-fail\nstatic_validator_args: ['30']\n",
    }
    package = read_package(foreign_package(tmp_path, files))
    assert judged(package, "print(2 * int(input()))", sandbox).verdict == "AC"
    assert judged(package, "number = int(input())\nprint(number * 2)", sandbox).verdict == "WA"


BESIDE: dict[str, Any] = {
    "include/python3/scale.py": "FACTOR = {{factor}}\n",
    "data/secret/2.in": "1\n",
    "data/secret/2.ans": "21\n",
    "data/secret/2.yaml": "args: [--plus, '19']\n",
    "data/secret/2.files/extra.txt": "0",
    "submissions/accepted/double.py": """
        import os, sys
        from scale import FACTOR
        more = int(sys.argv[2]) if len(sys.argv) > 1 else 0
        if more:
            more += int(open("extra.txt").read())
        print(FACTOR * int(input()) + more)
    """,
}


def test_arguments_files_included_code_and_constants_reach_the_program(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    package = read_package(foreign_package(tmp_path, BESIDE, problem={"constants": {"factor": 2}}))
    assert judged(package, package.submissions[0].source.decode(), sandbox).verdict == "AC"


def test_an_included_main_file_calls_the_answer(tmp_path: Path, sandbox: Sandbox) -> None:
    files: dict[str, str | None] = {
        "include/python3/main.py": "from double import double\nprint(double(int(input())))\n",
        "submissions/accepted/double.py": "def double(x):\n    return 2 * x\n",
    }
    package = read_package(foreign_package(tmp_path, files))
    answer = answer_of(package.submissions[0])
    assert judge(package, answer, sandbox=sandbox, hidden_root=Path()).verdict == "AC"


def test_a_script_finds_the_files_in_its_own_folder(tmp_path: Path, sandbox: Sandbox) -> None:
    files: dict[str, str | None] = {
        "submissions/accepted/two/main.sh": ". ${0%/*}/twice.sh\nread number\ntwice $number\n",
        "submissions/accepted/two/twice.sh": "twice() { echo $((2 * $1)); }\n",
    }
    package = read_package(foreign_package(tmp_path, files))
    (script,) = [one for one in package.submissions if one.language == "bash"]
    assert judge(package, answer_of(script), sandbox=sandbox, hidden_root=Path()).verdict == "AC"


def test_an_answer_writes_into_no_file_unless_the_package_allows_it(tmp_path: Path, sandbox: Sandbox) -> None:
    writes = "n = int(input())\nwith open('kept', 'w') as file:\n    file.write('x')\nprint(2 * n)\n"
    for allowed in (False, True):
        problem = {"allow_file_writing": allowed}
        package = read_package(foreign_package(tmp_path / str(allowed), problem=problem))
        assert judged(package, writes, sandbox).verdict == ("AC" if allowed else "RE")
        # A warm interpreter, a program and a virtual machine that write none are in nobody's way.
        for language, source in DOUBLES.items():
            answer = Answer(language, source)
            assert judge(package, answer, sandbox=sandbox, hidden_root=Path()).verdict == "AC", language


DOUBLES = {
    "python": "import json, tempfile\nprint(2 * int(input()))\n",
    "cpp": "#include <iostream>\nint main() { int n; std::cin >> n; std::cout << 2 * n << std::endl; }\n",
    "java": "class Main { public static void main(String[] a) {"
    " System.out.println(2 * new java.util.Scanner(System.in).nextInt()); } }\n",
}


def test_flags_of_a_group_and_of_a_test_are_the_default_validators(tmp_path: Path, sandbox: Sandbox) -> None:
    files: dict[str, str | None] = {
        "data/secret/test_group.yaml": "output_validator_args: [float_tolerance, 1e-2]\n",
        "data/secret/2.in": "1",
        "data/secret/2.ans": "Two",
        "data/secret/2.yaml": "output_validator_args: [case_sensitive]\n",
    }
    package = read_package(foreign_package(tmp_path, files))
    near = "n = int(input())\nprint('10.05' if n == 5 else {})"
    assert verdicts(judged(package, near.format("'2'"), sandbox)) == ["AC", "AC", "WA"]
    assert verdicts(judged(package, near.format("'Two'"), sandbox)) == ["WA", "AC", "AC"]
