"""The languages an answer may be written in: one value a language, one module each."""

from __future__ import annotations

from collections.abc import Mapping

from grader.judge.languages import bash, c, cpp, go, java, javascript, python, rust, sql, typescript
from grader.judge.languages.language import Language

LANGUAGES: Mapping[str, Language] = {
    module.LANGUAGE.key: module.LANGUAGE
    for module in (python, c, cpp, java, javascript, typescript, go, rust, bash, sql)
}

__all__ = ["LANGUAGES", "Language"]
