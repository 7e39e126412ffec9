"""Tests of programs and their groups: everything below `data/`, in the three forms of the format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from questionbank.packages.documents import load_yaml
from questionbank.packages.errors import Findings
from questionbank.packages.files import Files
from questionbank.packages.grading_rules import SCORING_KEYS, group_rules, legacy_rules, static_checks
from questionbank.packages.metadata import Metadata, shlex_split
from questionbank.packages.model import TestCase
from questionbank.packages.problem_schemas import (
    DRAFT_GROUP,
    GRADER_KEYS,
    LEGACY_GROUP,
    PROGRAM_GROUP,
    TEST_CASE,
)
from questionbank.packages.program import (
    CaseSettings,
    Form,
    GroupRule,
    LegacyRule,
    StaticCheck,
    ValidationCase,
)
from questionbank.packages.statements import with_constants

SAMPLE, SECRET = "sample", "secret"
_VALIDATION = {"invalid_input": False, "invalid_output": False, "valid_output": True}
_GROUP_FILES = {
    Form.LEGACY: ("testdata.yaml",),
    Form.DRAFT: ("test_group.yaml", "testdata.yaml"),
    Form.CURRENT: ("test_group.yaml",),
}
_ENDINGS = (
    ".in.statement",
    ".in.download",
    ".ans.statement",
    ".ans.download",
    ".interaction",
    ".in",
    ".ans",
    ".out",
    ".yaml",
    ".hint",
    ".desc",
    ".png",
    ".jpg",
    ".jpeg",
    ".svg",
)
_NAME = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
_INHERITED = (
    "args",
    "input_validator_args",
    "output_validator_args",
    "full_feedback",
    "hint",
    "description",
)
_GROUP_SCHEMAS = {Form.LEGACY: LEGACY_GROUP, Form.DRAFT: DRAFT_GROUP, Form.CURRENT: PROGRAM_GROUP}
_SHOWN_ENDINGS = frozenset({".in.statement", ".in.download", ".ans.statement", ".ans.download"})
_FOREIGN = {"invalid_answer": "are tests of answer validators, which the format does not have: not used"}
"""Folders of data/ that known tools write beside the format's own."""


@dataclass(slots=True)
class TestData:
    """What lies below `data/`. `interactions` are shown as samples and belong to no test."""

    tests: list[TestCase] = field(default_factory=list)
    rules: tuple[GroupRule, ...] = ()
    legacy_rules: tuple[LegacyRule, ...] = ()
    static_checks: tuple[StaticCheck, ...] = ()
    validation_cases: list[ValidationCase] = field(default_factory=list)
    interactions: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Parts:
    """The files of one test, by ending, and those that its program finds beside it."""

    group: str
    name: str
    parts: dict[str, PurePosixPath] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


def read_data(files: Files, metadata: Metadata, findings: Findings, notices: Findings) -> TestData:
    """Tests in the order in which they are judged, samples first."""
    return _Reader(files, metadata, findings, notices).read()


class _Reader:
    def __init__(self, files: Files, metadata: Metadata, findings: Findings, notices: Findings) -> None:
        self._files = files
        self._metadata = metadata
        self._form = metadata.form
        self._findings = findings
        self._notices = notices
        self._own: dict[str, dict[str, Any]] = {}
        """What each group's own file says, by the group's name ("" for data/ itself)."""
        self._places: dict[str, str] = {}
        """Where it says so."""

    def read(self) -> TestData:
        data = TestData()
        self._read_settings()
        for top in (SAMPLE, SECRET):
            for parts in self._gather(top):
                self._add_test(parts, data)
        for top, accepted in _VALIDATION.items():
            if self._form is not Form.LEGACY:
                data.validation_cases += self._validation_cases(top, accepted)
        self._report_strangers()
        if not any(test.group.partition("/")[0] == SECRET for test in data.tests):
            self._findings.add("data/secret", "holds no test")
        self._check_layout(data.tests)
        self._check_settings(data.tests)
        sizes = Counter(test.group for test in data.tests)
        if self._form is Form.LEGACY or self._names_grader():
            data.legacy_rules = legacy_rules(
                self._own, sorted(sizes), self._metadata, self._place, self._findings
            )
        else:
            data.rules = group_rules(self._own, sizes, self._metadata, self._place, self._findings)
            data.static_checks = static_checks(self._own, self._metadata, self._place, self._findings)
        return data

    # Settings of groups.

    def _read_settings(self) -> None:
        for path in self._files.paths("data"):
            if path.name in _GROUP_FILES[self._form] and not _in_files_folder(path):
                name = path.parent.relative_to("data").as_posix()
                name = "" if name == "." else name
                if name.partition("/")[0] in _FOREIGN:
                    continue
                self._check_place(path, name)
                if name in self._places:
                    self._findings.add(str(path), f"there is {self._places[name]}, too: one of them counts")
                self._places[name] = str(path)
                self._own[name] = load_yaml(
                    self._files,
                    str(path),
                    _GROUP_SCHEMAS[self._form],
                    self._findings,
                    fill=lambda text: with_constants(text, self._metadata.constants),
                )

    def _check_place(self, path: PurePosixPath, name: str) -> None:
        top, _, below = name.partition("/")
        if self._form is not Form.CURRENT:
            return
        if not name:
            # Known tools write it, and mean what it meant in the draft.
            self._notices.add(str(path), "counts for every group, though this form has no such file")
        elif top in (SAMPLE, SECRET) and below.count("/"):
            self._findings.add(str(path), "lies in no group: data/sample, data/secret or a folder in that")

    def _place(self, group: str) -> str:
        """The file with a group's settings, or what it would be called."""
        return self._places.get(group) or str(PurePosixPath("data", group, _GROUP_FILES[self._form][0]))

    def _names_grader(self) -> bool:
        """Whether a package of the draft is graded as the legacy form has it, as the draft once said."""
        if self._form is not Form.DRAFT:
            return False
        named = [name for name, document in self._own.items() if any(key in document for key in GRADER_KEYS)]
        for name in named:
            if isinstance(self._own[name].get("grading"), dict):
                self._findings.add(
                    self._place(name),
                    "grading: as a map it is of an early draft, whose score was that of each test: "
                    "write scoring, whose score is the most that the group earns",
                )
        for name, document in self._own.items():
            if named and any(key in document for key in ("scoring", *SCORING_KEYS)):
                self._findings.add(
                    self._place(name), f"is scored in another way than {self._place(named[0])} is graded"
                )
        return bool(named)

    def _inherited(self, group: str, key: str) -> Any:
        """What the nearest group says that says anything."""
        names = [group, *(str(parent) for parent in PurePosixPath(group).parents if str(parent) != "."), ""]
        return next((self._own[name][key] for name in names if key in self._own.get(name, {})), None)

    # Tests.

    def _gather(self, top: str) -> list[_Parts]:
        found: dict[tuple[str, str], _Parts] = {}
        for path in self._files.paths(f"data/{top}"):
            inside = _in_files_folder(path)
            if inside is not None:
                owner = inside.with_suffix("")
                parts = self._parts(found, owner.parent, owner.name)
                parts.files[path.relative_to(inside).as_posix()] = self._files.data(path)
                continue
            ending = next((one for one in _ENDINGS if path.name.endswith(one)), None)
            if path.name in _GROUP_FILES[self._form]:
                continue
            if ending is None:
                self._stranger(path, "is no part of a test")
            else:
                self._parts(found, path.parent, path.name[: -len(ending)]).parts[ending] = path
        return sorted(found.values(), key=lambda one: (*one.group.split("/"), one.name))

    def _parts(self, found: dict[tuple[str, str], _Parts], folder: PurePosixPath, name: str) -> _Parts:
        group = folder.relative_to("data").as_posix()
        return found.setdefault((group, name), _Parts(group, name))

    def _stranger(self, path: PurePosixPath | str, message: str) -> None:
        """A file that nothing uses: an error in the form that says so, told of in the others."""
        faults = self._findings if self._form is Form.CURRENT else self._notices
        faults.add(str(path), message)

    def _add_test(self, found: _Parts, data: TestData) -> None:
        source = found.parts.get(".in")
        if source is None:
            self._without_input(found, data)
            return
        if not _NAME.match(found.name):
            self._findings.add(str(source), "a test's name is made of letters, digits, '_', '.' and '-'")
            return
        answer = found.parts.get(".ans")
        # Packages of these kinds often have none: their validator knows what it asked.
        if answer is None and {"interactive", "multi-pass"} & self._metadata.types:
            self._notices.add(str(source), f"has no answer {found.name}.ans: an empty one stands for it")
        elif answer is None:
            self._findings.add(str(source), f"has no answer {found.name}.ans beside it")
            return
        data.tests.append(
            TestCase(
                found.name,
                found.group,
                input=self._files.data(source),
                answer=self._files.data(answer) if answer else b"",
                settings=self._settings(found),
            )
        )

    def _without_input(self, found: _Parts, data: TestData) -> None:
        if found.group == SAMPLE and ".interaction" in found.parts:
            # As the legacy form has it, and packages that were translated from it.
            talk = found.parts.pop(".interaction")
            data.interactions.append(self._files.text(talk, self._findings) or "")
        for ending, path in found.parts.items():
            if found.group == SAMPLE and ending in _SHOWN_ENDINGS:
                # Tools write them for samples that are shown and not judged; no verdict hangs on them.
                self._notices.add(str(path), f"is shown to nobody: there is no {found.name}.in")
            else:
                self._stranger(path, f"belongs to no test: there is no {found.name}.in")
        for name in found.files:
            self._stranger(f"data/{found.group}/{found.name}.files/{name}", "belongs to no test")

    def _settings(self, found: _Parts) -> CaseSettings:
        own: Mapping[str, Any] = {}
        path = found.parts.get(".yaml")
        if path is not None:
            own = load_yaml(self._files, str(path), TEST_CASE, self._findings)
        values = {key: own.get(key, self._inherited(found.group, key)) for key in _INHERITED}
        feedback = values["full_feedback"]
        place = str(path or f"data/{found.group}/{found.name}.in")
        return CaseSettings(
            args=_words(values["args"]),
            files=found.files,
            output_validator_args=self._output_args(found.group, values["output_validator_args"]),
            input_validator_args=self._input_args(found.group, values["input_validator_args"]),
            full_feedback=found.group == SAMPLE if feedback is None else feedback,
            hint=values["hint"] or self._text(found, ".hint"),
            description=values["description"] or self._text(found, ".desc"),
            **self._shown(found, place),
        )

    def _text(self, found: _Parts, ending: str) -> str:
        path = found.parts.get(ending)
        return (self._files.text(path, self._findings) or "").strip() if path else ""

    def _shown(self, found: _Parts, place: str) -> dict[str, Any]:
        parts = found.parts
        if ".out" in parts and ".ans.statement" in parts:
            self._findings.add(place, "has both .out and .ans.statement: one of them is shown")
        for kind in (".in", ".ans"):
            if (f"{kind}.statement" in parts) != (f"{kind}.download" in parts):
                self._notices.add(place, f"has one of {kind}.statement and {kind}.download without the other")
        talk = self._text(found, ".interaction")
        others = {".in.statement", ".ans.statement", ".out"} & parts.keys()
        if ".interaction" in parts and others:
            self._findings.add(
                place, f"has {', '.join(sorted(others))} beside .interaction, which alone is shown"
            )
        answer = parts.get(".ans.statement") or parts.get(".out")
        given = parts.get(".in.statement")
        # The legacy form shows nothing of a talk but a talk: its input is the validator's secret.
        hidden = self._form is Form.LEGACY and "interactive" in self._metadata.types
        nothing = b"" if hidden else None
        return {
            "shown_input": self._files.data(given) if given else nothing,
            "shown_answer": self._files.data(answer) if answer else nothing,
            "interaction": talk,
        }

    def _output_args(self, group: str, args: Any) -> tuple[str, ...]:
        if self._form is Form.CURRENT:
            return _words(args)
        flags = self._inherited(group, "output_validator_flags")
        if isinstance(flags, dict):
            flags = flags.get("flags", "")
        return (
            *self._metadata.validator_flags,
            *self._split(args, group),
            *shlex_split(flags, f"data/{group}", self._findings),
        )

    def _input_args(self, group: str, args: Any) -> dict[str, tuple[str, ...]]:
        if isinstance(args, dict):
            return {name: self._split(words, group) for name, words in args.items()}
        if self._form is not Form.CURRENT:
            flags = self._inherited(group, "input_validator_flags")
            name = flags["name"] if isinstance(flags, dict) else ""
            stated = flags.get("flags", "") if isinstance(flags, dict) else flags
            words = shlex_split(stated, f"data/{group}", self._findings)
            if words:
                return {name: tuple(words)}
        return {"": self._split(args, group)}

    def _split(self, args: Any, group: str) -> tuple[str, ...]:
        """Arguments as words; in the draft they were once one text."""
        if isinstance(args, str):
            return tuple(shlex_split(args, f"data/{group}", self._findings))
        return _words(args)

    # Tests of the validators, and what belongs to nothing.

    def _validation_cases(self, top: str, accepted: bool) -> list[ValidationCase]:
        cases = []
        for found in self._gather(top):
            needed = [".in"] if top == "invalid_input" else [".in", ".ans", ".out"]
            missing = [ending for ending in needed if ending not in found.parts]
            if missing:
                place = next(iter(found.parts.values()), PurePosixPath(f"data/{top}/{found.name}"))
                self._findings.add(
                    str(place), f"a test of {top} has {', '.join(needed)}: no {missing[0]} here"
                )
                continue
            contents = {ending: self._files.data(found.parts[ending]) for ending in needed}
            found.parts.pop(".out", None)
            settings = self._settings(found)
            name = f"{found.group}/{found.name}"
            cases.append(
                ValidationCase(
                    name, contents[".in"], contents.get(".ans", b""), contents.get(".out"), accepted, settings
                )
            )
        return cases

    def _report_strangers(self) -> None:
        known = {SAMPLE, SECRET, *(() if self._form is Form.LEGACY else _VALIDATION)}
        for folder, why in _FOREIGN.items():
            if self._files.paths(f"data/{folder}"):
                self._notices.add(f"data/{folder}", why)
        for path in self._files.paths("data"):
            if path.parts[1] in _FOREIGN:
                continue
            if path.parts[1] not in known and path.name not in _GROUP_FILES[self._form]:
                self._stranger(path, f"data/ has the folders {', '.join(sorted(known))}")

    def _check_settings(self, tests: list[TestCase]) -> None:
        groups = {test.group for test in tests}
        for name, document in self._own.items():
            empty = (
                not any(in_group(group, name) for group in groups)
                and "static_validation_score" not in document
            )
            if name and empty and name.partition("/")[0] not in _VALIDATION:
                self._findings.add(self._place(name), "is the setting of a group without tests")

    def _check_layout(self, tests: list[TestCase]) -> None:
        if self._form is not Form.CURRENT:
            return
        for test in tests:
            if test.group.startswith(f"{SAMPLE}/"):
                self._findings.add(f"data/{test.group}", "data/sample has no groups")
            if f"{test.group}/{test.name}" in {other.group for other in tests}:
                self._findings.add(
                    f"data/{test.group}/{test.name}.in", "a folder beside it has the same name"
                )
        groups = {test.group for test in tests if test.group.startswith(f"{SECRET}/")}
        if groups and any(test.group == SECRET for test in tests):
            self._findings.add("data/secret", "has both tests and groups: it may have one of them")


def in_group(test_group: str, group: str) -> bool:
    """Whether a test of `test_group` belongs to `group` or a group below it."""
    return test_group == group or test_group.startswith(group + "/")


def _words(words: Any) -> tuple[str, ...]:
    return tuple(f"{word:g}" if isinstance(word, float) else str(word) for word in words or ())


def _in_files_folder(path: PurePosixPath) -> PurePosixPath | None:
    """The folder NAME.files of a test that a path lies in, None where it lies in none."""
    return next((parent for parent in reversed(path.parents) if parent.suffix == ".files"), None)
