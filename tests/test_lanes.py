"""Both lanes together hold every test once."""

from __future__ import annotations

from tests.lanes import APART, HOME, commands


def test_what_the_second_lane_takes_the_first_one_leaves() -> None:
    first, second = commands()
    assert {part.partition("=")[2] for part in first[0] if part.startswith("--ignore=")} == set(second[0][3:])


def test_every_room_of_the_second_lane_is_there() -> None:
    assert all((HOME / "tests" / room).is_dir() for room in APART)
