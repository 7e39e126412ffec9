"""What a submission prints, raises and returns, sent over HTTP to a running installation."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.parse
import urllib.request

import pytest

from fixtures.demo import PASSWORD
from grader.verdict import Verdict
from tests.hostile.site import Site, log_in

PROBLEM = "f1-from-confusion-matrix"


@pytest.fixture(scope="module")
def site(live_stack: str) -> Site:
    return log_in(live_stack)


@pytest.mark.parametrize(
    "text",
    ["\\x1b[2J\\x1b[1;31mAC\\x1b[0m", "\\u202eCA", "a\\0b", "</pre><script>alert(1)</script>", "\\ud800"],
    ids=["terminal", "right to left", "NUL", "markup", "half of a pair"],
)
def test_what_a_submission_prints_reaches_nobody_as_more_than_text(site: Site, text: str) -> None:
    """Printed, raised and returned: it is told in JSON, and the page shows it without becoming it."""
    printing = f"import sys\nsys.stdout.reconfigure(errors='replace')\nprint('{text}', flush=True)\n"
    source = f"{printing}def f1_scores(*_):\n  if _[1]: raise ValueError('{text}')\n  return '{text}'"
    told = site.judged(site.submit(PROBLEM, source))
    assert told["verdict"] == Verdict.WA
    runs = site.ran(PROBLEM, source)
    assert {run["verdict"] for run in runs} == {Verdict.WA, Verdict.RE}
    assert "<script>alert" not in _page(site, f"/submissions/{told['id']}/")


def _page(site: Site, path: str) -> str:
    """A page as the demo's candidate sees it."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    login = f"{site.address}/accounts/login/"
    form = browser.open(login, timeout=60).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token
    fields = {"csrfmiddlewaretoken": token.group(1), "login": "candidate", "password": PASSWORD}
    request = urllib.request.Request(login, urllib.parse.urlencode(fields).encode(), {"Referer": login})
    browser.open(request, timeout=60).close()
    return str(browser.open(f"{site.address}{path}", timeout=60).read().decode())
