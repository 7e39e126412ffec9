"""`manage.py problem validate|table|import|export|diff PATH…`; only `import --user` has a database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from grader.gate.bringing import bring
from grader.gate.proof import Proof, document
from grader.gate.proving import Demands
from grader.gate.records import digest, keep_records, read_records, record_of
from grader.gate.summary import package_folders, prove_folders, summary
from grader.gate.table import Point, markdown, read_points, rows
from grader.jail import open_sandbox
from grader.judge.builds import Builds
from questionbank.access import may_author
from questionbank.config.places import HOME
from questionbank.exchange.differing import differences
from questionbank.exchange.drafts import Draft, Refused
from questionbank.exchange.exporting import document as export_document
from questionbank.exchange.exporting import export, files_of
from questionbank.exchange.importing import (
    Imported,
    Staged,
    packages_in,
    place,
    staging,
    told_of_duplicates,
)
from questionbank.exchange.importing import document as import_document
from questionbank.exchange.reading import Format, Origin, read_path
from questionbank.intake import document as intake_document
from questionbank.intake import pointed_out, take_in
from questionbank.models import User
from questionbank.packages.errors import Findings
from questionbank.packages.files import read_files
from questionbank.packages.reader import read_package
from sandbox.errors import SandboxError

NOT_READY, BAD_INPUT = 1, 2
RECORD, POINTS = HOME / "fixtures" / "proven.json", HOME / "fixtures" / "points.yaml"
BANK, DOCUMENT = HOME / "fixtures" / "problems", HOME / "docs" / "bank.md"
_REPETITIONS = 5
_TOLD_SURVIVORS = 10


class Command(BaseCommand):
    help = "Proves problem packages, compares them, and brings them in from other formats and out to them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        validate = verbs.add_parser("validate", help="prove packages: may they be published?")
        validate.add_argument(
            "paths", nargs="+", type=Path, metavar="PATH", help="a package, or a folder of them"
        )
        validate.add_argument("--json", action="store_true", help="print one JSON object")
        validate.add_argument(
            "--mutation-score",
            type=float,
            default=Demands().mutation_score,
            help="the share of mutants that tests must kill (default: %(default)s)",
        )

        validate.add_argument(
            "--repetitions",
            type=int,
            default=_REPETITIONS,
            help="runs of each submission that must agree (default: %(default)s)",
        )
        validate.add_argument("--record", type=Path, metavar="FILE", help="keep what was proven, for `table`")

        table = verbs.add_parser("table", help="list the bank and what it covers")
        table.add_argument(
            "paths", nargs="*", type=Path, metavar="PATH", help="a folder of packages (default: the bank)"
        )
        table.add_argument(
            "--record", type=Path, default=RECORD, metavar="FILE", help="what `validate --record` kept"
        )
        table.add_argument(
            "--points", type=Path, default=POINTS, metavar="FILE", help="the points that must be covered"
        )
        table.add_argument("--write", action="store_true", help=f"write {DOCUMENT.relative_to(HOME)}")
        table.add_argument("--json", action="store_true", help="print one JSON object")

        bring_in = verbs.add_parser("import", help="make packages of problems in other formats")
        bring_in.add_argument(
            "paths", nargs="+", type=Path, metavar="PATH", help="a file, an archive or a folder"
        )
        target = bring_in.add_mutually_exclusive_group(required=True)
        target.add_argument("--into", type=Path, metavar="FOLDER", help="where packages are written")
        target.add_argument("--user", help="the author whose drafts they become, all or none")
        bring_in.add_argument("--dry-run", action="store_true", help="with --user: say what would happen")
        bring_in.add_argument("--format", type=Format, choices=list(Format), default=Format.AUTO)
        bring_in.add_argument("--license", default="", help="of a bank that does not say its own")
        bring_in.add_argument("--attribution", default="", help="whose bank it is")
        bring_in.add_argument("--url", default="", help="where the bank is from")
        bring_in.add_argument("--json", action="store_true", help="print one JSON object")

        out = verbs.add_parser("export", help="write packages in another format")
        out.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a package, or a folder of them")
        out.add_argument("--into", type=Path, required=True, metavar="FOLDER", help="where files are written")
        out.add_argument("--format", type=Format, choices=list(Format), default=Format.AUTO)
        out.add_argument("--json", action="store_true", help="print one JSON object")
        compare = verbs.add_parser("diff", help="say what differs between two packages")
        compare.add_argument("paths", nargs=2, type=Path, metavar="PATH", help="a folder or an archive")
        compare.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        verbs = {
            "validate": self._validate,
            "table": self._table,
            "import": self._import,
            "export": self._export,
            "diff": self._diff,
        }
        verbs[options["verb"]](options)

    def _export(self, options: dict[str, Any]) -> None:
        into: Path = options["into"]
        results = [export(folder, options["format"]) for folder in _folders(options["paths"])]
        try:
            into.mkdir(parents=True, exist_ok=True)
            for name, data in files_of(results).items():
                (into / name).write_bytes(data)
        except OSError as error:
            raise CommandError(
                f"{into} cannot be written: {error.strerror}.", returncode=BAD_INPUT
            ) from error
        report = export_document(results)
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        else:
            for problem in report["problems"]:
                self.stdout.write(f"{problem['slug']}: {problem['file'] or 'not written'}")
                for finding in (*problem["findings"], *problem["lost"]):
                    self.stdout.write(f"  {finding['path']}: {finding['message']}")
        if report["failed"]:
            raise CommandError(
                f"{report['failed']} of {len(results)} were not written.", returncode=NOT_READY
            )

    def _diff(self, options: dict[str, Any]) -> None:
        before, after = (_only_package(path) for path in options["paths"])
        found = differences(before.files, after.files)
        if options["json"]:
            said = {**asdict(found), "equal": found.equal}
            self.stdout.write(json.dumps(said, ensure_ascii=False, indent=2))
        else:
            for word, paths in (("only before", found.removed), ("only after", found.added)):
                for path in paths:
                    self.stdout.write(f"{word}: {path}")
            for text in found.changed.values():
                self.stdout.write(text)
        if not found.equal:
            raise CommandError("The packages differ.", returncode=NOT_READY)

    def _import(self, options: dict[str, Any]) -> None:
        for path in options["paths"]:
            if not path.exists():
                raise CommandError(f"{path} is not there.", returncode=BAD_INPUT)
        into: Path | None = options["into"]
        if options["dry_run"] and into:
            raise CommandError("--dry-run goes with --user, not with --into.", returncode=BAD_INPUT)
        try:
            if into:
                self._import_into(into, options)
            else:
                self._import_for(_author(options["user"]), options)
        except OSError as error:
            said = f"{into or settings.DRAFTS_ROOT} cannot be written: {error.strerror}."
            raise CommandError(said, returncode=BAD_INPUT) from error
        except SandboxError as error:
            raise CommandError(f"The sandbox failed: {error}", returncode=BAD_INPUT) from error

    def _import_into(self, into: Path, options: dict[str, Any]) -> None:
        with ExitStack() as stack:
            folder = stack.enter_context(staging(into))
            told = told_of_duplicates(_brought(options, folder, stack), packages_in(into))
            done = [place(one, into) if isinstance(one, Staged) else one for one in told]
        report = import_document(done)
        self._tell_of_import(done, report, options, f"{report['imported']} problems are in {into}")

    def _import_for(self, user: User, options: dict[str, Any]) -> None:
        with ExitStack() as stack:
            folder = stack.enter_context(staging(Path(settings.DRAFTS_ROOT)))
            brought = pointed_out(_brought(options, folder, stack))
            taken = take_in(brought, user=user, key=uuid4(), dry_run=options["dry_run"])
        report = intake_document(taken)
        said = f"{report['imported']} problems are drafts or in the bank, {report['ready']} could be"
        self._tell_of_import([one.imported for one in taken], report, options, said)

    def _tell_of_import(
        self, done: list[Imported], report: dict[str, Any], options: dict[str, Any], said: str
    ) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        else:
            for one in done:
                self._show_imported(one)
            self.stdout.write(f"{said}, {report['failed']} are not.")
        if report["failed"]:
            raise CommandError(f"{report['failed']} of {len(done)} were not imported.", returncode=NOT_READY)

    def _show_imported(self, one: Imported) -> None:
        if one.findings or one.notices:
            self.stdout.write(f"{one.slug or one.origin}: {one.state}")
        for finding in (*one.findings, *one.notices):
            self.stdout.write(f"  {finding}")

    def _validate(self, options: dict[str, Any]) -> None:
        folders = list(_folders(options["paths"]))
        if options["repetitions"] < 1:
            raise CommandError("--repetitions is at least 1.", returncode=BAD_INPUT)
        demands = Demands(mutation_score=options["mutation_score"], repetitions=options["repetitions"])
        proofs: list[Proof] = []
        try:
            with open_sandbox() as sandbox:
                for proof in prove_folders(
                    folders,
                    sandbox=sandbox,
                    hidden_root=Path(settings.DATA_ROOT) / "hidden",
                    demands=demands,
                    builds=Builds(settings.BUILDS_ROOT),
                    tell=self._tell if options["verbosity"] > 1 else lambda line: None,
                ):
                    proofs.append(proof)
                    if options["record"]:
                        files = read_files(folders[len(proofs) - 1], Findings())
                        keep_records(options["record"], {proof.slug: record_of(proof, files)})
                    if not options["json"]:
                        self._show(proof)
                    elif len(folders) > 1:
                        state = "ready" if proof.ready else "not ready"
                        self._tell(
                            f"{len(proofs)} of {len(folders)} {proof.slug}: {state}, {proof.seconds:.1f} s"
                        )
        except SandboxError as error:
            raise CommandError(f"The sandbox failed: {error}", returncode=BAD_INPUT) from error
        if options["json"]:
            alone = len(proofs) == 1 and folders == [path.resolve() for path in options["paths"]]
            said = document(proofs[0]) if alone else summary(proofs)
            self.stdout.write(json.dumps(said, ensure_ascii=False, indent=2))
        failed = sum(not proof.ready for proof in proofs)
        if failed:
            raise CommandError(f"{failed} of {len(proofs)} packages are not ready.", returncode=NOT_READY)

    def _table(self, options: dict[str, Any]) -> None:
        folders = list(_folders(options["paths"] or [BANK]))
        kept = read_records(options["record"])
        packages = [read_package(folder) for folder in folders]
        # A record of other tests says nothing of these.
        current = {
            folder.name: kept[folder.name]
            for folder in folders
            if folder.name in kept and kept[folder.name].tests == digest(read_files(folder, Findings()))
        }
        problems = rows(packages, current)
        points = read_points(options["points"])
        unknown = sorted(_asked(points) - {package.slug for package in packages})
        if unknown and not options["paths"]:
            raise CommandError(f"{options['points']} names no problem of the bank: {', '.join(unknown)}.")
        if options["json"]:
            said = {"problems": problems, "points": [asdict(point) for point in points]}
            self.stdout.write(json.dumps(said, ensure_ascii=False, indent=2))
        elif options["write"]:
            DOCUMENT.write_text(markdown(problems, points), "utf-8")
            self.stdout.write(f"{len(problems)} problems are listed in {DOCUMENT}.")
        else:
            self.stdout.write(markdown(problems, points), ending="")

    def _tell(self, line: str) -> None:
        self.stderr.write(line)

    def _show(self, proof: Proof) -> None:
        self.stdout.write(f"{proof.slug}: {'ready' if proof.ready else 'not ready'}, {proof.seconds:.1f} s")
        for finding in proof.findings:
            place = finding.path if finding.line is None else f"{finding.path}:{finding.line}"
            self.stdout.write(f"  {place}: {finding.message}" if place else f"  {finding.message}")
        mutation = proof.mutation
        if mutation is None:
            return
        self.stdout.write(
            f"  {mutation.killed} of {mutation.total} mutants of {mutation.reference} killed"
            f" ({mutation.score:.1%}), {mutation.equivalent} declared equivalent"
        )
        for survivor in mutation.survivors[:_TOLD_SURVIVORS]:
            self.stdout.write(f"    survives: {survivor.name}")
            if survivor.telling is not None:
                self.stdout.write(
                    f"      {survivor.telling} tells it apart: the reference returns "
                    f"{survivor.reference_returns}, the mutant {survivor.mutant_returns}"
                )
        if proof.suggested_time_limit_s is not None:
            self.stdout.write(f"  suggested time limit: {proof.suggested_time_limit_s:g} s")


def _brought(options: dict[str, Any], folder: Path, stack: ExitStack) -> list[Staged | Imported]:
    origin = Origin(options["license"], options["attribution"], options["url"])
    found = [one for path in options["paths"] for one in read_path(path, options["format"], origin)]
    return bring(found, folder, lambda: stack.enter_context(open_sandbox()))


def _author(name: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None or not may_author(user):
        raise CommandError(f"{name} is no author.", returncode=BAD_INPUT)
    return user


def _only_package(path: Path) -> Draft:
    found = read_path(path)
    if len(found) == 1 and isinstance(found[0], Draft):
        return found[0]
    faults = [str(finding) for one in found if isinstance(one, Refused) for finding in one.findings]
    raise CommandError("\n".join(faults) or f"{path} is not one package.", returncode=BAD_INPUT)


def _asked(points: Iterable[Point]) -> set[str]:
    """Every problem that a point names."""
    named = {slug for point in points for slug in (point.topic_question, *point.exercises)}
    return named | {point.question for point in points if point.question}


def _folders(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            raise CommandError(f"{path} is no folder.", returncode=BAD_INPUT)
        found = package_folders(path.resolve())
        if not found:
            raise CommandError(f"{path} holds no problem package: no problem.yaml.", returncode=BAD_INPUT)
        yield from found
