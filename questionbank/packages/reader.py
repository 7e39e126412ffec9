"""Reads a problem package from its folder. The format is told in docs/problem-package.md."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from questionbank.packages.cases import read_tests
from questionbank.packages.documents import load_yaml
from questionbank.packages.errors import Findings
from questionbank.packages.files import Files, read_files
from questionbank.packages.languages import LANGUAGES, language_of
from questionbank.packages.model import (
    Checker,
    Difficulty,
    FunctionSpec,
    Kind,
    Localised,
    Package,
    ProblemLimits,
    ReferenceSubmission,
    TestCase,
    TestGroup,
)
from questionbank.packages.program_reader import read_program_package
from questionbank.packages.schemas import GRADED_ANSWERS, PROBLEM, RUBRIC, TEXT_LANGUAGES, TOUCHSTONE
from questionbank.packages.sections import (
    answer_languages,
    artifact_spec,
    choice_spec,
    device_need,
    function_spec,
    gate_spec,
    open_spec,
    with_guidance,
)
from questionbank.packages.starters import starter_for

EXPECTED_VERDICTS = {
    "accepted": "AC",
    "wrong_answer": "WA",
    "time_limit_exceeded": "TLE",
    "run_time_error": "RE",
    "memory_limit_exceeded": "MLE",
    "output_limit_exceeded": "OLE",
    "compile_error": "CE",
}
_ANSWERS = {".json": "choice", ".md": "text"}
_SLUG = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}$")
_TOP = re.compile(
    r"^(problem\.yaml|touchstone\.yaml|rubric\.yaml|graded\.yaml|editorial\.(en|zh)\.md|LICENSE"
    r"|(statement|data|submissions|starter|hints|evaluator|generators)/.*)$"
)
_DEFAULT_LANGUAGES = {Kind.CHOICE: ("choice",), Kind.OPEN: ("text",)}
_SECTIONS = {Kind.FUNCTION: "function", Kind.ARTIFACT: "artifact", Kind.CHOICE: "choice"}
_KIND_SECTIONS = frozenset({"function", "artifact", "choice", "checker"})


def read_package(folder: Path, *, slug: str | None = None) -> Package:
    """The package in `folder`, whose name is the problem's slug unless `slug` is given.

    Raises `PackageError` with every fault found.
    """
    findings = Findings()
    files = read_files(folder, findings)
    name = folder.name if slug is None else slug
    if not _SLUG.match(name):
        findings.add(name, "a problem's folder is named with small letters, digits and hyphens")
    touchstone = None
    if "touchstone.yaml" in files:
        touchstone = load_yaml(files, "touchstone.yaml", TOUCHSTONE, findings)
    if touchstone is None or touchstone.get("kind") == Kind.PASS_FAIL:
        package = _program(name, files, touchstone, findings)
    else:
        for path in sorted(files.unknown(_TOP)):
            findings.add(path, "is not a part of a problem package")
        problem = load_yaml(files, "problem.yaml", PROBLEM, findings)
        findings.raise_if_any()
        package = _package(name, files, problem, touchstone, findings)
    findings.raise_if_any()
    return with_guidance(package, touchstone or {})


def _program(slug: str, files: Files, touchstone: dict[str, Any] | None, findings: Findings) -> Package:
    """A package of the kind that the package format knows, with what is ours beside it."""
    if touchstone is not None:
        _check_sections(Kind.PASS_FAIL, touchstone, findings)
    package = read_program_package(slug, files, touchstone, findings)
    languages = () if touchstone is None and not files.paths("starter") else package.languages
    own = touchstone is not None or any(f"editorial.{language}.md" in files for language in TEXT_LANGUAGES)
    return replace(
        package,
        starter=_starter(files, languages, None, findings),
        hints=_hints(files, findings),
        editorials=_localised(files, "editorial.{}.md", findings) if own else package.editorials,
        device=device_need(touchstone or {}, None, findings),
    )


def _package(
    slug: str, files: Files, problem: dict[str, Any], touchstone: dict[str, Any], findings: Findings
) -> Package:
    kind = Kind(touchstone["kind"])
    _check_sections(kind, touchstone, findings)
    findings.raise_if_any()
    function = function_spec(touchstone["function"], findings) if kind is Kind.FUNCTION else None
    findings.raise_if_any()
    rubric = load_yaml(files, "rubric.yaml", RUBRIC, findings) if kind is Kind.OPEN else {}
    graded = load_yaml(files, "graded.yaml", GRADED_ANSWERS, findings) if "graded.yaml" in files else {}
    tests, groups = _tests(files, kind, function, findings)
    languages = _DEFAULT_LANGUAGES.get(kind) or answer_languages(touchstone, kind, function, tests, findings)
    authors = problem.get("credits", {}).get("authors", [])
    return Package(
        slug=slug,
        content_hash=files.content_hash(),
        kind=kind,
        names=problem["name"],
        statements=_localised(files, "statement/problem.{}.md", findings),
        topics=tuple(touchstone["topics"]),
        difficulty=Difficulty(touchstone["difficulty"]),
        expected_minutes=touchstone["expected_minutes"],
        tags=tuple(touchstone.get("tags", ())),
        license=problem["license"],
        authors=(authors,) if isinstance(authors, str) else tuple(authors),
        languages=languages,
        time_multipliers=touchstone.get("time_multipliers", {}),
        limits=_limits(problem.get("limits", {}), touchstone.get("wall_time")),
        starter=_starter(files, languages, function, findings),
        hints=_hints(files, findings),
        editorials=_localised(files, "editorial.{}.md", findings),
        groups=groups,
        tests=tests,
        submissions=_submissions(files, kind, languages, findings),
        checker=Checker(),
        gate=gate_spec(touchstone.get("gate", {})),
        function=function,
        artifact=artifact_spec(touchstone["artifact"], files, findings) if kind is Kind.ARTIFACT else None,
        device=device_need(touchstone, function, findings),
        untranslated=tuple(touchstone.get("untranslated", ())),
        high_assurance=touchstone.get("assurance") == "high",
        choice=choice_spec(touchstone["choice"], findings) if kind is Kind.CHOICE else None,
        open=open_spec(rubric, graded, findings) if rubric else None,
    )


def _check_sections(kind: Kind, touchstone: dict[str, Any], findings: Findings) -> None:
    own = {_SECTIONS.get(kind), "checker" if kind is Kind.PASS_FAIL else None}
    for section in sorted(_KIND_SECTIONS & touchstone.keys()):
        if section not in own:
            findings.add("touchstone.yaml", f"a {kind} problem has no section {section!r}")
    needed = _SECTIONS.get(kind)
    if needed and needed not in touchstone:
        findings.add("touchstone.yaml", f"a {kind} problem needs the section {needed!r}")


def _limits(limits: dict[str, Any], wall_time: float | None) -> ProblemLimits:
    time_limit = float(limits.get("time_limit", 2))
    return ProblemLimits(
        time_limit_s=time_limit,
        memory_mib=int(limits.get("memory", 256)),
        output_mib=int(limits.get("output", 8)),
        wall_time_s=float(wall_time or 3 * time_limit + 2),
    )


def _tests(
    files: Files, kind: Kind, function: FunctionSpec | None, findings: Findings
) -> tuple[tuple[TestCase, ...], tuple[TestGroup, ...]]:
    if kind is Kind.FUNCTION:
        return read_tests(files, function, findings)
    for path in files.paths("data"):
        findings.add(str(path), f"a {kind} problem has no test data")
    return (), ()


def _localised(files: Files, pattern: str, findings: Findings) -> Localised:
    texts = {}
    for language in TEXT_LANGUAGES:
        text = files.text(pattern.format(language), findings)
        if text is not None and not text.strip():
            findings.add(pattern.format(language), "is empty")
        texts[language] = text or ""
    return texts


def _starter(
    files: Files, languages: tuple[str, ...], function: FunctionSpec | None, findings: Findings
) -> dict[str, str]:
    """What the editor opens with in each language: the package's own text, else the signature's stub."""
    own = {}
    for path in files.paths("starter"):
        language = language_of(path.suffix)
        if path.stem != "solution" or language is None:
            findings.add(str(path), "a starter is called solution with a language's extension")
        elif language not in languages:
            findings.add(str(path), f"the problem takes no answers in {language}")
        else:
            own[language] = files.text(path, findings) or ""
    return {
        language: own[language] if language in own else starter_for(language, function)
        for language in languages
        if language in LANGUAGES
    }


def _hints(files: Files, findings: Findings) -> tuple[Localised, ...]:
    numbers = set()
    for path in files.paths("hints"):
        match = re.fullmatch(r"hints/([1-9][0-9]*)\.(en|zh)\.md", str(path))
        if match is None:
            findings.add(str(path), "a hint is called NUMBER.en.md or NUMBER.zh.md")
        else:
            numbers.add(int(match.group(1)))
    if numbers != set(range(1, len(numbers) + 1)):
        findings.add("hints", "are numbered from 1 without a gap")
    return tuple(_localised(files, f"hints/{number}.{{}}.md", findings) for number in sorted(numbers))


def _submissions(
    files: Files, kind: Kind, languages: tuple[str, ...], findings: Findings
) -> tuple[ReferenceSubmission, ...]:
    found = []
    for path in files.paths("submissions"):
        folder = path.parts[1]
        language = language_of(path.suffix) or _ANSWERS.get(path.suffix)
        if len(path.parts) != 3 or folder not in EXPECTED_VERDICTS:
            findings.add(str(path), f"submissions lie in one of {', '.join(EXPECTED_VERDICTS)}")
        elif language is None:
            findings.add(str(path), f"is in no language that is known by the extension {path.suffix!r}")
        elif language not in languages:
            findings.add(str(path), f"is in {language}, the problem takes answers in {', '.join(languages)}")
        else:
            verdict = EXPECTED_VERDICTS[folder]
            found.append(ReferenceSubmission(path, language, files.data(path), verdict))
    if kind is not Kind.OPEN and not any(submission.expected == "AC" for submission in found):
        findings.add("submissions/accepted", "holds no reference solution")
    return tuple(found)
