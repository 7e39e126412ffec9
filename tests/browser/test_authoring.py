"""An author writes a problem, the gate proves it, another author publishes it, a candidate solves it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import JUDGED_WITHIN_MS, Visit, expect_verdict, log_in, send, sign_up, write_code
from tests.browser.test_solving import new_name

pytestmark = pytest.mark.browser
DOUBLE = "def solve(x):\n    return 2 * x\n"


def section(page: Page, name: str) -> None:
    """Opens a section of the draft by its address, whatever language its name is in."""
    page.locator(f".sections a[href$='/{name}/']").click()


def save(page: Page) -> None:
    page.locator("main form button.primary").first.click()
    expect(page.locator(".messages .success")).to_be_visible()


def write_file(page: Page, path: str, text: str) -> None:
    section(page, "files")
    page.locator("#path").fill(path)
    page.locator("main form.card button").click()
    write_code(page, text)
    save(page)


def add_test(page: Page, name: str, given: str) -> None:
    section(page, "tests")
    page.locator("#name").fill(name)
    page.locator("#given").fill(given)
    page.locator("main form.card button.primary").click()
    expect(page.locator(".messages .success")).to_be_visible()


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
def test_a_problem_goes_from_its_template_to_a_candidates_solution(
    visit: Visit, accessible: Callable[[Page], None], language: str, theme: str
) -> None:
    slug = f"twice-{new_name()}".lower().replace("_", "-")
    author = visit(language, theme=theme)
    log_in(author, "author")
    author.goto("/authoring/")
    accessible(author)
    for field, text in {"name_en": "Twice", "name_zh": "两倍", "slug": slug}.items():
        author.locator(f"#{field}").fill(text)
    author.locator("#kind").select_option("function")
    author.locator("main form.card button.primary").click()
    draft = author.url
    accessible(author)

    section(author, "texts")
    author.locator("#statement_en").fill("Return **twice** the number $x$.")
    expect(author.locator("#preview-statement_en strong")).to_have_text("twice")
    expect(author.locator("#preview-statement_en .katex").first).to_be_visible()
    accessible(author)
    save(author)
    section(author, "settings")
    accessible(author)
    author.locator("#id_expected_minutes").fill("5")
    save(author)
    write_file(author, "submissions/accepted/reference.py", DOUBLE)
    write_file(author, "submissions/wrong_answer/one_more.py", "def solve(x):\n    return x + 1\n")
    accessible(author)
    section(author, "files")
    author.locator("a[href$='/data/sample/cases.jsonl']").click()
    author.locator("#text").fill('{"name": "one", "args": [1], "expected": 2}\n')
    save(author)
    section(author, "files")
    author.locator("a[href$='/data/secret/cases.jsonl']").click()
    author.locator("#text").fill('{"name": "two", "args": [2]}\n')
    save(author)
    for name, given in {"none": "[0]", "minus": "[-7]"}.items():
        add_test(author, name, given)
    accessible(author)
    author.locator("form:has([name=do][value=fill]) button").click()
    expect(author.locator(".messages .success")).to_be_visible()
    for _ in range(40):
        author.goto(f"{draft}tests/")
        if author.locator("main table code").filter(has_text="-14").count():
            break
        author.wait_for_timeout(500)
    expect(author.locator("main table code").filter(has_text="-14")).to_have_count(1)

    section(author, draft.rstrip("/").rpartition("/")[2])
    author.locator("form[action$='/prove/'] button").click()
    expect(author.locator("[data-proven=yes]")).to_be_visible(timeout=JUDGED_WITHIN_MS)
    accessible(author)
    author.locator("form[action$='/submit/'] button").click()
    expect(author.locator("form[action$='/publish/']")).to_have_count(0)

    reviewer = visit(language, theme=theme)
    log_in(reviewer, "admin")
    reviewer.goto(draft)
    accessible(reviewer)
    reviewer.locator("form[action$='/publish/'] button").click()
    accessible(reviewer)

    candidate = visit(language, theme=theme)
    sign_up(candidate, new_name())
    candidate.goto(f"/problems/{slug}/")
    write_code(candidate, DOUBLE)
    send(candidate)
    expect_verdict(candidate, "AC")
    author.goto(f"{draft}history/")
    accessible(author)

    author.goto(f"/problems/{slug}/versions/")
    accessible(author)
    author.locator("[name=scope][value=all]").check()
    author.locator("main form.card button.primary").click()
    rejudge = author.url
    apply = author.locator("form[action$='/apply/'] button")
    for _ in range(40):
        if apply.count():
            break
        author.wait_for_timeout(500)
        author.goto(rejudge)
    accessible(author)
    apply.click()
    expect(author.locator(".messages .success")).to_be_visible()
