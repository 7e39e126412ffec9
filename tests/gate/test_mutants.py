"""A mutant is one small mistake, written where a person would make it."""

from __future__ import annotations

import ast
import textwrap
from collections import Counter

import pytest

from grader.gate.mutants import Mutant, Operator, mutants_of
from tests.fixtures.bank import packages


def mutants(source: str) -> list[Mutant]:
    return mutants_of(textwrap.dedent(source).lstrip())


def edits(source: str, operator: Operator) -> set[str]:
    return {mutant.after for mutant in mutants(source) if mutant.operator is operator}


@pytest.mark.parametrize(
    ("expression", "operator", "expected"),
    [
        ("a < b", Operator.BOUNDARY, {"(a <= b)"}),
        ("a < b", Operator.COMPARISON, {"(a >= b)"}),
        ("a in b", Operator.COMPARISON, {"(a not in b)"}),
        ("0 <= a < b", Operator.BOUNDARY, {"(0 < a < b)", "(0 <= a <= b)"}),
        ("a + b * c", Operator.ARITHMETIC, {"(a - b * c)", "(b + c)"}),
        ("a and not b", Operator.CONDITION, {"(a or not b)", "(b)"}),
        ("a if b else c", Operator.CONDITION, {"(c if b else a)"}),
        ("-a", Operator.ARITHMETIC, {"(a)"}),
        ("f(a, b, c)", Operator.SWAPPED_ARGUMENT, {"(f(b, a, c))", "(f(a, c, b))"}),
        ("max(a, b)", Operator.SWAPPED_ARGUMENT, set()),
        ("a[1]", Operator.CONSTANT, {"2", "(0)"}),
        ("a == ''", Operator.CONSTANT, {"'x'"}),
        ("a or True", Operator.CONSTANT, {"False"}),
    ],
)
def test_an_expression_is_changed_in_one_place(
    expression: str, operator: Operator, expected: set[str]
) -> None:
    assert edits(f"def f(a, b, c):\n    return {expression}\n", operator) == expected


def test_statements_are_removed_and_loops_end_early() -> None:
    source = """
        def f(xs):
            total = 0
            for x in xs:
                if x > 3:
                    continue
                total += x
                xs.append(x)
            return total
    """
    assert edits(source, Operator.REMOVED_STATEMENT) == {"pass"}
    assert edits(source, Operator.EARLY_RETURN) == {
        "break",
        "return None",
        "xs.append(x)\n        break",
    }


def test_what_no_call_reaches_is_left_alone() -> None:
    source = '''
        """Text 1."""
        import math
        def f(x: int = 0) -> "list[3]":
            """More text 2."""
            if x is None:
                raise ValueError("bad " + "x")
            return f"{x + 1}"
        if __name__ == "__main__":
            print(f(1 + 2))
    '''
    assert {mutant.line for mutant in mutants(source)} == {3, 5, 7}


def test_a_mutant_of_the_same_bytecode_is_no_mutant() -> None:
    assert edits("def f(a):\n    return not (a == 1)\n", Operator.COMPARISON) == {"(a != 1)"}
    assert "(not (a))" not in {mutant.after for mutant in mutants("def f(a):\n    return a\n")}


def test_two_alike_on_one_line_are_told_apart_by_their_names() -> None:
    """An author who says that one is equivalent says nothing of the other."""
    names = {mutant.name for mutant in mutants("def f(a):\n    low, high = 0, 0\n    return a[low:high]\n")}
    assert {"2: 0 → 1 (1 of 2)", "2: 0 → 1 (2 of 2)", "2: 0 → (-1) (1 of 2)", "2: 0 → (-1) (2 of 2)"} <= names


def test_positions_hold_beside_chinese_text() -> None:
    (only,) = [
        mutant
        for mutant in mutants("def f(a):\n    return {'数值': a < 2}\n")
        if mutant.operator is Operator.BOUNDARY
    ]
    assert only.source == "def f(a):\n    return {'数值': (a <= 2)}\n"
    assert only.diff("def f(a):\n    return {'数值': a < 2}\n").splitlines()[-2:] == [
        "-    return {'数值': a < 2}",
        "+    return {'数值': (a <= 2)}",
    ]


def test_every_reference_of_the_bank_has_distinct_mutants_that_compile() -> None:
    for package in packages():
        for submission in package.submissions:
            if submission.expected != "AC" or submission.language != "python":
                continue
            found = mutants_of(submission.source.decode())
            assert len(found) > 5, submission.path
            for told_apart_by in (lambda mutant: mutant.source, lambda mutant: mutant.name):
                assert max(Counter(map(told_apart_by, found)).values()) == 1
            for mutant in found:
                ast.parse(mutant.source)
