"""`manage.py doctor [--json]`: which guarantees hold on this host, and what to do about those that do not."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from grader.jail import open_sandbox
from grader.judge.toolchains import Finding as LanguageFinding
from grader.judge.toolchains import survey
from sandbox.doctor import Report, diagnose


class Command(BaseCommand):
    help = "Tries every guarantee of the sandbox on this host; exits 1 where submissions may not run."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        report = diagnose()
        languages = _languages() if report.able else []
        if options["json"]:
            self.stdout.write(json.dumps(_document(report, languages), ensure_ascii=False, indent=2))
        else:
            self._tell(report, languages)
        if not report.able:
            sys.exit(1)

    def _tell(self, report: Report, languages: list[LanguageFinding]) -> None:
        for finding in report.findings:
            style = self.style.SUCCESS if finding.held else self.style.ERROR
            self.stdout.write(
                f"{style('holds ' if finding.held else 'absent')}  {finding.name}: {finding.detail}"
            )
            if not finding.held:
                self.stdout.write(f"        {finding.remedy}")
        self.stdout.write("\nLanguages that answers may be written in here:")
        for found in languages:
            tools = found.toolchain
            style = self.style.SUCCESS if tools else self.style.WARNING
            self.stdout.write(
                f"{style('usable' if tools else 'absent')}  {found.language.name}: "
                f"{tools.version if tools else found.remedy}"
            )
        verdict = "Submissions may run here." if report.able else "Submissions may not run here."
        self.stdout.write(f"\n{verdict}")


def _languages() -> list[LanguageFinding]:
    with open_sandbox() as sandbox:
        return list(survey(sandbox))


def _document(report: Report, languages: list[LanguageFinding]) -> dict[str, Any]:
    return {
        "able": report.able,
        "guarantees": [asdict(finding) for finding in report.findings],
        "languages": {
            finding.language.key: {
                "name": finding.language.name,
                "version": finding.toolchain.version if finding.toolchain else None,
                "remedy": finding.remedy,
            }
            for finding in languages
        },
    }
