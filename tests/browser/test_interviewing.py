"""An interviewer makes a set, a candidate takes it under the clock, the table shows the result."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, expect_verdict, log_in, send, sign_up, write_code
from tests.browser.test_solving import new_name, solution

pytestmark = pytest.mark.browser
WORDS = {
    "en": {"finished": "Finished", "mark": "to mark", "total": "33.3"},
    "zh": {"finished": "已结束", "mark": "待评阅", "total": "33.3"},
}


def make_set(page: Page, title: str) -> str:
    """A set of a function (weight 1) and an open question (weight 2); returns its link."""
    page.goto("/sets/new/")
    page.locator("[name=title]").fill(title)
    page.locator("[name=time_limit_minutes]").fill("30")
    for slug in ("f1-from-confusion-matrix", "deployment-challenges"):
        page.locator("#set-picker").select_option(slug)
    page.locator("#set-items li").nth(1).locator("input[type=number]").fill("2")
    expect(page.locator("#set-items li").nth(1).locator("[data-share]")).to_have_text("67 %")
    page.locator("main button.primary").click()
    return page.locator("#share-link").input_value()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_set_is_made_taken_and_read(
    visit: Visit, accessible: Callable[[Page], None], site: str, language: str
) -> None:
    words = WORDS[language]
    interviewer = visit(language)
    log_in(interviewer, "interviewer")
    link = make_set(interviewer, f"Journey {new_name()}")
    set_address = interviewer.url

    name = new_name()
    candidate = visit(language, theme="dark")
    sign_up(candidate, name)
    candidate.goto(link)
    accessible(candidate)
    candidate.locator("main button.primary").click()
    expect(candidate.locator(".clock [data-face]")).to_have_text(re.compile(r"^(29|30):\d\d$"))
    accessible(candidate)
    candidate.locator("main .cards a").first.click()
    expect(candidate.locator("#tab-editorial")).to_have_count(0)
    write_code(candidate, solution("f1-from-confusion-matrix", "accepted/one_pass.py"))
    send(candidate)
    expect_verdict(candidate, "AC")
    candidate.locator(".attempt-bar nav a").nth(1).click()
    accessible(candidate)
    candidate.locator("textarea[name=source]").fill(
        "Latency, memory, cost, and drift. Measure each before you trust it."
    )
    send(candidate)
    expect_verdict(candidate, "")
    candidate.locator(".attempt-bar > a").click()
    candidate.locator("main details summary").click()
    candidate.locator("main button.danger").click()
    accessible(candidate)

    interviewer.goto(set_address)
    row = interviewer.locator("tbody tr", has_text=name)
    expect(row).to_contain_text("100")
    expect(row).to_contain_text(words["mark"])
    expect(row).to_contain_text(words["total"])
    accessible(interviewer)
    row.locator("a").first.click()
    expect(interviewer.locator("#source")).to_contain_text("def f1_scores")
    accessible(interviewer)


def test_an_open_answer_is_marked_point_by_point(visit: Visit, accessible: Callable[[Page], None]) -> None:
    name = new_name()
    candidate = visit()
    sign_up(candidate, name)
    candidate.goto("/problems/deployment-challenges/")
    candidate.locator("textarea[name=source]").fill(
        "Latency is bounded by memory bandwidth; so measure tokens a second."
    )
    send(candidate)
    expect_verdict(candidate, "")

    interviewer = visit()
    log_in(interviewer, "interviewer")
    interviewer.goto("/review/")
    interviewer.locator(".cards li", has_text=name).locator("a").click()
    accessible(interviewer)
    points = interviewer.locator("fieldset.point")
    for point in points.all():
        point.locator("input[value=met]").check()
    points.first.locator("input[maxlength]").fill("Well said.")
    interviewer.locator("form.card button.primary").click()
    expect(interviewer.locator(".messages")).to_contain_text("100")

    candidate.goto("/submissions/")
    candidate.locator("tbody a").first.click()
    expect(candidate.locator(".verdict-panel")).to_contain_text("Well said.")
    accessible(candidate)


def test_an_attempt_is_nobody_elses(visit: Visit) -> None:
    interviewer = visit()
    log_in(interviewer, "interviewer")
    link = make_set(interviewer, f"Private {new_name()}")
    candidate = visit()
    sign_up(candidate, new_name())
    candidate.goto(link)
    candidate.locator("main button.primary").click()
    stranger = visit()
    sign_up(stranger, new_name())
    answer = stranger.goto(candidate.url)
    assert answer is not None
    assert answer.status == 404
