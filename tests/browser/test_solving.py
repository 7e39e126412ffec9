"""Someone new signs up, fails, solves, and finds it all again; in English and in Chinese."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from questionbank.packages.model import Kind
from tests.browser.conftest import Visit, expect_verdict, log_in, send, sign_up, write_code
from tests.fixtures.bank import SLUGS, packages

pytestmark = pytest.mark.browser
PROBLEMS = Path(__file__).parents[2] / "fixtures" / "problems"
WORDS = {
    "en": {"wrong": "Wrong answer", "accepted": "Accepted", "expected": "Expected", "reached": "Reached"},
    "zh": {"wrong": "答案错误", "accepted": "通过", "expected": "期望", "reached": "达标"},
}
WRONG_ON_A_SAMPLE = "def f1_scores(matrix, zero_division):\n    return [0.0] * len(matrix), 0.0, 0.0\n"


def solution(problem: str, path: str) -> str:
    return (PROBLEMS / problem / "submissions" / path).read_text()


def new_name() -> str:
    return f"visitor-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_function_is_answered_wrongly_then_rightly(
    visit: Visit, accessible: Callable[[Page], None], language: str
) -> None:
    words = WORDS[language]
    page = visit(language)
    sign_up(page, new_name())
    page.goto("/problems/f1-from-confusion-matrix/")
    write_code(page, WRONG_ON_A_SAMPLE)
    send(page)
    expect_verdict(page, "WA")
    results = page.locator("#results")
    expect(results).to_contain_text(words["wrong"])
    expect(results.locator(".diff")).to_contain_text(words["expected"])
    expect(results.locator(".row.added b").first).to_be_visible()
    accessible(page)

    write_code(page, solution("f1-from-confusion-matrix", "accepted/row_and_column_sums.py"))
    send(page)
    expect_verdict(page, "AC")
    expect(results).to_contain_text(words["accepted"])
    dots = results.locator(".dot")
    assert dots.count() > 3
    assert set(dots.all_text_contents()) == {"AC"}
    accessible(page)

    page.goto("/submissions/")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("tbody tr a").first.click()
    expect(page.locator("#source")).to_contain_text("def f1_scores")
    accessible(page)


@pytest.mark.ml
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_quantisation_exercise_is_measured(
    visit: Visit, accessible: Callable[[Page], None], language: str
) -> None:
    page = visit(language, theme="dark")
    sign_up(page, new_name())
    page.goto("/problems/int8-quantisation/")
    write_code(page, solution("int8-quantisation", "accepted/full_int8.py"))
    send(page)
    expect_verdict(page, "AC")
    rows = page.locator("#results .metrics tbody tr")
    expect(rows).to_have_count(3)
    for row in rows.all():
        expect(row).to_contain_text(WORDS[language]["reached"])
    accessible(page)


def test_verdicts_arrive_while_the_page_stays(visit: Visit) -> None:
    page = visit()
    sign_up(page, new_name())
    page.goto("/problems/f1-from-confusion-matrix/")
    streamed: list[str] = []
    page.on(
        "request", lambda request: streamed.append(request.url) if request.url.endswith("/events/") else None
    )
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    write_code(page, solution("f1-from-confusion-matrix", "accepted/one_pass.py"))
    send(page)
    expect_verdict(page, "AC")
    assert len(streamed) == 1
    assert loads == []


def test_samples_and_own_input_run_without_being_recorded(visit: Visit) -> None:
    page = visit()
    sign_up(page, new_name())
    page.goto("/problems/f1-from-confusion-matrix/")
    write_code(page, solution("f1-from-confusion-matrix", "accepted/one_pass.py"))
    page.locator("button[data-action=run]").click()
    expect(page.locator("#results .run .verdict.AC").first).to_be_visible(timeout=60_000)
    page.locator("#tab-own").click()
    page.locator("#own-input").fill("[[[1, 0], [0, 1]], 0.0]")
    page.locator("button[data-own]").click()
    expect(page.locator("#results .run")).to_have_count(1, timeout=60_000)
    expect(page.locator("#results .run-body")).to_contain_text("1.0")
    page.goto("/submissions/")
    expect(page.locator("tbody tr")).to_have_count(0)


def test_the_keyboard_alone_runs_and_submits(visit: Visit) -> None:
    page = visit()
    sign_up(page, new_name())
    page.goto("/problems/f1-from-confusion-matrix/")
    write_code(page, solution("f1-from-confusion-matrix", "accepted/one_pass.py"))
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results .run .verdict.AC").first).to_be_visible(timeout=60_000)
    page.locator(".cm-content").focus()
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    expect_verdict(page, "AC")


def test_a_draft_survives_on_another_computer(visit: Visit) -> None:
    name = new_name()
    page = visit()
    sign_up(page, name)
    page.goto("/problems/top-p-sampling/")
    write_code(page, "# half a thought\n")
    expect(page.locator("#draft-status")).to_have_text("Draft saved")
    elsewhere = visit()
    elsewhere.goto("/accounts/login/")
    elsewhere.locator("[name=login]").fill(name)
    elsewhere.locator("[name=password]").fill("a long enough passphrase")
    elsewhere.locator("main button.primary").click()
    expect(elsewhere).to_have_url(re.compile("/problems/$"))
    elsewhere.goto("/problems/top-p-sampling/")
    expect(elsewhere.locator(".cm-content")).to_contain_text("# half a thought")


def test_typed_spaces_stay_spaces(visit: Visit) -> None:
    """Under a strict policy an editor without its styles turns them into U+00A0."""
    page = visit()
    sign_up(page, new_name())
    page.goto("/problems/top-p-sampling/")
    write_code(page, "")
    page.keyboard.type("x = 1  # two")
    assert page.locator("textarea[name=source]").input_value() == "x = 1  # two"


def test_a_choice_is_answered_and_its_editorial_opens(visit: Visit) -> None:
    page = visit()
    sign_up(page, new_name())
    page.goto("/problems/quantisation-trade-offs/")
    page.locator("#tab-editorial").click()
    expect(page.locator("#editorial")).not_to_contain_text("The chip computes in integers only")
    page.locator("input[value=static-int8]").check()
    send(page)
    expect_verdict(page, "AC")
    page.reload()
    page.locator("#tab-editorial").click()
    expect(page.locator("#editorial")).to_contain_text("The chip computes in integers only")


def test_the_catalogue_filters_at_once_and_keeps_its_address(visit: Visit) -> None:
    page, choices = visit(), len(packages(Kind.CHOICE))
    page.goto("/problems/")
    page.locator("#kind-choice").check()
    expect(page.locator(".problem-cards > li")).to_have_count(choices)
    expect(page).to_have_url(re.compile("kind=choice"))
    page.reload()
    expect(page.locator(".problem-cards > li")).to_have_count(choices)


LOOKS = [("en", "light"), ("en", "dark"), ("zh", "light"), ("zh", "dark")]


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_every_page_is_accessible(
    visit: Visit, accessible: Callable[[Page], None], language: str, theme: str
) -> None:
    page = visit(language, theme)
    for path in ("/", "/problems/", "/accounts/login/", "/accounts/signup/", "/nothing-here/"):
        page.goto(path)
        accessible(page)
    log_in(page, "interviewer")
    for path in (
        "/problems/",
        "/submissions/",
        "/sets/",
        "/sets/new/",
        "/review/",
        "/accounts/password/change/",
    ):
        page.goto(path)
        accessible(page)
    # Each problem in one look of the four: what a page is made of is in all of them.
    for slug in SLUGS[LOOKS.index((language, theme)) :: len(LOOKS)]:
        page.goto(f"/problems/{slug}/")
        if page.locator("textarea[data-editor]").count():
            page.locator(".cm-content").wait_for()
        accessible(page)


def test_a_phone_shows_every_part_without_scrolling_sideways(visit: Visit) -> None:
    page = visit(width=390, height=844)
    sign_up(page, new_name())
    for path in ("/", "/problems/", "/problems/int8-quantisation/", "/submissions/", "/sets/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_language_and_theme_are_chosen_in_the_menu_and_kept(visit: Visit) -> None:
    page = visit()
    page.goto("/problems/")
    page.locator(".site-tools summary").first.click()
    page.locator("button[data-theme-choice=dark]").click()
    page.locator("button[value=zh-hans]").click()
    expect(page.locator("h1")).to_have_text("题目")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.reload()
    assert page.locator("html").get_attribute("lang") == "zh-Hans"


def test_an_answer_is_written_in_two_languages_and_each_text_is_kept(visit: Visit) -> None:
    page = visit("en")
    sign_up(page, new_name())
    page.goto("/problems/batch-scheduler/")
    code, choice = page.locator(".cm-content"), page.get_by_label("Language of the answer")
    write_code(page, "# half an answer in Python\n")
    choice.select_option("c")
    expect(code).to_contain_text("int main")
    write_code(page, solution("batch-scheduler", "accepted/heap_of_ends.c"))
    send(page)
    expect_verdict(page, "AC")
    choice.select_option("python")
    expect(code).to_contain_text("half an answer in Python")
    page.goto("/submissions/")
    page.locator("tbody tr a").first.click()
    expect(page.locator("#source")).to_contain_text("#include")
    page.goto("/problems/batch-scheduler/")
    expect(choice).to_have_value(re.compile("^(c|python)$"))
    choice.select_option("c")
    expect(code).to_contain_text("#include")
