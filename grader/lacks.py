"""What this installation has not that a problem needs, in a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.utils.translation import gettext as _

from grader.devices import can_judge
from grader.models import Submission
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


class Lack(StrEnum):
    """What a worker found missing, as it is kept with the answer: a name may follow, after a colon."""

    DATA = "data"
    LANGUAGE = "language"
    GPU = "gpu"
    ASSURANCE = "assurance"


def message_of(submission: Submission) -> str:
    """What is said of the whole answer, in the reader's language."""
    if not submission.lack:
        return submission.message
    return _("%(lack)s This answer is not counted.") % {"lack": sentence(submission.lack)}


def sentence(lack: str) -> str:
    """What is missing, in the reader's language."""
    kind, _colon, name = lack.partition(":")
    match Lack(kind):
        case Lack.DATA:
            return data_missing((name,))
        case Lack.LANGUAGE:
            return _("Answers in %(language)s cannot be judged here.") % {"language": name}
        case Lack.GPU:
            return _("This problem needs a GPU that this installation has not.")
        case Lack.ASSURANCE:
            return _("This problem needs a runtime for high assurance, and this installation has none.")
