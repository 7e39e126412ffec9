"""The form of a set: its texts as a Django form, its problems as ordered rows of (slug, weight)."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from interviews.services import MAX_INTRODUCTION, MAX_ITEMS, MAX_MINUTES, MAX_WEIGHT, ItemDraft
from questionbank.models import Problem
from questionbank.pages.words import DIFFICULTY_NAMES, KIND_NAMES, name_of


class SetForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200)
    time_limit_minutes = forms.IntegerField(
        label=_("Time limit, minutes"),
        min_value=1,
        max_value=MAX_MINUTES,
        help_text=_("From the start of each attempt."),
    )
    introduction = forms.CharField(
        label=_("Introduction"),
        required=False,
        max_length=MAX_INTRODUCTION,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What candidates read before they start. Markdown."),
    )


@dataclass(frozen=True, slots=True)
class Pickable:
    slug: str
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    slug: str
    name: str
    about: str
    weight: int


def pickable() -> list[Pickable]:
    """Every published problem, by name."""
    found = []
    for problem in Problem.objects.filter(current__isnull=False).select_related("current"):
        version = problem.current
        if version is None:
            continue
        kind = str(KIND_NAMES.get(version.kind, version.kind))
        difficulty = str(DIFFICULTY_NAMES.get(version.difficulty, version.difficulty))
        found.append(Pickable(problem.slug, name_of(version), f"{kind} · {difficulty}"))
    return sorted(found, key=lambda one: one.name)


def chosen_items(request: HttpRequest) -> list[ItemDraft]:
    """The rows in the order they were sent; a weight that is no number counts as 0, which is refused."""
    slugs = request.POST.getlist("problem")[: MAX_ITEMS + 1]
    weights = request.POST.getlist("weight")
    return [
        ItemDraft(slug, int(weight) if weight.isdecimal() and len(weight) <= len(str(MAX_WEIGHT)) else 0)
        for slug, weight in zip(slugs, weights, strict=False)
    ]


def rows_for(items: list[ItemDraft], problems: list[Pickable]) -> list[ItemRow]:
    known = {problem.slug: problem for problem in problems}
    return [
        ItemRow(item.slug, known[item.slug].name, known[item.slug].about, item.weight)
        for item in items
        if item.slug in known
    ]
