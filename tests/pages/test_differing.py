"""A wrong answer is shown beside the expected one, line by line, with what differs marked."""

from __future__ import annotations

from grader.pages.differing import MAX_LINES, MAX_MARKED_LINE, Difference, difference
from tests.growth import LINEAR, growth


def test_equal_lines_are_plain_and_differing_ones_are_paired() -> None:
    found = difference("1\n2\n3\n", "1\n5\n3\n")
    assert [line.change for line in found.expected] == ["", "removed", ""]
    assert [line.change for line in found.got] == ["", "added", ""]


def test_the_differing_part_of_a_line_is_marked() -> None:
    found = difference("[1, 2, 3]", "[1, 7, 3]")
    assert [segment.text for segment in found.expected[0].segments if segment.marked] == ["2"]
    assert [segment.text for segment in found.got[0].segments if segment.marked] == ["7"]


def test_missing_and_superfluous_lines_are_shown() -> None:
    assert [line.change for line in difference("a\nb\n", "a\n").expected] == ["", "removed"]
    assert [line.change for line in difference("a\n", "a\nb\n").got] == ["", "added"]


def test_no_text_is_lost() -> None:
    expected, got = "alpha\nbeta gamma\n", "alpha\nbeta delta\nrest"
    found = difference(expected, got)
    for lines, text in ((found.expected, expected), (found.got, got)):
        assert ["".join(segment.text for segment in line.segments) for line in lines] == text.splitlines()


def test_long_outputs_are_cut_and_said_to_be() -> None:
    found = difference("x\n" * (MAX_LINES + 1), "x\n")
    assert found.shortened
    assert len(found.expected) == MAX_LINES


def test_lines_made_to_be_hard_to_compare_cost_no_more_than_others() -> None:
    def compared(text: str) -> Difference:
        return difference(text, text.replace("x", "y"))

    assert growth(compared, lambda size: "ax" * (size // 2), MAX_MARKED_LINE // 2) < LINEAR
    text = "\n".join(["ax" * (MAX_MARKED_LINE // 2)] * 3)
    shown = compared(text)
    assert ["".join(part.text for part in line.segments) for line in shown.expected] == text.splitlines()
    assert not any(part.text == "x" and not part.marked for line in shown.expected for part in line.segments)
