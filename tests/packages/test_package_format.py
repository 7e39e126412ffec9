"""The three forms of the Kattis/ICPC problem package format are read whole; what is not used is told of."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from questionbank.packages.errors import PackageError
from questionbank.packages.latex import LatexError, to_markdown
from questionbank.packages.listed import matches, matches_test
from questionbank.packages.model import Checker, Package
from questionbank.packages.program import Aggregation, Form
from questionbank.packages.reader import read_package
from tests.packages.foreign import CURRENT, foreign_package


def read(tmp_path: Path, files: dict[str, str | None] | None = None, **parts: Any) -> Package:
    return read_package(foreign_package(tmp_path, files, **parts))


def faults(tmp_path: Path, files: dict[str, str | None] | None = None, **parts: Any) -> str:
    with pytest.raises(PackageError) as caught:
        read(tmp_path, files, **parts)
    return str(caught.value)


def test_a_package_needs_nothing_of_ours(tmp_path: Path) -> None:
    package = read(tmp_path, {"attachments/tool.py": "print(1)\n", ".git/config": "x"})
    assert (package.names["en"], package.authors) == ("Doubling", ("Some Body",))
    assert package.statements == {"en": "Double it.\n", "zh": ""}
    assert package.name_in("zh") == "Doubling"
    assert {"python", "cpp", "java"} <= set(package.languages)
    assert package.attachments == {"tool.py": b"print(1)\n"}
    assert package.program is not None
    assert package.program.form is Form.CURRENT
    assert [one.name for one in package.program.input_validators] == ["number"]


def test_a_legacy_package_says_the_same_in_other_words(tmp_path: Path) -> None:
    problem = {
        "name": "Twice",
        "author": "One Body, and Two Body",
        "source": "A Contest",
        "source_url": "https://contest.example/",
        "keywords": "math easy",
        "validator_flags": "float_tolerance 1e-6",
        "limits": {"time_multiplier": 4, "memory": 512},
        "rights_owner": "Some Body",
    }
    files: dict[str, str | None] = {
        "data/secret/g/testdata.yaml": "output_validator_flags: case_sensitive\n",
        "data/secret/g/1.in": "3\n",
        "data/secret/g/1.ans": "6\n",
        "data/secret/g/1.hint": "Mind the sign.\n",
        "data/secret/g/1.desc": "An odd one.\n",
        "input_validators/shape.ctd": "INT(0,9)\n",
        "notes.txt": "to be told of\n",
    }
    package = read(tmp_path, files, problem=problem, legacy=True)
    assert package.authors == ("One Body", "Two Body")
    assert (package.source, package.source_url) == ("A Contest", "https://contest.example/")
    assert package.tags == ("math", "easy")
    test = package.tests[-1]
    assert test.group == "secret/g"
    assert test.checker == Checker(True, False, 1e-6, 1e-6)
    assert (test.settings.hint, test.settings.description) == ("Mind the sign.", "An odd one.")
    assert package.program is not None
    assert package.program.infers_time
    assert package.program.time_rule.ac_factor == 4
    assert {notice.path for notice in package.notices} == {"input_validators/shape.ctd", "notes.txt"}


def test_a_key_without_a_value_says_nothing_in_the_older_forms(tmp_path: Path) -> None:
    folder = foreign_package(tmp_path, legacy=True)
    bare = "name:\nauthor: A Body\nrights_owner:\nlicense: cc0\nlimits:\n  memory:\nkeywords:\n"
    (folder / "problem.yaml").write_text(bare)
    package = read_package(folder)
    assert (package.name_in("en"), package.authors, package.rights_owner) == ("Doubling", ("A Body",), "")


def test_every_file_is_used_or_told_of(tmp_path: Path) -> None:
    files: dict[str, str | None] = {
        "submissions/accepted/double.c++": "int main() {}\n",
        "data/secret/2 copy.in": "3\n",
        ".gitignore": "x\n",
    }
    package = read(tmp_path, files)
    assert [str(one.path) for one in package.submissions if one.language == "cpp"] == [
        "submissions/accepted/double.c++"
    ]
    assert [one.path for one in package.notices] == ["data/secret/2 copy.in"]


def test_the_draft_is_read_with_the_names_it_once_had(tmp_path: Path) -> None:
    problem = {
        "problem_format_version": "2023-07-draft",
        "type": ["scoring", "interactive"],
        "credits": {"authors": [{"name": "A"}, "B <b@body.example>"]},
    }
    files: dict[str, str | None] = {
        "output_validators/talk/talk.py": "raise SystemExit(42)\n",
        "data/secret/1.in": None,
        "data/secret/1.ans": None,
        "data/secret/g/1.in": "3\n",
        "data/secret/g/1.ans": "6\n",
        "data/secret/g/test_group.yaml": "scoring: {score: 100, aggregation: min}\n",
        "data/sample/2.interaction": "<1\n>2\n",
    }
    package = read(tmp_path, files, problem=problem)
    assert package.authors == ("A", "B")
    assert package.program is not None
    assert package.program.interactive
    (_, rule) = package.program.rules
    assert (rule.aggregation, rule.max_score) == (Aggregation.MIN, 100)
    assert "<1\n>2" in package.statements["en"]


DRAFT: dict[str, Any] = {"problem_format_version": "2023-07-draft"}
GROUPS: dict[str, str | None] = {
    "data/secret/1.in": None,
    "data/secret/1.ans": None,
    "data/secret/a/1.in": "3\n",
    "data/secret/a/1.ans": "6\n",
    "data/secret/b/1.in": "4\n",
    "data/secret/b/1.ans": "8\n",
}


def test_groups_of_the_draft_may_be_graded_as_the_legacy_form_has_it(tmp_path: Path) -> None:
    files = {**GROUPS, "data/testdata.yaml": "grader_flags: ignore_sample\nrange: 0 100\n"}
    for group in "ab":
        files[f"data/secret/{group}/testdata.yaml"] = "accept_score: 50\ngrader_flags: min\n"
    problem = {**DRAFT, "type": "scoring"}
    package = read(tmp_path, files, problem=problem)
    assert package.program is not None
    assert (package.program.form, package.program.rules) == (Form.DRAFT, ())
    assert [(one.name, one.accept_score) for one in package.program.legacy_rules][-2:] == [
        ("secret/a", 50),
        ("secret/b", 50),
    ]
    files["data/secret/b/testdata.yaml"] = "scoring: {score: 50}\n"
    said = faults(tmp_path, files, problem=problem)
    assert (
        "data/secret/b/testdata.yaml: is scored in another way than data/secret/a/testdata.yaml is graded"
        in said
    )


def test_groups_of_the_draft_that_state_no_score_share_what_is_left(tmp_path: Path) -> None:
    files = {**GROUPS, "data/secret/a/test_group.yaml": "scoring: {score: 40}\n"}
    for name in ("c/1", "2", "3"):
        files |= {f"data/secret/{name}.in": "5\n", f"data/secret/{name}.ans": "10\n"}
    package = read(tmp_path, files, problem={**DRAFT, "type": "scoring"})
    assert package.program is not None
    scores = {rule.name: rule.max_score for rule in package.program.rules}
    # 60 points are left for two groups and two tests.
    assert scores == {"secret": 100, "secret/a": 40, "secret/b": 15, "secret/c": 15}


def test_arguments_of_the_draft_may_be_one_text(tmp_path: Path) -> None:
    files: dict[str, str | None] = {
        "data/secret/testdata.yaml": """
            output_validator_args: float_tolerance 1e-2
            input_validator_args: {number: "most '5 or 6'"}
        """
    }
    test = read(tmp_path, files, problem=DRAFT).tests[-1]
    assert test.checker == Checker(False, False, 1e-2, 1e-2)
    assert test.settings.input_validator_args == {"number": ("most", "5 or 6")}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"data/secret/a/testdata.yaml": "grading: {score: 1, max_score: 3, aggregation: sum}\n"},
            "data/secret/a/testdata.yaml: grading: as a map it is of an early draft",
        ),
        ({"data/secret/a/testdata.yaml": "scoring: {score: 1, max_score: 3}\n"}, "as an early draft had"),
        (
            {
                "data/secret/a/test_group.yaml": "scoring: {score: 30}\n",
                "data/secret/b/test_group.yaml": "scoring: {score: 70, require_pass: [a]}\n",
            },
            "require_pass: a is no earlier group: a group's name is its path below data/, secret/a",
        ),
        (
            {
                "data/secret/b/test_group.yaml": "scoring: {aggregation: sum}\n",
                "data/secret/b/c/1.in": "1\n",
                "data/secret/b/c/1.ans": "2\n",
            },
            "data/secret/b/c/test_group.yaml: is a group in secret/b, and only groups of secret are scored",
        ),
        (
            {"data/secret/a/test_group.yaml": "hint: a\n", "data/secret/a/testdata.yaml": "hint: b\n"},
            "data/secret/a/testdata.yaml: there is data/secret/a/test_group.yaml, too",
        ),
    ],
)
def test_what_a_draft_says_in_words_that_are_not_read_is_told(
    tmp_path: Path, files: dict[str, str | None], said: str
) -> None:
    assert said in faults(tmp_path, {**GROUPS, **files}, problem={**DRAFT, "type": "scoring"})


def test_several_types_may_be_written_in_one_text(tmp_path: Path) -> None:
    files: dict[str, str | None] = {"output_validator/talk.py": "raise SystemExit(42)\n"}
    program = read(tmp_path, files, problem={"type": "interactive multi-pass"}).program
    assert program is not None
    assert program.interactive
    assert program.multi_pass
    assert "chess is none of the format's" in faults(tmp_path, files, problem={"type": "interactive chess"})


def test_what_tools_write_beside_the_format_is_told_of_and_not_used(tmp_path: Path) -> None:
    files: dict[str, str | None] = {
        "data/sample/2.in.statement": "shown\n",
        "data/sample/2.ans.download": "handed out\n",
        "data/test_group.yaml": "output_validator_args: [case_sensitive]\n",
        "data/invalid_answer/test_group.yaml": "answer_validator_args: [x]\n",
        "data/invalid_answer/1.in": "1\n",
        "data/invalid_answer/1.ans": "x\n",
    }
    package = read(tmp_path, files)
    assert {test.checker for test in package.tests} == {Checker(case_sensitive=True)}
    assert [(one.path, one.message.partition(":")[0]) for one in package.notices] == [
        ("data/test_group.yaml", "counts for every group, though this form has no such file"),
        ("data/sample/2.ans.download", "is shown to nobody"),
        ("data/sample/2.in.statement", "is shown to nobody"),
        ("data/invalid_answer", "are tests of answer validators, which the format does not have"),
    ]


@pytest.mark.parametrize(
    ("problem", "files", "said"),
    [
        ({"type": ["pass-fail", "scoring"]}, {}, "pass-fail and scoring exclude each other"),
        ({"type": ["submit-answer", "interactive"]}, {}, "interactive and submit-answer exclude each other"),
        ({"type": "interactive"}, {}, "needs an output validator of its own"),
        ({"type": "chess"}, {}, "problem.yaml:"),
        ({"colour": "red"}, {}, "'colour' was unexpected"),
        ({"problem_format_version": "2030-01"}, {}, "problem_format_version is none of those read"),
        ({"limits": {"validation_passes": 3}}, {}, "only a multi-pass problem has several"),
        ({"license": "public domain", "rights_owner": "me"}, {}, "rights_owner: a problem in the public"),
        ({"languages": ["cobol"]}, {}, "languages: none of cobol can be judged here"),
        ({"name": {"sv": "Dubbla"}}, {}, "not in the same languages: en, sv"),
        ({}, {"statement/problem.en.md": None}, "there is no statement"),
        (
            {},
            {"statement/problem.en.md": None, "statement/problem.en.tex": "a}\n"},
            "problem.en.tex:1: } closes",
        ),
        ({}, {"data/secret/1.ans": None}, "data/secret/1.in: has no answer 1.ans beside it"),
        ({}, {"data/secret/2.ans": "1"}, "data/secret/2.ans: belongs to no test: there is no 2.in"),
        ({"type": "scoring"}, {"data/test_group.yaml": "max_score: 5\n"}, "max_score: only secret and the"),
        (
            {},
            {
                "data/secret/1.in": None,
                "data/secret/1.ans": None,
                "data/secret/a/b/1.in": "1\n",
                "data/secret/a/b/1.ans": "2\n",
                "data/secret/a/b/test_group.yaml": "full_feedback: true\n",
            },
            "data/secret/a/b/test_group.yaml: lies in no group",
        ),
        ({}, {"data/secret/note": "1"}, "data/secret/note: is no part of a test"),
        ({}, {"data/other/1.in": "1"}, "data/ has the folders"),
        ({}, {"data/secret/g/1.in": "1", "data/secret/g/1.ans": "2"}, "has both tests and groups"),
        (
            {},
            {"data/secret/test_group.yaml": "max_score: 5\n"},
            "max_score is for problems of the type scoring",
        ),
        ({}, {"data/secret/1.yaml": "colour: red\n"}, "data/secret/1.yaml:1: Additional properties"),
        (
            {},
            {"data/secret/test_group.yaml": "output_validator_args: [float_tolerance, x]\n"},
            "float_tolerance is followed by no number",
        ),
        ({}, {"data/secret/test_group.yaml": "output_validator_args: [fuzzy]\n"}, "has no argument 'fuzzy'"),
        (
            {},
            {"data/secret/1.out": "1", "data/secret/1.ans.statement": "2"},
            "has both .out and .ans.statement",
        ),
        (
            {"type": "scoring"},
            {"data/secret/test_group.yaml": "require_pass: secret/g\n"},
            "secret may depend on sample alone",
        ),
        (
            {},
            {"data/secret/test_group.yaml": "static_validation_score: pass-fail\n"},
            "there is no static_validator/",
        ),
        (
            {},
            {"input_validators/check.pas": "begin end.\n"},
            "is a program in no language that is known here",
        ),
        ({}, {"include/python3": "x"}, "include/python3: lies in no folder of a language"),
        ({}, {"submissions/loose.py": "pass\n"}, "submissions lie in a folder"),
        ({}, {"submissions/submissions.yaml": "a: {permitted: [ACC]}\n"}, "submissions.yaml:1: a.permitted"),
    ],
)
def test_a_fault_is_told_by_its_place(
    tmp_path: Path, problem: dict[str, Any], files: dict[str, str | None], said: str
) -> None:
    assert said in faults(tmp_path, files, problem=problem)


def test_custom_graders_are_refused_by_name(tmp_path: Path) -> None:
    files: dict[str, str | None] = {"data/testdata.yaml": "grading: custom\n", "graders/best.py": "pass\n"}
    said = faults(tmp_path, files, problem={"type": "scoring"}, legacy=True)
    assert "data/testdata.yaml: grading: custom graders are not supported" in said


def test_links_within_the_package_stand_for_their_files(tmp_path: Path) -> None:
    folder = foreign_package(tmp_path)
    for ending in ("in", "ans"):
        (folder / f"data/secret/2.{ending}").symlink_to(f"../sample/1.{ending}")
    assert read_package(folder).tests[-1].input == b"1\n"
    (folder / "data/secret/3.in").symlink_to("3.in")
    with pytest.raises(PackageError, match=r"data/secret/3\.in: is no regular file of the package"):
        read_package(folder)


def test_globs_match_whole_names_and_the_folders_above_them() -> None:
    assert matches("accepted/*.{py,cpp}", ["accepted/a.cpp"])
    assert not matches("accepted/*", ["accepted/a/b.py"])
    assert matches_test("secret/*-easy", "secret", "2-easy")
    assert matches_test("secret/group1", "secret/group1", "1")
    assert not matches_test("secret/g[12]", "secret/g1", "1")


LATEX = r"""
\problemname{Cats \& Dogs}  % a comment
\illustration{0.4}{cat}{A cat by \href{https://cats.example/a_b}{a friend}}
Count ``cats'' -- at most $ \constant{most} $ of \textbf{them} in \texttt{a_b}: caf\'e, 5\% off.

\section*{Input}
\begin{itemize}
  \item one with {\em emphasis}
  \begin{enumerate} \item inner \end{enumerate}
  \item \verb|x_y|
\end{itemize}
\begin{tabular}{|l|c|}
  \hline a & $b$ \\ \hline
  \multicolumn{2}{c}{wide} \\
\end{tabular}
\begin{Output}
  $$x^2
  % not shown
  $$
  \begin{verbatim}
  int x = 1; % kept
  \end{verbatim}
\end{Output}
\mystery{kept} <b>no markup</b>
"""


def test_statements_in_latex_become_markdown() -> None:
    shown = to_markdown(LATEX, "en", {"most": "12"})
    assert (shown.name, shown.pictures, shown.unknown) == ("Cats & Dogs", ["cat"], {"mystery": 24})
    lines = shown.markdown.split("\n")
    assert lines[0] == "![A cat by a friend](<cat>)"
    assert "Count “cats” – at most $12$ of **them** in `a_b`: café, 5% off." in lines
    assert lines[lines.index("## Input") + 2 :][:4] == ["- one with *emphasis*", "", "  1. inner", "- `x_y`"]
    assert lines[lines.index("| --- | --- |") + 1 :][:2] == ["| a | $b$ |", "| wide | |  |"]
    assert lines[lines.index("## Output") :][:5] == ["## Output", "", "$$", "x^2", "$$"]
    assert "  int x = 1; % kept" in lines
    assert r"kept \<b\>no markup\</b\>" in lines


@pytest.mark.parametrize(
    ("source", "said", "line"),
    [
        ("a\n{b", "} is missing", 2),
        ("\n\nx$y", "does not end", 3),
        ("\\begin{itemize}\n\\item x", "\\end{itemize} is missing", 1),
        ("\\end{center}", "closes nothing", 1),
        ("{" * 99, "nested deeper", 1),
        ("\\newcommand{\\a}{\\a\\a}\\a", "expand without end", 1),
    ],
)
def test_latex_that_does_not_close_is_told_by_its_line(source: str, said: str, line: int) -> None:
    with pytest.raises(LatexError) as caught:
        to_markdown(source, "en", {})
    assert said in str(caught.value)
    assert caught.value.line == line


def _spoilt(folder: Path, chance: Random) -> None:
    """One file of the package cut, scribbled in, gone, renamed, or a folder now."""
    path = chance.choice(sorted(one for one in folder.rglob("*") if one.is_file()))
    data = path.read_bytes()
    match chance.randrange(5):
        case 0:
            path.write_bytes(data[: chance.randrange(len(data) + 1)])
        case 1:
            path.write_bytes(bytes(byte ^ (chance.random() < 0.05) * chance.randrange(256) for byte in data))
        case 2:
            path.unlink()
        case 3:
            path.rename(path.with_name(chance.choice(["2.in", "test_group.yaml", "problem.sv.tex", "build"])))
        case 4:
            path.unlink()
            (path / "1.files").mkdir(parents=True)
            (path / "1.files" / "inner.in").write_bytes(data)


@pytest.mark.parametrize("value", [None, [], {}, "", -1, 1e300, float("nan"), "x" * 999, {"a": [1]}, True])
def test_a_value_of_another_type_is_a_fault_and_no_crash(tmp_path: Path, value: Any) -> None:
    for number, key in enumerate((*CURRENT, "type", "source", "languages", "constants", "keywords")):
        folder = foreign_package(tmp_path, problem={key: [value]}, slug=f"list{number}")
        (folder / "data/secret/1.yaml").write_text(yaml.safe_dump({"args": value, "hint": value}))
        with pytest.raises(PackageError):
            read_package(folder)


def test_a_spoilt_package_is_read_or_refused_and_never_crashes(tmp_path: Path) -> None:
    refused: list[PackageError] = []
    for seed in range(60):
        chance = Random(seed)
        folder = foreign_package(tmp_path, slug=f"spoilt{seed}")
        for _ in range(2):
            _spoilt(folder, chance)
        try:
            read_package(folder)
        except PackageError as error:
            refused.append(error)
    assert len(refused) > 30
    assert all(one.path and one.message for error in refused for one in error.findings)


def test_the_legacy_form_shows_no_input_of_a_talk(tmp_path: Path) -> None:
    files: dict[str, str | None] = {"output_validators/talk.py": "raise SystemExit(42)\n"}
    package = read(tmp_path, files, problem={"validation": "custom interactive"}, legacy=True)
    (sample,) = package.samples()
    assert (sample.input, sample.shown_input(), sample.shown_answer()) == (b"1\n", b"", b"")
