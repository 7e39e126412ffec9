"""Filters of the pages: texts in the page's language, Markdown, and the words of closed sets."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest
from django.utils.safestring import SafeString

from questionbank.markup import render, render_line
from questionbank.pages import words
from questionbank.pages.script_strings import STRINGS

register = template.Library()


@register.filter
def localised(texts: Mapping[str, str]) -> str:
    return words.localised(texts)


@register.filter
def name(row: words.Named) -> str:
    return words.name_of(row)


@register.filter
def markdown(source: str) -> SafeString:
    return render(source)


@register.filter
def markdown_line(source: str) -> SafeString:
    return render_line(source)


@register.filter
def kind_name(kind: str) -> str:
    return str(words.KIND_NAMES.get(kind, kind))


@register.filter
def difficulty_name(difficulty: str) -> str:
    return str(words.DIFFICULTY_NAMES.get(difficulty, difficulty))


@register.filter
def language_name(language: str) -> str:
    return words.language_name(language)


@register.filter
def progress_name(progress: str) -> str:
    return str(words.PROGRESS_NAMES.get(progress, progress))


@register.simple_tag(takes_context=True)
def page_query(context: Mapping[str, object], number: int) -> str:
    """The query of this page with another page number, so that filters survive turning pages."""
    request = context["request"]
    if not isinstance(request, HttpRequest):
        raise TypeError("page_query needs the request in the template's context")
    pairs = [(key, value) for key, values in request.GET.lists() if key != "page" for value in values]
    return "?" + urlencode([*pairs, ("page", number)])


@register.simple_tag
def script_strings() -> dict[str, str]:
    return {key: str(text) for key, text in STRINGS.items()}
