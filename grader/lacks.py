"""What this installation has not that a problem needs, in a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from grader.devices import can_judge
from questionbank.data import missing_data
from questionbank.offering import offered
from questionbank.packages.languages import LANGUAGES
from questionbank.packages.model import Package


def lack_of(package: Package) -> str:
    """Why answers to the problem cannot be judged here; empty where they can."""
    if not can_judge(package):
        return _("This problem needs a GPU, and this installation has none.")
    if missing := missing_data(package):
        return data_missing(missing)
    if not offered(package):
        return _("Answers to this problem are written in %(languages)s, which cannot be judged here.") % {
            "languages": named(package.languages)
        }
    return ""


def language_lack(package: Package, language: str) -> str:
    """Why an answer in a language of the problem cannot be judged here; empty where it can."""
    if language in offered(package):
        return ""
    return _("Answers in %(language)s cannot be judged here. Choose one of: %(languages)s.") % {
        "language": named([language]),
        "languages": named(offered(package)),
    }


def named(languages: Iterable[str]) -> str:
    """The languages' names, for a sentence."""
    return ", ".join(LANGUAGES[key].name if key in LANGUAGES else key for key in languages)


def data_missing(names: tuple[str, ...]) -> str:
    return _("This exercise is not available on this installation: %(names)s could not be installed.") % {
        "names": ", ".join(names)
    }
