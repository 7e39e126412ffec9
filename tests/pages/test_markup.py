"""Markdown of authors becomes HTML that can do no harm; formulas are left for KaTeX."""

from __future__ import annotations

import pytest

from questionbank.markup import render, render_line


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[press](javascript:alert(1))",
        "![x](javascript:alert(1))",
        '<a href="/" style="position:fixed">x</a>',
        "[x](data:text/html,<script>alert(1)</script>)",
        "$<script>alert(1)</script>$",
        "$$<img src=x onerror=alert(1)>$$",
    ],
)
def test_nothing_that_runs_survives(hostile: str) -> None:
    for html in (render(hostile), render_line(hostile)):
        assert "<script" not in html
        assert "<img src=x" not in html
        assert 'href="javascript' not in html
        assert 'src="javascript' not in html
        assert "<a style" not in html
        assert 'href="data' not in html


def test_formulas_keep_their_source() -> None:
    html = render("where $a < b$ and\n\n$$\\frac{1}{2}$$\n")
    assert '<span class="math">a &lt; b</span>' in html
    assert '<div class="math display" tabindex="0">\\frac{1}{2}</div>' in html


def test_prices_are_no_formulas() -> None:
    assert "math" not in render("It costs 5$ or 6$ a day.")


def test_headings_come_below_the_pages_own() -> None:
    for highest in ("#", "##", "###"):
        html = render(f"{highest} One\n\n{highest}# Two")
        assert "<h2>One</h2>" in html
        assert "<h3>Two</h3>" in html


def test_a_table_without_a_head_has_none() -> None:
    html = render("| | |\n| --- | --- |\n| a | b |\n")
    assert "<thead>" not in html
    assert "<td>a</td>" in html


def test_an_empty_corner_is_no_header() -> None:
    html = render("| | x |\n| --- | --- |\n| a | b |\n")
    assert "<th></th>" not in html
    assert "<th>x</th>" in html


def test_what_scrolls_can_be_reached_by_keyboard() -> None:
    assert '<pre tabindex="0">' in render("```python\nx = 1\n```")
    assert '<table tabindex="0">' in render("| a |\n| --- |\n| b |\n")
