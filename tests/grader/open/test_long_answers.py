"""Answers that are no sentences: read in time that grows as their length does, whatever they are made of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.anonymising import REMOVED, anonymised
from grader.judge.compiling import MAX_SOURCE_BYTES
from grader.llm.judging import MAX_ANSWER
from grader.llm.suspicion import without_suspicious
from grader.open.grading import MAX_READ
from grader.open.texts import clauses, words
from tests.growth import LINEAR, growth

READERS: dict[str, tuple[Callable[[str], object], str, int]] = {
    "clauses of commas": (clauses, ",", MAX_READ),
    "clauses of commas and spaces": (clauses, ", ", MAX_READ),
    "clauses of letters and commas": (clauses, "a,", MAX_READ),
    "Chinese without a break": (words.__wrapped__, "的", MAX_READ),
    "names taken out of one long word": (lambda text: anonymised(text, ["Ada"]), "a", MAX_SOURCE_BYTES // 4),
    "names taken out of dots": (lambda text: anonymised(text, ["Ada"]), ".", MAX_SOURCE_BYTES // 4),
    "words to the grader in blanks": (without_suspicious, " ", MAX_ANSWER),
}


@pytest.mark.parametrize(("reader", "unit", "size"), READERS.values(), ids=READERS)
def test_a_long_answer_is_read_in_linear_time(reader: Callable[[str], object], unit: str, size: int) -> None:
    words("的")
    assert growth(reader, lambda long: "a<" + unit * (long // len(unit)), size // 2) < LINEAR


def test_clauses_too_short_to_say_anything_are_joined_to_the_next_one() -> None:
    told = clauses(", so, well, this clause says something, , and so does that one.")
    assert [span.text for span in told] == [
        "so, well, this clause says something,",
        "and so does that one.",
    ]


def test_mail_addresses_are_taken_out_wherever_they_stand() -> None:
    text = "ada.l+x@mail.example.org,bob@x.org_c@y.org no@mail a..b@c.d"
    assert anonymised(text, []) == f"{REMOVED},{REMOVED}{REMOVED} no@mail {REMOVED}"
