"""Both languages are whole, and each person gets the one they asked for."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.urls import reverse

from questionbank.models import ProblemVersion, User
from tests.pages.conftest import CODE, client_of

HOME = Path(__file__).parents[2]
CATALOGUE = HOME / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
ROOMS = ("questionbank", "grader", "interviews")


def translated() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        messages = read_po(file, locale="zh_Hans")
    texts = {}
    for message in messages:
        if not message.id:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        text = message.string if isinstance(message.string, str) else message.string[0]
        assert not message.fuzzy, f"fuzzy: {key}"
        assert message.python_format is False or not list(message.check()), key
        texts[key] = text
    return texts


def extracted(folder: Path) -> set[str]:
    """Every text that pages and services mark for translation, as makemessages finds it."""
    from django.utils.translation.template import templatize

    sources = folder / "sources"
    sources.mkdir()
    names = []
    for room in ROOMS:
        for path in sorted((HOME / room).rglob("*")):
            if path.suffix not in {".py", ".html"} or "migrations" in path.parts:
                continue
            text = path.read_text()
            if path.suffix == ".html":
                text = templatize(text, origin=str(path))
            copy = sources / f"{len(names)}.py"
            copy.write_text(text)
            names.append(str(copy))
    keywords = ["gettext_lazy", "ngettext:1,2", "pgettext:1c,2", "npgettext:1c,2,3", "gettext_noop"]
    command = ["xgettext", "--language=Python", "--from-code=UTF-8", "--output=-", "--no-location"]
    found = subprocess.run(
        [*command, *(f"--keyword={word}" for word in keywords), *names], capture_output=True, check=True
    )
    # xgettext leaves the head of its template to be filled in.
    template = (
        found.stdout.replace(b"CHARSET", b"UTF-8").replace(b"INTEGER", b"2").replace(b"EXPRESSION", b"n != 1")
    )
    keys = set()
    for message in read_po(io.BytesIO(template)):
        if message.id:
            keys.add(message.id if isinstance(message.id, str) else message.id[0])
    return keys


def test_every_text_has_its_chinese(tmp_path: Path) -> None:
    texts = translated()
    assert sorted(extracted(tmp_path) - texts.keys()) == []
    assert sorted(key for key, text in texts.items() if not text.strip()) == []


def test_the_compiled_texts_are_those_of_the_source(tmp_path: Path) -> None:
    fresh = tmp_path / "django.mo"
    subprocess.run(["msgfmt", "-o", str(fresh), str(CATALOGUE)], check=True)
    assert fresh.read_bytes() == CATALOGUE.with_suffix(".mo").read_bytes()


@pytest.mark.parametrize(
    ("header", "language"), [("zh-CN,zh;q=0.9", "zh-Hans"), ("en-GB", "en"), ("fr", "en")]
)
def test_the_browsers_language_is_followed(
    versions: dict[str, ProblemVersion], header: str, language: str
) -> None:
    page = client_of(None).get(reverse("problem", args=[CODE]), headers={"accept-language": header})
    assert f'<html lang="{language}"' in page.content.decode()
    name = versions[CODE].name_zh if language == "zh-Hans" else versions[CODE].name_en
    assert f"<h1>{name}</h1>" in page.content.decode()


def test_a_chosen_language_is_kept(versions: dict[str, ProblemVersion], candidate: User) -> None:
    client = client_of(candidate)
    answer = client.post(reverse("choose-language"), {"language": "zh-hans", "next": "/problems/"})
    assert answer["Location"] == "/problems/"
    assert '<html lang="zh-Hans"' in client.get("/problems/").content.decode()
    candidate.refresh_from_db()
    assert candidate.language == "zh-hans"


def test_the_language_form_leads_to_no_other_site(db: None) -> None:
    answer = client_of(None).post(
        reverse("choose-language"), {"language": "en", "next": "https://example.org/"}
    )
    assert answer["Location"] == "/"


def test_an_unknown_language_is_refused(db: None) -> None:
    assert client_of(None).post(reverse("choose-language"), {"language": "xx"}).status_code == 400
