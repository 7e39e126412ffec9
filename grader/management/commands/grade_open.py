"""`manage.py grade_open --dataset FILE`: how well the local grader grades answers that people have graded."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from grader.open.datasets import UnreadableDataset, read_dataset
from grader.open.encoding import Encoder, EncoderMissing
from grader.open.measuring import Agreement, Measurement, TooFewQuestions, measure

BAD_INPUT = 2


class Command(BaseCommand):
    help = "Grades a set of graded answers by cross-validation by question, and says how well."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dataset", type=Path, required=True, help="CSV, JSON or JSON lines; XML folder")
        parser.add_argument(
            "--columns",
            nargs="+",
            default=[],
            metavar="PART=COLUMN",
            help="which column is the id, question, reference, answer, score; in a table without a header "
            "its number from 1; default: columns with usual names",
        )
        parser.add_argument(
            "--questions", type=Path, help="table of ids and questions, where only ids are there"
        )
        parser.add_argument("--scale", type=float, help="the highest score; default: found from the scores")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            dataset = read_dataset(
                options["dataset"],
                columns=_columns(options["columns"]),
                questions=options["questions"],
                scale=options["scale"],
            )
            encoder = Encoder(Path(settings.DATA_ROOT) / "public", threads=2)
            measurement = measure(dataset, encoder)
        except (UnreadableDataset, TooFewQuestions) as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        except EncoderMissing as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(_document(measurement), indent=2))
        else:
            self._tell(measurement)

    def _tell(self, measurement: Measurement) -> None:
        left = f", {measurement.left_out} rows without a score left out" if measurement.left_out else ""
        self.stdout.write(
            f"{measurement.n} answers to {measurement.questions} questions, "
            f"scores 0 to {measurement.scale:g}{left}"
        )
        self.stdout.write(f"{'method':10}{'pearson':>9}{'rmse':>9}{'qwk':>9}{'macro-F1':>10}")
        for name, found in [*measurement.baselines.items(), ("grader", measurement.agreement)]:
            figures = (found.pearson, found.rmse, found.qwk)
            row = "".join("        –" if value is None else f"{value:9.3f}" for value in figures)
            self.stdout.write(f"{name:10}{row}{found.macro_f1:10.3f}")
        for point in measurement.coverage:
            whole = measurement.coverage[0].rmse
            ratio = f"  {point.rmse / whole:.2f} of all" if whole else ""
            self.stdout.write(f"the surest {point.coverage:4.0%}: rmse {point.rmse:.3f}{ratio}")


def _columns(given: list[str]) -> dict[str, str]:
    columns = {}
    for item in (part for text in given for part in text.split(",")):
        part, separator, name = item.partition("=")
        if not separator:
            raise CommandError(f"--columns takes PART=COLUMN, not {item!r}", returncode=BAD_INPUT)
        columns[part.strip()] = name.strip()
    return columns


def _document(measurement: Measurement) -> dict[str, Any]:
    def rounded(agreement: Agreement) -> dict[str, float | None]:
        return {key: value and round(value, 4) for key, value in asdict(agreement).items()}

    return {
        **rounded(measurement.agreement),
        "coverage": [
            {key: round(value, 4) for key, value in asdict(point).items()} for point in measurement.coverage
        ],
        "n": measurement.n,
        "questions": measurement.questions,
        "scale": measurement.scale,
        "step": measurement.step,
        "left_out": measurement.left_out,
        "baselines": {name: rounded(found) for name, found in measurement.baselines.items()},
    }
