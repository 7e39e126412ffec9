"""`manage.py judge PACKAGE SOURCE [--language L] [--json]`: one file against one package, no database."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from grader.jail import open_sandbox
from grader.judge.artifact import EvaluatorFailed
from grader.judge.builds import Builds
from grader.judge.choices import MalformedChoice
from grader.judge.compiling import LanguageMissing
from grader.judge.judging import UnsupportedAnswer, judge
from grader.judge.model import Answer, Judgement
from grader.judge.time_limits import answer_of
from questionbank.packages.bundled import source_language
from questionbank.packages.errors import PackageError
from questionbank.packages.languages import LANGUAGES
from questionbank.packages.listed import ANSWERS, read_folder
from questionbank.packages.model import Kind, Package
from questionbank.packages.reader import read_package
from sandbox.errors import MissingRuntime, NoDevice, SandboxError

BAD_INPUT = 2


class Command(BaseCommand):
    help = "Judges a source file against a problem package, without a database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("package", type=Path, help="the package's folder")
        parser.add_argument("source", type=Path, help="the file to judge")
        parser.add_argument("--language", help="default: what the file's extension says")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        package = _package(options["package"])
        answer = _answer(package, options)
        try:
            with open_sandbox() as sandbox:
                hidden_root = Path(settings.DATA_ROOT) / "hidden"
                builds = Builds(settings.BUILDS_ROOT)
                judgement = judge(package, answer, sandbox=sandbox, hidden_root=hidden_root, builds=builds)
        except (UnsupportedAnswer, LanguageMissing, MalformedChoice, NoDevice, MissingRuntime) as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        except (EvaluatorFailed, SandboxError) as error:
            raise CommandError(f"Judging failed: {error}") from error
        document = _document(judgement)
        if options["json"]:
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
            return
        verdict = document["verdict"] or "awaiting review"
        self.stdout.write(f"{package.slug}: {verdict}, score {document['score']:g}")
        for test in document["tests"]:
            place = f"{test['group']}/{test['name']}"
            self.stdout.write(f"  {test['verdict']:4}{place}  {test['cpu_s']:.3f} s  {test['message']}")
        if document["compiler_output"]:
            self.stdout.write(document["compiler_output"])


def _package(folder: Path) -> Package:
    try:
        return read_package(folder.resolve())
    except PackageError as error:
        raise CommandError(f"{folder} is no problem package:\n{error}", returncode=BAD_INPUT) from error


def _answer(package: Package, options: dict[str, Any]) -> Answer:
    """The file as an answer, or a folder of files as the package format has submissions of several."""
    path: Path = options["source"]
    if package.program is None or not path.is_dir():
        return Answer(_language(package, options), _source(path))
    try:
        return answer_of(read_folder(path, package.languages, options["language"]))
    except PackageError as error:
        raise CommandError(f"{path} is no answer:\n{error}", returncode=BAD_INPUT) from error


def _source(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise CommandError(f"{path} is no file.", returncode=BAD_INPUT)
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"{path} is no UTF-8 text: byte {error.start} belongs to no character."
        raise CommandError(message, returncode=BAD_INPUT) from error
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=BAD_INPUT) from error


def _language(package: Package, options: dict[str, Any]) -> str:
    if options["language"]:
        return str(options["language"])
    if package.kind in (Kind.CHOICE, Kind.OPEN) or package.languages == (ANSWERS,):
        return package.languages[0]
    language = source_language(PurePosixPath(options["source"]).suffix)
    if language is None:
        known = ", ".join(LANGUAGES)
        raise CommandError(
            f"The extension of {options['source']} names no language: say --language, one of {known}.",
            returncode=BAD_INPUT,
        )
    return language


def _document(judgement: Judgement) -> dict[str, Any]:
    fields = (
        "name",
        "group",
        "verdict",
        "cpu_s",
        "wall_s",
        "peak_bytes",
        "message",
        "points",
        "judge_message",
    )
    return {
        "verdict": judgement.verdict,
        "score": judgement.score,
        "points": judgement.points,
        "message": judgement.message,
        "compiler_output": judgement.compiler_output,
        "tests": [{field: getattr(case, field) for field in fields} for case in judgement.cases],
        "metrics": [asdict(metric) for metric in judgement.metrics],
        "exhibits": asdict(judgement.exhibits),
        "guarantees": list(judgement.guarantees),
        "device": judgement.device,
        "driver": judgement.driver,
        "timer": judgement.timer,
    }
