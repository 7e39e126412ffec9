"""The languages an answer may be written in: one value a language, one module each."""

from __future__ import annotations

from collections.abc import Mapping

from grader.judge.languages import c, cpp, python
from grader.judge.languages.language import Language

LANGUAGES: Mapping[str, Language] = {module.LANGUAGE.key: module.LANGUAGE for module in (python, c, cpp)}

__all__ = ["LANGUAGES", "Language"]
