"""The languages an answer may be written in: what they are called, their files, and the values they hold.

How each is compiled and run is the judge's business (`grader.judge.languages`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from questionbank.packages.types import TypeWord

_SIGNED_64 = 2**63 - 1
_EXACT_DOUBLES = 2**53 - 1
LARGEST_TUPLE = 8
"""Items of a tuple where the driver brings its type."""


@dataclass(frozen=True, slots=True)
class AnswerLanguage:
    """One language.

    `everywhere` is false for a language that answers only problems made for it. `largest_int` is the
    largest absolute value that its `int` keeps exactly, None where there is no bound, 0 where it takes
    no function problems at all.
    """

    key: str
    name: str
    extensions: tuple[str, ...]
    everywhere: bool = True
    largest_int: int | None = _SIGNED_64

    def obstacle(self, words: tuple[TypeWord, ...], returns: TypeWord) -> str:
        """Why a function with parameters `words` cannot be written in it; empty where it can."""
        if self.largest_int == 0:
            return "it takes no function problems"
        if self.key == "python":
            return ""
        for word in (*words, *(() if returns.name == "None" else (returns,))):
            for part in _parts(word):
                if part.name == "ndarray" and part.rank is None:
                    return "an ndarray needs its number of axes there: ndarray[float64, 2]"
                if part.name == "object":
                    return "object is a type in Python alone"
                if part.name == "None":
                    return "None is a type there only as what a function returns"
                if part.name == "tuple" and len(part.items) > LARGEST_TUPLE:
                    return f"a tuple has at most {LARGEST_TUPLE} items there"
        return ""


def _parts(word: TypeWord) -> list[TypeWord]:
    return [word, *(part for item in word.items for part in _parts(item))]


LANGUAGES: Mapping[str, AnswerLanguage] = {
    language.key: language
    for language in (
        AnswerLanguage("python", "Python 3", (".py",), largest_int=None),
        AnswerLanguage("c", "C", (".c",)),
        AnswerLanguage("cpp", "C++", (".cpp", ".cc", ".cxx")),
        AnswerLanguage("java", "Java", (".java",)),
        AnswerLanguage("javascript", "JavaScript", (".js", ".cjs", ".mjs"), largest_int=_EXACT_DOUBLES),
        AnswerLanguage("typescript", "TypeScript", (".ts",), largest_int=_EXACT_DOUBLES),
        AnswerLanguage("go", "Go", (".go",)),
        AnswerLanguage("rust", "Rust", (".rs",)),
        AnswerLanguage("bash", "Bash", (".sh",), largest_int=0),
        AnswerLanguage("sql", "SQL (SQLite)", (".sql",), everywhere=False, largest_int=0),
    )
}
_BY_EXTENSION = {
    extension: language.key for language in LANGUAGES.values() for extension in language.extensions
}


def language_of(extension: str) -> str | None:
    """The key of the language whose files end in `extension` (with its dot), None where there is none."""
    return _BY_EXTENSION.get(extension)
