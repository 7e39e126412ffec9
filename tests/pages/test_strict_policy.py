"""No page needs an inline script or style, so the policy allows none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import reverse

from questionbank.models import ProblemVersion, User
from tests.pages.conftest import CODE, client_of

HOME = Path(__file__).parents[2]
TEMPLATES = sorted(
    path for room in ("questionbank", "grader", "interviews") for path in (HOME / room).rglob("*.html")
)


@pytest.mark.parametrize("page", ["home", "catalogue", "account_login", "account_signup"])
def test_every_page_carries_the_policy(versions: dict[str, ProblemVersion], page: str) -> None:
    policy = client_of(None).get(reverse(page))["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_the_nonce_is_of_one_answer_only(versions: dict[str, ProblemVersion], candidate: User) -> None:
    client = client_of(candidate)
    nonces = set()
    for _ in range(2):
        answer = client.get(reverse("problem", args=[CODE]))
        found = set(re.findall(r'nonce="([^"]+)"', answer.content.decode()))
        assert len(found) == 1
        assert f"'nonce-{next(iter(found))}'" in answer["Content-Security-Policy"]
        nonces |= found
    assert len(nonces) == 2


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_inline_script_style_or_handler(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


def test_an_unknown_address_is_answered_in_the_visitors_language(db: None) -> None:
    page = client_of(None).get("/nothing/", headers={"accept-language": "zh-CN"})
    assert page.status_code == 404
    assert "这个地址没有内容" in page.content.decode()
