"""Every number of the list has an attack or a reason, and README.md tells what the tests do."""

from __future__ import annotations

import importlib
from collections import Counter

from tests.hostile.catalogue import ATTACKS
from tests.hostile.table import NOT_ON_EVERY_HOST, NUMBERS, README, TITLES, rows, text


def test_each_number_has_an_attack_or_a_reason() -> None:
    attacked = {row.number for row in rows()}
    assert set(NUMBERS) - attacked - set(NOT_ON_EVERY_HOST) == set()
    assert set(TITLES) == set(NUMBERS)


def test_several_verdicts_stand_only_beside_a_reason() -> None:
    assert [attack.name for attack in ATTACKS if (len(attack.verdicts) > 1) != bool(attack.because)] == []


def test_no_two_attacks_have_one_name() -> None:
    counted = Counter((attack.number, attack.name) for attack in ATTACKS)
    assert [name for name, times in counted.items() if times > 1] == []


def test_every_row_names_a_test_that_is_there() -> None:
    for where in {row.where for row in rows()}:
        module, _, name = where.partition(".")
        assert callable(getattr(importlib.import_module(f"tests.hostile.{module}"), name)), where


def test_the_readme_is_up_to_date() -> None:
    assert README.read_text(encoding="utf-8") == text(), "run: python -m tests.hostile.table"
