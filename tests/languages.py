"""Leaves a test out, saying why, where this host has no tools for a language: the gate does not pass then."""

from __future__ import annotations

import pytest

from grader.judge.languages import LANGUAGES
from grader.judge.toolchains import survey
from sandbox.client import Sandbox


def require(language: str, sandbox: Sandbox) -> None:
    """Skips the test that asks where jails cannot run the language."""
    if language not in LANGUAGES:
        return
    for finding in survey(sandbox):
        if finding.language.key == language and finding.toolchain is None:
            pytest.skip(f"no answer in {finding.language.name} can be judged here. {finding.remedy}")
