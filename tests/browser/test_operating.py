"""Staff choose the thresholds of publishing, and try a rubric while they write it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import JUDGED_WITHIN_MS, Visit, log_in

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("language", "theme"), [("en", "dark"), ("zh", "light")])
def test_thresholds_are_chosen_and_a_rubric_is_tried(
    visit: Visit, accessible: Callable[[Page], None], language: str, theme: str
) -> None:
    page = visit(language, theme=theme)
    log_in(page, "admin")
    page.goto("/review/")
    page.locator("main a[href='/grader/']").click()
    accessible(page)
    page.locator("#half_width").fill("0.25")
    page.locator("button[formmethod=get]").click()
    expect(page).to_have_url(re.compile("half_width=0.25"))
    expect(page.locator("#half_width")).to_have_value("0.25")
    accessible(page)

    page.goto("/grader/preview/?problem=deployment-challenges")
    expect(page.locator("#rubric")).to_have_value(re.compile("latency-throughput"))
    page.locator("#answer").fill("Quantisation lowers memory, and quality must be measured again afterwards.")
    result = page.locator("#preview [data-state=over]")
    # Nobody has pressed a button.
    expect(result).to_be_visible(timeout=JUDGED_WITHIN_MS)
    expect(result.locator("ol > li")).to_have_count(6)
    accessible(page)
    page.locator("#rubric").fill("points: 3")
    expect(page.locator("#preview .error")).to_contain_text("rubric.yaml")
    accessible(page)
