"""Banks of problems in other formats, written here: a few families of functions, each in many variants."""

# ruff: noqa: E501 - programs of one line
from __future__ import annotations

import json
from typing import Any

Record = dict[str, Any]
# name, parameters, what it does, body, tests. {k} is the variant. Tests call `candidate`.
FAMILIES: list[tuple[str, str, str, str, str]] = [
    (
        "scaled_sum",
        "numbers: list[int]",
        "the sum of the numbers, {k} times",
        "    total = 0\n    for number in numbers:\n        total += number\n    return {k} * total\n",
        "assert candidate([1, 2, 3]) == {k} * 6\nassert candidate([]) == 0\nassert candidate([-4]) == -4 * {k}\n",
    ),
    (
        "mean_above",
        "numbers",
        "the mean of the numbers above {k}, 0.0 where there are none",
        "    kept = [n for n in numbers if n > {k}]\n    return sum(kept) / len(kept) if kept else 0.0\n",
        "assert abs(candidate([{k}, {k} + 1.5, {k} + 2.0]) - ({k} + 1.75)) < 1e-6\n"
        "assert abs(candidate([0.5, {k} - 1.0])) < 1e-6\n",
    ),
    (
        "pairs_that_sum",
        "numbers",
        "the set of pairs (a, b), a <= b, of the numbers whose sum is {k}",
        "    found = set()\n    for i, a in enumerate(numbers):\n        for b in numbers[i + 1:]:\n"
        "            if a + b == {k}:\n                found.add((min(a, b), max(a, b)))\n    return found\n",
        "assert candidate([1, {k} - 1, 4]) == {{(min(1, {k} - 1), max(1, {k} - 1))}}\nassert candidate([]) == set()\n"
        "assert candidate([{k}, 0, 7]) == {{(min(0, {k}), max(0, {k}))}}\n",
    ),
    (
        "lengths_by_word",
        "text: str",
        "how long each word of at least {k} letters is",
        "    return {{word: len(word) for word in text.split() if len(word) >= {k}}}\n",
        "assert candidate('a ' + 'b' * {k}) == {{'b' * {k}: {k}, **({{'a': 1}} if {k} <= 1 else {{}})}}\n"
        "assert candidate('') == {{}}\n",
    ),
    (
        "counts_by_number",
        "numbers",
        "how often each number occurs modulo {k} + 1, by number",
        "    counts = {{}}\n    for n in numbers:\n        counts[n % ({k} + 1)] = counts.get(n % ({k} + 1), 0) + 1\n"
        "    return counts\n",
        "assert candidate([0, {k} + 1, 1]) == {{0: 2, 1: 1}}\nassert candidate([]) == {{}}\n",
    ),
    (
        "only_whole",
        "values: list",
        "the whole numbers among the values, each plus {k}",
        "    return [value + {k} for value in values if isinstance(value, int)]\n",
        "assert candidate([1, 'a', 2.5, None, [], {{}}]) == [1 + {k}]\nassert candidate([4, 5, '6']) == [4 + {k}, 5 + {k}]\n",
    ),
    (
        "divide_or_none",
        "a, b={k}",
        "a / b, None where b is 0",
        "    if b == 0:\n        return None\n    return a / b\n",
        "assert candidate(1, 0) is None\nassert candidate({k}) == 1.0\nassert candidate(6, b=3) == 2.0\n",
    ),
    (
        "first_and_last",
        "items",
        "the first and the last of the items as a tuple, after dropping {k} from both ends",
        "    kept = items[{k}:len(items) - {k}]\n    return (kept[0], kept[-1]) if kept else ()\n",
        "assert candidate(list(range(2 * {k} + 3))) == ({k}, {k} + 2)\nassert candidate([]) == ()\n",
    ),
    (
        "shifted",
        "text: str",
        "the small letters moved on by {k}",
        "    return ''.join(chr((ord(c) - 97 + {k}) % 26 + 97) for c in text)\n",
        "from random import choice\n"
        "for _ in range(5):\n    text = ''.join(choice('abcxyz') for _ in range(6))\n"
        "    moved = candidate(text)\n    assert ''.join(chr((ord(c) - 97 - {k}) % 26 + 97) for c in moved) == text\n",
    ),
    (
        "climbs",
        "n: int",
        "in how many ways one climbs n steps, 1 or {k} + 1 at a time",
        "    if n < 0:\n        return 0\n    if n == 0:\n        return 1\n"
        "    return {name}(n - 1) + {name}(n - 1 - {k})\n",
        "assert [candidate(n) for n in (0, 1)] == [1, 1]\nassert candidate({k} + 1) == 2\nassert candidate({k} + 2) == 3\n",
    ),
]
VARIANTS = range(1, 12)
PROBLEMS = len(FAMILIES) * len(VARIANTS)


def _variants() -> list[tuple[str, str, str, str, str]]:
    found = []
    for k in VARIANTS:
        for stem, parameters, text, body, tests in FAMILIES:
            name = f"{stem}_{k}"
            said = [part.format(k=k, name=name) for part in (parameters, text, body, tests)]
            found.append((name, *said))
    return found  # type: ignore[return-value]


def humaneval_records() -> list[Record]:
    return [
        {
            "task_id": f"Own/{number}",
            "prompt": f'def {name}({parameters}):\n    """Return {text}."""\n',
            "entry_point": name,
            "canonical_solution": body,
            "test": "def check(candidate):\n" + "".join(f"    {line}\n" for line in tests.splitlines()),
            "license": "CC-BY-SA-4.0",
            "attribution": "Touchstone's tests",
        }
        for number, (name, parameters, text, body, tests) in enumerate(_variants())
    ]


def mbpp_records() -> list[Record]:
    """Families whose tests are assertions, one a line."""
    found = []
    for number, (name, parameters, text, body, tests) in enumerate(_variants()):
        lines = tests.replace("candidate(", f"{name}(").splitlines()
        if any(not line.startswith("assert ") for line in lines):
            lines = ["\n".join(lines)]
        found.append(
            {
                "task_id": number + 1,
                "text": f"Write a function that returns {text}.",
                "code": f"def {name}({parameters}):\r\n{body}",
                "test_list": lines[:2],
                "test_setup_code": "",
                "challenge_test_list": lines[2:],
            }
        )
    return found


def jsonl(records: list[Record]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)
