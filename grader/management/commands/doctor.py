"""`manage.py doctor [--json]`: which guarantees hold on this host, and what to do about those that do not."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from grader.jail import open_sandbox
from grader.judge.toolchains import Finding as LanguageFinding
from grader.judge.toolchains import survey
from sandbox.devices import DeviceState
from sandbox.doctor import Report, diagnose
from sandbox.oci.runtimes import REMEDY


class Command(BaseCommand):
    help = "Tries every guarantee of the sandbox on this host; exits 1 where submissions may not run."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        demanded = settings.ASSURANCE
        report = diagnose(high_assurance=demanded.high, oci_runtime=demanded.runtime)
        languages, devices = _seen() if report.able else ([], ())
        if options["json"]:
            document = _document(report, languages, devices)
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            self._tell(report, languages, devices)
        if not report.able:
            sys.exit(1)

    def _tell(
        self, report: Report, languages: list[LanguageFinding], devices: tuple[DeviceState, ...]
    ) -> None:
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
        self.stdout.write("\nDevices, and runtimes for high assurance:")
        for device in devices:
            self.stdout.write(
                f"{device.phase}  {device.name}, {device.memory_bytes // 2**20} MiB, driver {device.driver}"
                + (f": {device.detail}" if device.detail else "")
            )
        if not devices:
            self.stdout.write("no GPU, or no driver for one (docs/gpu.md)")
        for runtime in report.oci_runtimes:
            self.stdout.write(f"{runtime.name} {runtime.version} at {runtime.path}")
        if not report.oci_runtimes:
            self.stdout.write(f"no OCI runtime. {REMEDY}")
        verdict = "Submissions may run here." if report.able else "Submissions may not run here."
        self.stdout.write(f"\n{verdict}")


def _seen() -> tuple[list[LanguageFinding], tuple[DeviceState, ...]]:
    """What the running sandbox has: languages, and the devices as they are now."""
    with open_sandbox() as sandbox:
        return list(survey(sandbox)), sandbox.devices()


def _document(
    report: Report, languages: list[LanguageFinding], devices: tuple[DeviceState, ...]
) -> dict[str, Any]:
    return {
        "devices": [asdict(device) for device in devices],
        "oci_runtimes": {runtime.name: runtime.version for runtime in report.oci_runtimes},
        "able": report.able,
        "recorded": list(report.guarantees),
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
