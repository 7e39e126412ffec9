"""What the editor opens with where a package brings no text of its own, made from the problem's signature.

One module a language. Each says how the language writes the types of `questionbank.packages.types`; the
judge's drivers call a function by the same words, so that a stub and what calls it cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters import bash, c, cpp, go, java, javascript, python, rust, sql, typescript

_FUNCTIONS: Mapping[str, Callable[[FunctionSpec], str]] = {
    "python": python.function,
    "c": c.function,
    "cpp": cpp.function,
    "java": java.function,
    "javascript": javascript.function,
    "typescript": typescript.function,
    "go": go.function,
    "rust": rust.function,
}
_PROGRAMS: Mapping[str, str] = {
    "python": python.PROGRAM,
    "c": c.PROGRAM,
    "cpp": cpp.PROGRAM,
    "java": java.PROGRAM,
    "javascript": javascript.PROGRAM,
    "typescript": typescript.PROGRAM,
    "go": go.PROGRAM,
    "rust": rust.PROGRAM,
    "bash": bash.PROGRAM,
    "sql": sql.PROGRAM,
}


def starter_for(language: str, function: FunctionSpec | None) -> str:
    """The stub of the function, or a program that reads its input where `function` is None.

    `language` must be one that can express the function (`AnswerLanguage.obstacle`).
    """
    return _PROGRAMS[language] if function is None else _FUNCTIONS[language](function)
