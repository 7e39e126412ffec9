"""`manage.py lint_rubric PACKAGE …`: what is wrong with the rubrics of open problems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from grader.open.encoding import Encoder, EncoderMissing
from grader.open.lint import faults_of
from grader.open.model import question_of
from questionbank.packages.errors import PackageError
from questionbank.packages.reader import read_package

BAD_INPUT = 2


class Command(BaseCommand):
    help = "Says what is wrong with rubrics; ends 1 where something is."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("packages", nargs="+", type=Path, help="folders of open problems")

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        try:
            encoder = Encoder(Path(settings.DATA_ROOT) / "public")
            for folder in options["packages"]:
                question = question_of(read_package(folder.resolve()))
                for fault in faults_of(question, encoder):
                    place = f"{question.id}: {fault.point or 'graded.yaml'} ({fault.language})"
                    self.stdout.write(f"{place}: {fault.message}")
                    found += 1
        except (PackageError, ValueError) as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        except EncoderMissing as error:
            raise CommandError(str(error)) from error
        if found:
            raise CommandError(f"{found} faults.")
        self.stdout.write("No faults.")
