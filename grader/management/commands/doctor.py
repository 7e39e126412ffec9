"""`manage.py doctor [--json]`: which guarantees hold on this host, and what to do about those that do not."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sandbox.doctor import Report, diagnose


class Command(BaseCommand):
    help = "Tries every guarantee of the sandbox on this host; exits 1 where submissions may not run."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        report = diagnose()
        if options["json"]:
            self.stdout.write(json.dumps(_document(report), ensure_ascii=False, indent=2))
        else:
            self._tell(report)
        if not report.able:
            sys.exit(1)

    def _tell(self, report: Report) -> None:
        for finding in report.findings:
            style = self.style.SUCCESS if finding.held else self.style.ERROR
            self.stdout.write(
                f"{style('holds ' if finding.held else 'absent')}  {finding.name}: {finding.detail}"
            )
            if not finding.held:
                self.stdout.write(f"        {finding.remedy}")
        self.stdout.write("\nLanguages' tools on this host:")
        for language, version in report.toolchains:
            self.stdout.write(f"  {language}: {version}")
        verdict = "Submissions may run here." if report.able else "Submissions may not run here."
        self.stdout.write(f"\n{verdict}")


def _document(report: Report) -> dict[str, Any]:
    return {
        "able": report.able,
        "guarantees": [asdict(finding) for finding in report.findings],
        "toolchains": dict(report.toolchains),
    }
