"""What this installation has not that a problem needs, in a sentence for people."""

from __future__ import annotations

from django.utils.translation import gettext as _

from grader.devices import can_judge
from questionbank.data import missing_data
from questionbank.packages.model import Package


def lack_of(package: Package) -> str:
    """Why answers to the problem cannot be judged here; empty where they can."""
    if not can_judge(package):
        return _("This problem needs a GPU, and this installation has none.")
    if missing := missing_data(package):
        return data_missing(missing)
    return ""


def data_missing(names: tuple[str, ...]) -> str:
    return _("This exercise is not available on this installation: %(names)s could not be installed.") % {
        "names": ", ".join(names)
    }
