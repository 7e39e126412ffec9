"""Reads a package whose answers are programs: the Kattis/ICPC problem package format, whole.

A package needs no `touchstone.yaml`: then what only that file says is left at what is usual.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from questionbank.packages.bundled import read_include, read_many, read_one
from questionbank.packages.documents import load_yaml
from questionbank.packages.errors import Findings
from questionbank.packages.files import Files
from questionbank.packages.flags import checker_of
from questionbank.packages.languages import LANGUAGES
from questionbank.packages.listed import ANSWERS, read_submissions
from questionbank.packages.metadata import DOCUMENT, Metadata, form_of, metadata, read_metadata
from questionbank.packages.model import (
    Difficulty,
    Kind,
    Localised,
    Package,
    ProblemLimits,
    TestCase,
)
from questionbank.packages.program import Form, PackageProgram, ProgramSpec
from questionbank.packages.schemas import PROGRAM_PROBLEM, TEXT_LANGUAGES
from questionbank.packages.sections import answer_languages, checker, gate_spec
from questionbank.packages.statements import Texts, read_texts
from questionbank.packages.testdata import SAMPLE, TestData, read_data

PARTS = (
    *("data", "submissions", "attachments", "include", "input_validators", "solution", "generators"),
    *("input_visualizer", "output_visualizer", "static_validator", "output_validator", "statement"),
)
"""Folders that a package of programs may have."""
_OLD_PARTS = ("problem_statement", "output_validators", "input_format_validators", "graders")
_OURS = ("starter", "hints", "evaluator")
_UNUSED = {
    "input_visualizer": "is not run: pictures of tests are made by authors",
    "output_visualizer": "is not run: outputs are shown as text",
    "graders": "is not run: the default grader is, as no group asks for this one",
}
_DEFAULT_TOPIC, _DEFAULT_MINUTES = "algorithms", 30
INFERRED_S = 30.0
"""The most that a test may take while a time limit is inferred."""


def read_program_package(
    slug: str, files: Files, touchstone: Mapping[str, Any] | None, findings: Findings
) -> Package:
    """The package; `touchstone` is None where it has no such file. Faults are noted in `findings`."""
    notices = Findings()
    told = _metadata(files, touchstone, findings)
    findings.raise_if_any()
    _check_parts(files, told, touchstone, findings, notices)
    if touchstone is None:
        _tell_rights(told, notices)
    data = read_data(files, told, findings, notices)
    if touchstone is not None and not any(test.group == SAMPLE for test in data.tests):
        findings.add("data/sample", "holds no test")
    languages = _languages(told, touchstone, data, findings)
    texts = read_texts(files, told, findings, notices)
    spec = _spec(files, told, touchstone, data, findings, notices)
    package = Package(
        slug=slug,
        content_hash=files.content_hash(),
        kind=Kind.PASS_FAIL,
        names=_in_our_languages(texts.names),
        statements=_in_our_languages(_with_talks(texts.statements, data)),
        topics=tuple(touchstone["topics"]) if touchstone else (_DEFAULT_TOPIC,),
        difficulty=Difficulty(touchstone["difficulty"]) if touchstone else Difficulty.MEDIUM,
        expected_minutes=touchstone["expected_minutes"] if touchstone else _DEFAULT_MINUTES,
        tags=tuple(touchstone.get("tags", ())) if touchstone else told.keywords,
        license=told.license,
        authors=told.authors,
        languages=languages,
        limits=_limits(told, touchstone),
        starter={},
        hints=(),
        editorials=_in_our_languages(texts.solutions),
        groups=(),
        tests=tuple(_checked(test, spec, findings) for test in data.tests),
        submissions=read_submissions(
            files,
            told,
            languages,
            findings,
            notices,
            ours=touchstone is not None,
            graded=bool(data.legacy_rules),
        ),
        checker=checker((touchstone or {}).get("checker", {})),
        gate=gate_spec((touchstone or {}).get("gate", {})),
        time_multipliers=(touchstone or {}).get("time_multipliers", {}),
        high_assurance=(touchstone or {}).get("assurance") == "high",
        program=spec,
        pictures=texts.pictures,
        attachments={"/".join(path.parts[1:]): files.data(path) for path in files.paths("attachments")},
        source=told.source,
        source_url=told.source_url,
        rights_owner=told.rights_owner,
    )
    _check_texts(texts, touchstone, findings)
    return replace(package, notices=notices.found())


def _metadata(files: Files, touchstone: Mapping[str, Any] | None, findings: Findings) -> Metadata:
    if touchstone is None or form_of(files) is not Form.CURRENT:
        return read_metadata(files, findings)
    document = load_yaml(files, DOCUMENT, PROGRAM_PROBLEM, findings)
    return metadata(Form.CURRENT, document, findings)


def _check_parts(
    files: Files,
    told: Metadata,
    touchstone: Mapping[str, Any] | None,
    findings: Findings,
    notices: Findings,
) -> None:
    old = () if told.form is Form.CURRENT else _OLD_PARTS
    known = "|".join((*PARTS, *old, *_OURS))
    top = re.compile(
        rf"^(problem\.yaml|touchstone\.yaml|editorial\.(en|zh)\.md|LICENSE|README(\.\w+)?|({known})/.*)$"
    )
    for path in sorted(files.unknown(top)):
        if touchstone is not None:
            findings.add(path, "is not a part of a problem package")
        else:
            notices.add(path, "is no part of the package format and is not used")
    for path in files.ignored:
        if not path.rpartition("/")[2].startswith("."):
            notices.add(path, "is called as no file of the package format may be and is not used")
    for folder, why in _UNUSED.items():
        if files.paths(folder):
            notices.add(folder, why)


def _tell_rights(told: Metadata, notices: Findings) -> None:
    """What a person must see to before the problem is shown to others."""
    if told.embargo_until:
        notices.add(DOCUMENT, f"embargo_until: the problem must not be public before {told.embargo_until}")
    owned = told.rights_owner or told.authors or told.source
    if told.license not in ("unknown", "public domain") and not owned:
        notices.add(DOCUMENT, f"nobody is named who may license the problem as {told.license}")
    if told.license == "unknown":
        notices.add(DOCUMENT, "license: unknown means that nobody may use the problem")


def _spec(
    files: Files,
    told: Metadata,
    touchstone: Mapping[str, Any] | None,
    data: TestData,
    findings: Findings,
    notices: Findings,
) -> ProgramSpec:
    types = told.types
    outputs = _output_validators(files, told, findings, notices)
    static = read_one(files, "static_validator", told, findings)
    for kind in ("interactive", "multi-pass"):
        if kind in types and not outputs:
            findings.add(DOCUMENT, f"a problem of the type {kind} needs an output validator of its own")
    if data.static_checks and static is None:
        findings.add(
            f"data/{data.static_checks[0].group}", "has a static check, and there is no static_validator/"
        )
    if static and "submit-answer" in types:
        findings.add(
            "static_validator", "there is no source to look at in a problem of the type submit-answer"
        )
    return ProgramSpec(
        form=told.form,
        scoring="scoring" in types,
        interactive="interactive" in types,
        multi_pass="multi-pass" in types,
        submit_answer="submit-answer" in types,
        most_passes=told.most_passes,
        writes_files=told.writes_files or touchstone is not None,
        maximizes=told.grading.get("objective", "max") == "max",
        validator_scores=told.validator_scores,
        output_validators=outputs,
        input_validators=tuple(
            program
            for folder in (
                "input_validators",
                *(() if told.form is Form.CURRENT else ("input_format_validators",)),
            )
            for program in read_many(files, folder, told, findings, notices)
        ),
        static_validator=static,
        include=read_include(files, told, findings, notices),
        rules=data.rules,
        legacy_rules=data.legacy_rules,
        static_checks=data.static_checks,
        validation_cases=tuple(data.validation_cases),
        tools=told.tools,
        time_rule=told.time_rule,
        infers_time=told.time_limit_s is None and touchstone is None and "submit-answer" not in types,
    )


def _output_validators(
    files: Files, told: Metadata, findings: Findings, notices: Findings
) -> tuple[PackageProgram, ...]:
    many = () if told.form is Form.CURRENT else read_many(files, "output_validators", told, findings, notices)
    one = None if told.form is Form.LEGACY else read_one(files, "output_validator", told, findings)
    if one and many:
        findings.add("output_validators", "there is output_validator/, too: one of them judges")
    if told.custom_validation is False and many:
        notices.add("output_validators", "is not used: problem.yaml says `validation: default`")
        return ()
    if told.custom_validation and not many:
        findings.add("output_validators", "holds no program, and problem.yaml says `validation: custom`")
    if told.form is Form.DRAFT and len(many) > 1:
        findings.add("output_validators", "holds several programs: one of them judges")
    return (one,) if one else many


def _languages(
    told: Metadata, touchstone: Mapping[str, Any] | None, data: TestData, findings: Findings
) -> tuple[str, ...]:
    if "submit-answer" in told.types:
        return (ANSWERS,)
    if touchstone is not None:
        return answer_languages(touchstone, Kind.PASS_FAIL, None, data.tests, findings)
    everywhere = tuple(key for key, language in LANGUAGES.items() if language.everywhere)
    return everywhere if told.languages is None else told.languages


def _limits(told: Metadata, touchstone: Mapping[str, Any] | None) -> ProblemLimits:
    usual_s = INFERRED_S if touchstone is None else 2.0
    time_limit = float(told.time_limit_s or usual_s)
    return ProblemLimits(
        time_limit_s=time_limit,
        memory_mib=told.memory_mib,
        output_mib=told.output_mib,
        wall_time_s=float((touchstone or {}).get("wall_time") or 3 * time_limit + 2),
    )


def _checked(test: TestCase, spec: ProgramSpec, findings: Findings) -> TestCase:
    args = test.settings.output_validator_args
    if spec.is_custom or not args:
        return test
    return replace(test, checker=checker_of(args, f"data/{test.group}/{test.name}", findings))


def _in_our_languages(texts: Mapping[str, str]) -> Localised:
    """With an empty text where one of the bank's languages is missing: whoever shows it falls back."""
    return {**dict.fromkeys(TEXT_LANGUAGES, ""), **texts}


def _with_talks(statements: Mapping[str, str], data: TestData) -> dict[str, str]:
    """Statements with the talks that belong to no test at their ends."""
    talks = "".join(f"\n```\n{talk.strip()}\n```\n" for talk in data.interactions)
    return {language: text + talks for language, text in statements.items()}


def _check_texts(texts: Texts, touchstone: Mapping[str, Any] | None, findings: Findings) -> None:
    if touchstone is None:
        return
    for language in TEXT_LANGUAGES:
        if language not in texts.statements:
            findings.add(f"statement/problem.{language}.md", "is missing")
