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


GRADED_WORDS = {
    "en": {"standing": "Provisional", "confirm": "Confirm"},
    "zh": {"standing": "暂定", "confirm": "确认"},
}


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
def test_an_open_answer_is_graded_and_confirmed_by_keyboard(
    visit: Visit, accessible: Callable[[Page], None], language: str, theme: str
) -> None:
    words, name = GRADED_WORDS[language], new_name()
    candidate = visit(language, theme=theme)
    sign_up(candidate, name)
    candidate.goto("/problems/deployment-challenges/")
    candidate.locator("textarea[name=source]").fill(
        "Quantisation, pruning and distillation compress the model; they lower its memory, and quality must "
        "be measured again afterwards. Ship it."
    )
    send(candidate)
    expect_verdict(candidate, "")
    panel = candidate.locator("#results .feedback")
    expect(panel).to_have_attribute("data-standing", "provisional")
    expect(panel).to_contain_text(words["standing"])
    accessible(candidate)

    interviewer = visit(language, theme=theme)
    log_in(interviewer, "interviewer")
    interviewer.goto("/review/")
    accessible(interviewer)
    interviewer.locator(".cards li", has_text=name).locator("a").click()
    accessible(interviewer)
    points = interviewer.locator("fieldset.point")
    expect(points.first.locator("input:checked")).to_have_count(1)
    expect(interviewer.locator("form.card button.primary")).to_contain_text(words["confirm"])
    interviewer.keyboard.press("j")
    said = points.first.get_attribute("data-graded")
    interviewer.keyboard.press("1")
    expect(points.first.locator("input[value=met]")).to_be_checked()
    if said != "met":
        points.first.locator("input[maxlength]").fill("Well said.")
    interviewer.keyboard.press("Control+Enter")
    expect(interviewer.locator(".messages .success")).to_be_visible()
    interviewer.goto("/review/agreement/")
    accessible(interviewer)

    candidate.goto("/submissions/")
    candidate.locator("tbody a").first.click()
    expect(candidate.locator(".feedback")).to_have_attribute("data-standing", "marked")
    if said != "met":
        expect(candidate.locator(".feedback")).to_contain_text("Well said.")
    candidate.locator("#regrade summary").click()
    accessible(candidate)
    candidate.locator("#reason").fill("Look at my last sentence.")
    candidate.locator("#regrade button").click()
    expect(candidate.locator("#regrade")).to_have_count(0)


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
