"""`manage.py train_open`: the model that grades open answers, trained on the shipped problems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from grader.open.encoding import EncoderMissing
from grader.open.grading import TRAINED
from grader.open.model import question_of
from grader.open.training import save, train
from questionbank.packages.errors import PackageError
from questionbank.packages.model import Kind
from questionbank.packages.reader import read_package


class Command(BaseCommand):
    help = "Trains the grader of open answers on the graded answers of a folder of problem packages."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        problems = Path(__file__).parents[3] / "fixtures" / "problems"
        parser.add_argument("--problems", type=Path, default=problems, help="default: fixtures/problems")
        parser.add_argument("--into", type=Path, default=TRAINED, help="default: where the grader reads it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            packages = [
                read_package(path.parent) for path in sorted(options["problems"].glob("*/rubric.yaml"))
            ]
            questions = [
                question_of(package)
                for package in packages
                if package.kind is Kind.OPEN and package.open and package.open.graded
            ]
            save(train(questions, Path(settings.DATA_ROOT) / "public"), questions, options["into"])
        except (EncoderMissing, PackageError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"trained on {len(questions)} questions, written to {options['into']}")
