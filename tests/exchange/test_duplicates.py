"""Problems that are nearly another are pointed out, in either language, and so are their solutions."""

from __future__ import annotations

from pathlib import Path

from questionbank.exchange.duplicates import near_duplicates
from questionbank.packages.model import Package
from questionbank.packages.reader import read_package
from tests.fixtures.bank import packages
from tests.packages.writing import write_package

ENGLISH = (
    "A warehouse keeps boxes in a row. Each box has a weight in whole kilograms, and a crane lifts the "
    "heaviest one that it can carry. Say how much the crane has lifted in all "
    "when nothing is left that it can carry."
)
CHINESE = (
    "仓库里的箱子排成一行，每个箱子的重量是整数千克。起重机每次吊起它能承受的最重的箱子。"
    "当剩下的箱子都超过起重机的承受能力时，请说出起重机一共吊起了多少千克，并说明剩下多少个箱子。"
)


def problem(parent: Path, slug: str, english: str, chinese: str, source: str = "") -> Package:
    files: dict[str, str | None] = {"statement/problem.en.md": english, "statement/problem.zh.md": chinese}
    if source:
        files["submissions/accepted/double.py"] = source
    return read_package(write_package(parent, slug=slug, files=files))


def test_a_statement_with_a_word_changed_is_pointed_out_in_its_language(tmp_path: Path) -> None:
    first = problem(tmp_path, "boxes", ENGLISH, CHINESE)
    second = problem(tmp_path, "crates", ENGLISH.replace("heaviest", "largest"), "乘以二。")
    third = problem(tmp_path, "chinese", "Double it.", CHINESE.replace("一共", "总共"))
    near = near_duplicates([second, third], [first])
    assert {slug: [one.message.split(":")[0] for one in found] for slug, found in near.items()} == {
        "crates": ["its statement in en is nearly that of boxes"],
        "chinese": ["its statement in zh is nearly that of boxes"],
    }


def test_a_solution_that_is_only_laid_out_anew_is_pointed_out(tmp_path: Path) -> None:
    source = "def solve(x):\n    total = 0\n    for step in range(2):\n        total += x\n    return total\n"
    first = problem(tmp_path, "one", ENGLISH, CHINESE, source)
    second = problem(tmp_path, "two", "Double it.", "乘以二。", source.replace("    ", "  ") + "\n\n")
    (finding,) = near_duplicates([first, second])["two"]
    assert finding.message.startswith("its solution in python is nearly that of one: 100%")


def test_no_shipped_problem_is_nearly_another() -> None:
    assert near_duplicates(packages()) == {}
