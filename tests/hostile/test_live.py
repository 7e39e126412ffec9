"""What a submission prints, raises and returns, sent over HTTP to a running installation."""

from __future__ import annotations

import http.cookiejar
import json
import re
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

import pytest

from fixtures.demo import PASSWORD, PROBLEMS
from grader.verdict import FINAL_STAGES, Verdict

PROBLEM = "f1-from-confusion-matrix"
REFERENCE = sorted((PROBLEMS / PROBLEM / "submissions" / "accepted").glob("*.py"))[0].read_text()
JUDGED_WITHIN_S = 240


@dataclass(frozen=True, slots=True)
class Site:
    """One candidate's connection to the running installation."""

    address: str
    token: str = ""

    def ask(self, path: str, body: Any = None) -> Any:
        """The JSON of an answer; fails on any status but success."""
        request = urllib.request.Request(f"{self.address}{path}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Token {self.token}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def submit(self, source: str) -> str:
        body = {"problem": PROBLEM, "language": "python", "source": source}
        return str(self.ask("/api/v1/submissions/", body)["id"])

    def judged(self, submission: str) -> dict[str, Any]:
        """The submission once it is over."""
        return self._waited(f"/api/v1/submissions/{submission}/", lambda told: told["stage"] in FINAL_STAGES)

    def ran(self, source: str) -> list[dict[str, Any]]:
        """The samples' runs, off the record."""
        body = {"problem": PROBLEM, "language": "python", "source": source}
        started = self.ask("/api/v1/runs/", body)["id"]
        runs: list[dict[str, Any]] = self._waited(f"/api/v1/runs/{started}/", lambda told: told["done"])[
            "runs"
        ]
        return runs

    def _waited(self, path: str, is_over: Any) -> dict[str, Any]:
        deadline = time.monotonic() + JUDGED_WITHIN_S
        while not is_over(told := self.ask(path)):
            assert time.monotonic() < deadline, told
            time.sleep(0.1)
        return dict(told)


@pytest.fixture(scope="module")
def site(live_stack: str) -> Site:
    address = live_stack.rstrip("/")
    login = {"username": "candidate", "password": PASSWORD}
    return Site(address, Site(address).ask("/api/v1/auth/login/", login)["token"])


@pytest.mark.parametrize(
    "text",
    ["\\x1b[2J\\x1b[1;31mAC\\x1b[0m", "\\u202eCA", "a\\0b", "</pre><script>alert(1)</script>", "\\ud800"],
    ids=["terminal", "right to left", "NUL", "markup", "half of a pair"],
)
def test_what_a_submission_prints_reaches_nobody_as_more_than_text(site: Site, text: str) -> None:
    """Printed, raised and returned: it is told in JSON, and the page shows it without becoming it."""
    printing = f"import sys\nsys.stdout.reconfigure(errors='replace')\nprint('{text}', flush=True)\n"
    source = f"{printing}def f1_scores(*_):\n  if _[1]: raise ValueError('{text}')\n  return '{text}'"
    told = site.judged(site.submit(source))
    assert told["verdict"] == Verdict.WA
    runs = site.ran(source)
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
