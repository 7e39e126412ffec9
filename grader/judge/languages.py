"""The languages an answer may be written in, and how each runs in the jail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Language:
    """`source_name` is the file a submission becomes in /work; `extensions` name it outside."""

    key: str
    name: str
    source_name: str
    extensions: tuple[str, ...]


PYTHON = Language("python", "Python 3", "solution.py", (".py",))

LANGUAGES: Mapping[str, Language] = {language.key: language for language in (PYTHON,)}


def language_of(path: PurePosixPath) -> Language | None:
    """The language a file's extension stands for, None where it stands for none."""
    for language in LANGUAGES.values():
        if path.suffix in language.extensions:
            return language
    return None
