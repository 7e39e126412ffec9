"""Markdown of authors to HTML that may stand in a page: rendered by markdown-it, cleaned by nh3.

Formulas stay as their TeX source in `.math` elements; the page's script hands them to KaTeX.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import PurePosixPath

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

# What a picture is, by its extension. In an `img` no script of an SVG runs.
_PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".svg": "image/svg+xml",
}
TAGS = frozenset(
    {
        "a",
        "blockquote",
        "br",
        "code",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
        "em",
        "h2",
        "h3",
        "h4",
        "h5",
        "hr",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    }
)
ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "span": {"class"},
    "div": {"class", "tabindex"},
    "code": {"class"},
    "pre": {"tabindex"},
    "table": {"tabindex"},
    "th": {"scope"},
}
SCHEMES = {"http", "https", "mailto"}


def _formula(content: str, options: dict[str, bool]) -> str:
    source = escape(content.strip())
    if options.get("display_mode"):
        return f'<div class="math display" tabindex="0">{source}</div>'
    return f'<span class="math">{source}</span>'


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    """Only the classes that the renderer itself writes survive."""
    if attribute != "class":
        return value
    if tag in {"span", "div"}:
        return value if value in {"math", "math display"} else None
    return value if value.startswith("language-") else None


def _renderer() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    markdown.enable(["table", "strikethrough"])
    markdown.use(
        dollarmath_plugin, renderer=_formula, double_inline=True, allow_space=False, allow_digits=False
    )
    return markdown


_MARKDOWN = _renderer()


def _headed(tokens: list[Token]) -> list[Token]:
    """Without table heads that say nothing: Markdown demands a head where the table needs none."""
    kept: list[Token] = []
    head: list[Token] = []
    for token in tokens:
        if token.type == "thead_open" or head:
            head.append(token)
            if token.type != "thead_close":
                continue
            if any(cell.type == "inline" and cell.content for cell in head):
                kept += _without_empty_headers(head)
            head = []
        else:
            kept.append(token)
    return kept


def _without_empty_headers(head: list[Token]) -> list[Token]:
    for opening, content, closing in zip(head, head[1:], head[2:], strict=False):
        if opening.type == "th_open" and not content.content:
            opening.tag = closing.tag = "td"
    return head


@lru_cache(maxsize=512)
def render(source: str) -> SafeString:
    """HTML of a whole text. Its highest heading becomes h2, below the page's own h1."""
    tokens = _headed(_MARKDOWN.parse(source))
    highest = min((int(token.tag[1]) for token in tokens if token.type == "heading_open"), default=2)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(5, int(token.tag[1]) + 2 - highest)}"
        elif token.type == "table_open":
            token.attrSet("tabindex", "0")
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    # Wide tables and code scroll, and what scrolls must be reachable by keyboard.
    html = html.replace("<pre>", '<pre tabindex="0">')
    cleaned = nh3.clean(
        html,
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes=SCHEMES,
        link_rel="noopener",
    )
    return mark_safe(cleaned)  # noqa: S308 - nh3 has just cleaned it


def with_pictures(
    html: SafeString, pictures: Mapping[str, bytes], address: Callable[[str], str]
) -> SafeString:
    """Rendered HTML whose pictures, by their names in it, stand in the page itself.

    Links to the package's other files lead to their `address`.
    """
    for name, data in pictures.items():
        kind = _PICTURES.get(PurePosixPath(name).suffix.lower())
        if kind and f'src="{escape(name)}"' in html:
            shown = f"data:{kind};base64,{b64encode(data).decode()}"
            html = mark_safe(html.replace(f'src="{escape(name)}"', f'src="{shown}"'))  # noqa: S308 - our own
        link = f'href="{escape(address(name))}"'
        html = mark_safe(html.replace(f'href="{escape(name)}"', link))  # noqa: S308 - our own
    return html


@lru_cache(maxsize=2048)
def render_line(source: str) -> SafeString:
    """HTML of a single line, without a paragraph around it."""
    cleaned = nh3.clean(
        _MARKDOWN.renderInline(source),
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes=SCHEMES,
        link_rel="noopener",
    )
    return mark_safe(cleaned)  # noqa: S308 - nh3 has just cleaned it
