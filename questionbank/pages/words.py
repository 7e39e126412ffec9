"""The words pages use for closed sets, and the choice between a text's languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from questionbank.packages.languages import LANGUAGES
from questionbank.packages.model import Difficulty, Kind

Words = Mapping[str, str | Promise]

KIND_NAMES: Words = {
    Kind.FUNCTION: _("Function"),
    Kind.PASS_FAIL: _("Program"),
    Kind.ARTIFACT: _("Model"),
    Kind.CHOICE: _("Choice"),
    Kind.OPEN: _("Open question"),
}
DIFFICULTY_NAMES: Words = {
    Difficulty.EASY: _("Easy"),
    Difficulty.MEDIUM: _("Medium"),
    Difficulty.HARD: _("Hard"),
}
PROGRESS_NAMES: Words = {"new": _("Not tried"), "tried": _("Tried"), "solved": _("Solved")}
LANGUAGE_NAMES: Words = {
    **{language.key: language.name for language in LANGUAGES.values()},
    "text": _("Text"),
    "choice": _("Choice"),
    "answers": _("Outputs"),
}


def language_name(key: str) -> str:
    """What the language of an answer is called."""
    return str(LANGUAGE_NAMES.get(key, key))


class Named(Protocol):
    """A row with its name in both languages, such as `Topic` and `ProblemVersion`."""

    name_en: str
    name_zh: str


def text_language() -> str:
    """ "zh" or "en": the key of localised texts that fits the page's language."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


def localised(texts: Mapping[str, str]) -> str:
    """The text in the page's language, else in English, else in whichever there is."""
    return texts.get(text_language()) or texts.get("en") or next(filter(None, texts.values()), "")


def name_of(row: Named) -> str:
    return (row.name_zh if text_language() == "zh" else row.name_en) or row.name_en
