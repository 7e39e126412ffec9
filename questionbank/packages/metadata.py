"""`problem.yaml` in the three forms of the package format, made one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from questionbank.packages.documents import load_yaml
from questionbank.packages.errors import Findings
from questionbank.packages.files import Files
from questionbank.packages.languages import LANGUAGES
from questionbank.packages.problem_schemas import CURRENT_PROBLEM, DRAFT_PROBLEM, LEGACY_PROBLEM
from questionbank.packages.program import Form, TimeRule, ToolLimits

DOCUMENT = "problem.yaml"
DEFAULT_MEMORY_MIB, DEFAULT_OUTPUT_MIB = 2048, 8
_VERSION = re.compile(r"^problem_format_version\s*:\s*[\"']?([A-Za-z0-9-]+)", re.MULTILINE)
_FORMS = {
    "2025-09": Form.CURRENT,
    "2023-07-draft": Form.DRAFT,
    "2023-07": Form.DRAFT,
    "draft": Form.DRAFT,
    "legacy": Form.LEGACY,
    "legacy-icpc": Form.LEGACY,
}
_SCHEMAS = {Form.CURRENT: CURRENT_PROBLEM, Form.DRAFT: DRAFT_PROBLEM, Form.LEGACY: LEGACY_PROBLEM}
# The format's codes of the languages that it calls otherwise.
LANGUAGE_CODES = {"python3": "python", "python3numpy": "python"}
_CLASHES = (
    ("pass-fail", "scoring"),
    ("multi-pass", "submit-answer"),
    ("interactive", "submit-answer"),
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What `problem.yaml` says. `languages` None stands for all; `time_limit_s` None for one to infer."""

    form: Form
    names: Mapping[str, str] = field(default_factory=dict)
    types: frozenset[str] = frozenset({"pass-fail"})
    license: str = "unknown"
    authors: tuple[str, ...] = ()
    source: str = ""
    source_url: str = ""
    rights_owner: str = ""
    keywords: tuple[str, ...] = ()
    languages: tuple[str, ...] | None = None
    time_limit_s: float | None = None
    memory_mib: int = DEFAULT_MEMORY_MIB
    output_mib: int = DEFAULT_OUTPUT_MIB
    tools: ToolLimits = field(default_factory=ToolLimits)
    time_rule: TimeRule = field(default_factory=TimeRule)
    most_passes: int = 2
    writes_files: bool = False
    constants: Mapping[str, str] = field(default_factory=dict)
    custom_validation: bool | None = None
    """What a legacy package says of its validator; None in the other forms, where its folder says it."""
    validator_scores: bool = False
    validator_flags: tuple[str, ...] = ()
    embargo_until: str = ""
    grading: Mapping[str, Any] = field(default_factory=dict)


def form_of(files: Files) -> Form | None:
    """The form that `problem.yaml` names, legacy where it names none; None for one that nobody knows."""
    match = _VERSION.search(files.raw(DOCUMENT).decode("utf-8", errors="replace"))
    return _FORMS.get(match[1]) if match else Form.LEGACY


def read_metadata(files: Files, findings: Findings) -> Metadata:
    """What `problem.yaml` says, with every fault of it noted."""
    form = form_of(files)
    if form is None:
        findings.add(DOCUMENT, f"problem_format_version is none of those read: {', '.join(sorted(_FORMS))}")
        return Metadata(Form.CURRENT)
    # In the older forms a key without a value says nothing, as their own tools read it.
    document = load_yaml(files, DOCUMENT, _SCHEMAS[form], findings, bare_keys=form is not Form.CURRENT)
    return metadata(form, document, findings)


def metadata(form: Form, document: Mapping[str, Any], findings: Findings) -> Metadata:
    """A document that has the form's schema, with what schemas cannot say checked."""
    limits = document.get("limits", {})
    source, url = _source(document)
    validation = _validation(document, findings) if form is not Form.CURRENT else ()
    types = _types(document, findings) | ({"interactive", "multi-pass"} & set(validation))
    rights(document, findings)
    return Metadata(
        form=form,
        names=_names(document.get("name")),
        types=frozenset(types),
        license=document.get("license", "unknown"),
        authors=_authors(document),
        source=source,
        source_url=url,
        rights_owner=document.get("rights_owner", ""),
        keywords=_words(document.get("keywords")),
        languages=_languages(document.get("languages", "all"), findings),
        time_limit_s=limits.get("time_limit"),
        memory_mib=int(limits.get("memory", DEFAULT_MEMORY_MIB)),
        output_mib=max(int(limits.get("output", DEFAULT_OUTPUT_MIB)), 1),
        tools=_tools(limits),
        time_rule=_time_rule(form, limits),
        most_passes=_passes(limits, types, findings),
        writes_files=form is Form.LEGACY or document.get("allow_file_writing", False),
        constants={name: _constant(value) for name, value in document.get("constants", {}).items()},
        custom_validation=None if form is not Form.LEGACY else "custom" in validation,
        validator_scores="score" in validation,
        validator_flags=tuple(shlex_split(document.get("validator_flags"), DOCUMENT, findings)),
        embargo_until=document.get("embargo_until", ""),
        grading=_grading(document, findings),
    )


def shlex_split(flags: object, path: str, findings: Findings) -> list[str]:
    """Flags in one text as the shell would part them, quotes and all."""
    try:
        return shlex.split("" if flags is None else str(flags))
    except ValueError as error:
        findings.add(path, f"flags cannot be parted into words: {error}")
        return []


def _names(name: Any) -> dict[str, str]:
    return {"en": name} if isinstance(name, str) else dict(name or {})


def _types(document: Mapping[str, Any], findings: Findings) -> set[str]:
    stated = document.get("type", "pass-fail")
    # The draft once had several types in one text, and tools still write them so.
    types = set(stated.split()) if isinstance(stated, str) else set(stated)
    unknown = types - {"pass-fail", "scoring", "multi-pass", "interactive", "submit-answer"}
    if unknown:
        findings.add(DOCUMENT, f"type: {', '.join(sorted(unknown))} is none of the format's")
    for one, other in _CLASHES:
        if {one, other} <= types:
            findings.add(DOCUMENT, f"type: {one} and {other} exclude each other")
    return types if "scoring" in types else types | {"pass-fail"}


def _validation(document: Mapping[str, Any], findings: Findings) -> tuple[str, ...]:
    words = tuple((document.get("validation") or "default").split())
    first, *others = words
    if first not in ("default", "custom") or not set(others) <= {"score", "interactive", "multi-pass"}:
        known = "default nor custom [score] [interactive] [multi-pass]"
        findings.add(DOCUMENT, f"validation: {' '.join(words)!r} is neither {known}")
    elif first == "default" and others:
        findings.add(DOCUMENT, f"validation: the default validator is not {others[0]}")
    if "score" in others and "scoring" not in (document.get("type") or ""):
        findings.add(DOCUMENT, "validation: only a scoring problem's validator may score")
    return words


def _grading(document: Mapping[str, Any], findings: Findings) -> Mapping[str, Any]:
    grading = document.get("grading", {})
    if grading == "custom":
        findings.add(DOCUMENT, "grading: custom graders are not supported, only the default one")
    return grading if isinstance(grading, dict) else {}


def rights(document: Mapping[str, Any], findings: Findings) -> None:
    """A problem in the public domain has no owner."""
    if document.get("license") == "public domain" and "rights_owner" in document:
        findings.add(DOCUMENT, "rights_owner: a problem in the public domain has none")


def _source(document: Mapping[str, Any]) -> tuple[str, str]:
    stated = document.get("source")
    entries = stated if isinstance(stated, list) else [stated] if stated else []
    named = [entry if isinstance(entry, dict) else {"name": entry} for entry in entries]
    urls = [entry["url"] for entry in named if "url" in entry]
    return ", ".join(entry["name"] for entry in named), document.get("source_url") or "".join(urls[:1])


def _authors(document: Mapping[str, Any]) -> tuple[str, ...]:
    credited = document.get("credits", {})
    if isinstance(credited, str):
        return (_person(credited),)
    stated = credited.get("authors") or document.get("author") or []
    if isinstance(stated, str) and "author" in document:
        stated = [name for name in re.split(r",|\band\b", stated) if name.strip()]
    people = stated if isinstance(stated, list) else [stated]
    return tuple(_person(person) for person in people)


def _person(person: Any) -> str:
    """A person's name without the address."""
    name = person["name"] if isinstance(person, dict) else person
    return str(re.sub(r"\s*<[^>]*>\s*$", "", name).strip())


def _words(stated: Any) -> tuple[str, ...]:
    words = stated.split() if isinstance(stated, str) else stated or []
    return tuple(dict.fromkeys(words))


def _languages(stated: Any, findings: Findings) -> tuple[str, ...] | None:
    """The languages of ours among those that are named; where there is none, nobody can answer."""
    words = stated.split() if isinstance(stated, str) else stated
    if "all" in words:
        return None
    ours = tuple(dict.fromkeys(LANGUAGE_CODES.get(word, word) for word in words))
    known = tuple(language for language in ours if language in LANGUAGES)
    if not known:
        findings.add(DOCUMENT, f"languages: none of {', '.join(words)} can be judged here")
    return known


def _tools(limits: Mapping[str, Any]) -> ToolLimits:
    usual = ToolLimits()
    return ToolLimits(
        code_kib=limits.get("code", usual.code_kib),
        compilation_s=limits.get("compilation_time", usual.compilation_s),
        compilation_mib=limits.get("compilation_memory", usual.compilation_mib),
        validation_s=limits.get("validation_time", usual.validation_s),
        validation_mib=limits.get("validation_memory", usual.validation_mib),
        validation_output_mib=limits.get("validation_output", usual.validation_output_mib),
    )


def _time_rule(form: Form, limits: Mapping[str, Any]) -> TimeRule:
    if form is Form.LEGACY:
        factor, margin = limits.get("time_multiplier", 5), limits.get("time_safety_margin", 2)
        return TimeRule(float(factor), float(margin))
    usual, factors = TimeRule(), limits.get("time_multipliers", {})
    return TimeRule(
        float(factors.get("ac_to_time_limit", usual.ac_factor)),
        float(factors.get("time_limit_to_tle", usual.tle_factor)),
        float(limits.get("time_resolution", usual.resolution_s)),
    )


def _passes(limits: Mapping[str, Any], types: set[str], findings: Findings) -> int:
    if "validation_passes" in limits and "multi-pass" not in types:
        findings.add(DOCUMENT, "limits.validation_passes: only a multi-pass problem has several")
    return int(limits.get("validation_passes", 2))


def _constant(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)
