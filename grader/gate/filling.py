"""Expected results that an author leaves to the reference: run in the jail, one test after the other."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from grader.judge.builds import Builds
from grader.judge.compiling import LanguageMissing
from grader.judge.functions import InvalidInput
from grader.judge.judging import run_samples
from grader.judge.model import Answer
from questionbank.packages.editing import Contents, DraftTest, NotEditable, draft_tests, with_placeholders
from questionbank.packages.errors import PackageError
from questionbank.packages.model import Kind, Package
from questionbank.packages.reader import read_package
from sandbox.client import Sandbox

_MAX_SHOWN_BYTES = 64 * 1024
"""What the judge shows of an output; of a longer one the end would be missing."""


class CannotFill(Exception):
    """The reference gives no result; the text says which test and why."""


def fill_expected(
    contents: Contents, *, slug: str, kind: str, sandbox: Sandbox, builds: Builds
) -> tuple[DraftTest, ...]:
    """Every test without an expected result, with what the first accepted submission makes of it.

    Raises `CannotFill`, and `sandbox.errors.SandboxError` where the sandbox failed.
    """
    lacking = [test for test in draft_tests(contents, kind) if test.expected is None]
    if not lacking:
        return ()
    package = _package(contents, slug, kind)
    if package.kind not in (Kind.FUNCTION, Kind.PASS_FAIL):
        raise CannotFill("Only functions and programs have tests.")
    reference = next(one for one in package.submissions if one.expected == "AC")
    answer = Answer(reference.language, reference.source.decode("utf-8", errors="replace"))
    return tuple(_filled(package, answer, lacking, sandbox, builds))


def _package(contents: Contents, slug: str, kind: str) -> Package:
    with tempfile.TemporaryDirectory(prefix="touchstone-draft-") as parent:
        folder = Path(parent) / slug
        try:
            for path, data in with_placeholders(contents, kind).items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
            return read_package(folder)
        except (PackageError, NotEditable) as error:
            raise CannotFill(f"The package has other faults: {error}") from error


def _filled(
    package: Package, answer: Answer, tests: list[DraftTest], sandbox: Sandbox, builds: Builds
) -> Iterator[DraftTest]:
    for test in tests:
        place = f"{test.group}/{test.name}"
        try:
            (run,) = run_samples(package, answer, sandbox=sandbox, own_input=test.given, builds=builds)
        except (InvalidInput, LanguageMissing) as error:
            raise CannotFill(f"{place}: {error}") from error
        if run.verdict is not None:
            raise CannotFill(
                f"{place}: the reference ends with {run.verdict}. {run.message}{run.stderr}"[:2000]
            )
        if len(run.output.encode()) >= _MAX_SHOWN_BYTES:
            raise CannotFill(f"{place}: the result is too long to be taken over here; write it as a file.")
        if package.kind is Kind.FUNCTION:
            try:
                json.loads(run.output)
            except ValueError as error:
                raise CannotFill(
                    f"{place}: the result {run.output[:200]} cannot be written as JSON"
                ) from error
        yield replace(test, expected=run.output)
