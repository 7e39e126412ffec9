"""What an answer may be, and what of a text may be kept."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from grader.errors import AnswerRefused
from grader.judge.choices import MalformedChoice, chosen_options
from grader.judge.compiling import MAX_SOURCE_BYTES
from grader.lacks import lack_of, language_lack, named
from questionbank.packages.model import Package


def check_answer(package: Package, language: str, source: str) -> None:
    """Raises `AnswerRefused` where the problem takes no such answer, or none here."""
    if lack := lack_of(package):
        raise AnswerRefused(lack, field="problem")
    if language not in package.languages:
        message = _("This problem takes answers in: %(languages)s.") % {"languages": named(package.languages)}
        raise AnswerRefused(message, field="language")
    if lack := language_lack(package, language):
        raise AnswerRefused(lack, field="language")
    if not source.strip():
        raise AnswerRefused(_("The answer is empty."))
    check_text(source)
    if package.choice:
        try:
            chosen_options(package.choice, source)
        except MalformedChoice as error:
            raise AnswerRefused(_("Choose at least one of the options, and only from them.")) from error


def check_text(text: str, *, field: str = "source") -> None:
    """Raises `AnswerRefused` for what no database and no file keeps as it is, and for what is too long."""
    if "\0" in text:
        raise AnswerRefused(_("The text holds a NUL character."), field=field)
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise AnswerRefused(_("The text holds half a character: a lone surrogate."), field=field) from error
    if size > MAX_SOURCE_BYTES:
        message = _("The text has %(size)s bytes, the most is %(most)s.")
        raise AnswerRefused(message % {"size": size, "most": MAX_SOURCE_BYTES}, field=field)


def storable(record: dict[str, Any]) -> dict[str, Any]:
    """A record whose texts a submission may have written, with every text made fit to be kept."""
    return {key: clean(value) if isinstance(value, str) else value for key, value in record.items()}


def clean(text: str) -> str:
    """Without NUL, which PostgreSQL cannot keep, and without halves of characters, which nothing encodes."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
