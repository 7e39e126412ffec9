"""The submissions that a package of programs lists, and what each of them must do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from questionbank.packages.bundled import filled, languages_of, source_language
from questionbank.packages.documents import load_yaml
from questionbank.packages.errors import Findings
from questionbank.packages.files import Files, read_files
from questionbank.packages.metadata import LANGUAGE_CODES, Metadata
from questionbank.packages.model import ReferenceSubmission
from questionbank.packages.problem_schemas import SUBMISSIONS
from questionbank.packages.program import Expectation

ROOT = "submissions"
RULES = f"{ROOT}/submissions.yaml"
ANSWERS = "answers"
"""What the answer to a submit-answer problem is written in."""

_ACCEPTED, _TOO_SLOW = frozenset({"AC"}), frozenset({"TLE"})
_FOLDERS: Mapping[str, Expectation] = {
    "accepted": Expectation(permitted=_ACCEPTED),
    "slow_accepted": Expectation(permitted=frozenset({"AC", "TLE"})),
    "rejected": Expectation(required=frozenset({"RTE", "TLE", "WA"})),
    "wrong_answer": Expectation(permitted=frozenset({"AC", "WA"}), required=frozenset({"WA"})),
    "time_limit_exceeded": Expectation(permitted=frozenset({"AC", "TLE"}), required=_TOO_SLOW),
    "run_time_error": Expectation(permitted=frozenset({"AC", "RTE"}), required=frozenset({"RTE"})),
    "brute_force": Expectation(permitted=frozenset({"AC", "RTE", "TLE"}), required=frozenset({"RTE", "TLE"})),
    "partially_accepted": Expectation(),
}
# The verdict of the whole that a folder stands for; what has none is told by tests alone.
_VERDICTS: Mapping[str, str] = {
    "accepted": "AC",
    "partially_accepted": "AC",
    "wrong_answer": "WA",
    "time_limit_exceeded": "TLE",
    "run_time_error": "RE",
    "memory_limit_exceeded": "MLE",
    "output_limit_exceeded": "OLE",
    "compile_error": "CE",
}
_RESULTS: Mapping[str, str] = {
    **dict.fromkeys(("CORRECT", "ACCEPTED", "AC"), "AC"),
    **dict.fromkeys(("WRONG-ANSWER", "WRONG", "WA", "NO-OUTPUT"), "WA"),
    **dict.fromkeys(("TIMELIMIT", "TIME-LIMIT-EXCEEDED", "TLE"), "TLE"),
    **dict.fromkeys(("RUN-ERROR", "RUN-TIME-ERROR", "RUNTIME-ERROR", "RTE"), "RE"),
    **dict.fromkeys(("COMPILER-ERROR", "COMPILE-ERROR", "CE"), "CE"),
    **dict.fromkeys(("OUTPUT-LIMIT", "OLE"), "OLE"),
    **dict.fromkeys(("MEMORY-LIMIT", "MLE"), "MLE"),
}
_TO_FORMAT = {"RE": "RTE", "MLE": "RTE", "OLE": "RTE"}
_CRASHES = frozenset(_TO_FORMAT)
_EXPECTED_RESULTS = re.compile(rb"@EXPECTED_RESULTS@:?[ \t]*([^\r\n*]*)")
_EXPECTED_SCORE = re.compile(rb"@EXPECTED_SCORE@:?[ \t]*([0-9.]+)")
_PYTHON_2 = re.compile(rb"#!.*python2")
_RULE_KEYS = frozenset({"permitted", "required", "score", "message", "use_for_time_limit"})
_OWN_KEYS = frozenset({"language", "entrypoint", "authors", "model_solution"})
_ENTRIES = ("main", "__main__", "Main", "solution")
_MAIN = re.compile(rb"\bmain\s*\(")


@dataclass(frozen=True, slots=True)
class _Listed:
    """A submission as it lies there: its files by path below it, or below its folder."""

    path: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a package's list is meant: whether it is one of ours, whether the legacy form's grader judges it,
    and whether files are laid beside its submissions, which may call them by their names."""

    ours: bool
    graded: bool
    driven: bool

    @property
    def by_test(self) -> bool:
        """Whether a folder says what each test may get, and not what the whole gets."""
        return not (self.ours or self.graded)


def format_verdict(verdict: str) -> str:
    """One of our verdicts in the format's words: AC, WA, TLE or RTE."""
    return _TO_FORMAT.get(verdict, verdict)


def read_submissions(
    files: Files,
    metadata: Metadata,
    languages: tuple[str, ...],
    findings: Findings,
    notices: Findings,
    *,
    ours: bool = False,
    graded: bool = False,
) -> tuple[ReferenceSubmission, ...]:
    """Every submission that can be judged here; those in other languages are told of.

    In a package of `ours`, as in one that is `graded` by the legacy form's grader, a folder stands for the
    verdict of the whole; else for what each test may get.
    """
    manner = _Manner(ours, graded, driven=bool(files.paths("include")))
    rules: dict[str, Any] = {}
    if RULES in files:
        rules = load_yaml(files, RULES, SUBMISSIONS, findings)
    found = []
    listed = list(_listed(files, findings, notices))
    for one in listed:
        submission = _submission(one, metadata, languages, rules, findings, notices, manner)
        if submission is not None:
            found.append(submission)
    for pattern in rules:
        if not any(_matches_path(pattern, one.path.removeprefix(f"{ROOT}/")) for one in listed):
            notices.add(RULES, f"{pattern} matches no submission")
    if not any(submission.expected == "AC" for submission in found):
        findings.add(f"{ROOT}/accepted", "holds no reference solution that can be judged here")
    return tuple(found)


def read_folder(folder: Path, languages: tuple[str, ...], language: str | None) -> ReferenceSubmission:
    """A folder of files as one submission; raises `PackageError` where it is none."""
    findings = Findings()
    files = read_files(folder, findings)
    listed = _Listed(f"{ROOT}/folder/{folder.name}", dict(files.items()))
    ours = language or _language(listed, languages)
    name = _entry(listed.files, ours, None) if ours and listed.files else None
    if ours not in languages or name is None:
        findings.add(str(folder), f"is in no language that the problem takes: {', '.join(languages)}")
    findings.raise_if_any()
    assert ours is not None
    assert name is not None
    others = {other: data for other, data in listed.files.items() if other != name}
    return ReferenceSubmission(PurePosixPath(folder.name), ours, listed.files[name], "", others, name)


def _listed(files: Files, findings: Findings, notices: Findings) -> Iterable[_Listed]:
    folders: dict[str, dict[str, bytes]] = {}
    for path in files.paths(ROOT):
        if str(path) == RULES:
            continue
        if len(path.parts) == 2 and source_language(path.suffix) is None:
            notices.add(str(path), "is no submission and is not used")
        elif len(path.parts) == 2:
            findings.add(str(path), "submissions lie in a folder such as submissions/accepted/")
        elif len(path.parts) == 3:
            folders.setdefault(str(path), {})[path.name] = files.data(path)
        else:
            folder = "/".join(path.parts[:3])
            folders.setdefault(folder, {})["/".join(path.parts[3:])] = files.data(path)
    for path_text, contents in folders.items():
        yield _Listed(path_text, contents)


def _submission(
    listed: _Listed,
    metadata: Metadata,
    languages: tuple[str, ...],
    rules: Mapping[str, Any],
    findings: Findings,
    notices: Findings,
    manner: _Manner,
) -> ReferenceSubmission | None:
    relative = listed.path.removeprefix(f"{ROOT}/")
    matching = [settings for pattern, settings in rules.items() if _matches_path(pattern, relative)]
    language = next((one["language"] for one in matching if "language" in one), None)
    ours = LANGUAGE_CODES.get(language, language) if language else _language(listed, languages)
    if ours not in languages or (language == "python2"):
        why = (
            "is in several languages" if ours == "" else f"is in {language or ours or 'an unknown language'}"
        )
        # One that must be judged is not judged: an author must know.
        notices.add(listed.path, f"{why}, which is not judged here")
        return None
    assert ours is not None
    entry = next((one["entrypoint"] for one in matching if "entrypoint" in one), None)
    contents = {name: filled(data, metadata) for name, data in listed.files.items()}
    name = _entry(contents, ours, entry)
    if name is None:
        findings.add(listed.path, f"has no entry point {entry or ''}".rstrip())
        return None
    folder = relative.partition("/")[0]
    known = folder in _FOLDERS or folder in _VERDICTS or matching
    if not known and not _EXPECTED_RESULTS.search(contents[name]):
        notices.add(listed.path, "nothing says what it must do: its folder is none of the format's")
    expectations, verdict, results = _expected(folder, contents[name], rules, matching, manner)
    return ReferenceSubmission(
        PurePosixPath(listed.path),
        ours,
        contents[name],
        verdict,
        files={other: data for other, data in contents.items() if other != name},
        entry=name if len(contents) > 1 or entry or manner.driven else "",
        expectations=expectations,
        results=results,
        # The format has one word for what ends a program, whatever ended it.
        alike=_CRASHES if verdict == "RE" and not manner.ours and not results else frozenset(),
    )


def _language(listed: _Listed, languages: tuple[str, ...]) -> str | None:
    """The one language of a submission's files; None for one that is not known, "" for several."""
    if ANSWERS in languages:
        return ANSWERS
    found = languages_of(listed.files)
    if found == {"c", "cpp"}:
        return "cpp"
    sources = [data for name, data in listed.files.items() if source_language(PurePosixPath(name).suffix)]
    if found == {"python"} and any(_PYTHON_2.match(data) for data in sources):
        return "python2"
    if not found:
        extensions = sorted({PurePosixPath(name).suffix for name in listed.files})
        return f"a language of files {', '.join(extensions)}"
    return found.pop() if len(found) == 1 else ""


def _entry(contents: Mapping[str, bytes], language: str, stated: str | None) -> str | None:
    """The file that a submission of several begins with."""
    if language == ANSWERS:
        return next(iter(contents))
    own = [name for name in contents if source_language(PurePosixPath(name).suffix) == language]
    if language == "cpp":
        own += [name for name in contents if PurePosixPath(name).suffix == ".c"]
    own = own or list(contents)
    if stated:
        path = stated.replace(".", "/")
        spelled = (stated, f"{path}.java", f"{path}.kt")
        return next((name for name in own if name in spelled), None)
    named = [name for name in own if PurePosixPath(name).stem in _ENTRIES]
    with_main = [name for name in own if _MAIN.search(contents[name])]
    return [*named, *with_main, *own][0]


def _expected(
    folder: str,
    source: bytes,
    rules: Mapping[str, Any],
    matching: list[Mapping[str, Any]],
    manner: _Manner,
) -> tuple[tuple[Expectation, ...], str, frozenset[str]]:
    """What must hold test by test, the verdict of the whole ("" for several), and what its source allows."""
    usual = _FOLDERS.get(folder)
    by_test = manner.by_test or folder not in _VERDICTS
    results = _stated_results(source)
    verdict = _VERDICTS.get(folder, "")
    if folder == "partially_accepted" and not manner.graded:
        verdict = ""
    if results:
        verdict = next(iter(results)) if len(results) == 1 else ""
    expectations: list[Expectation] = []
    if folder in rules:
        # The folder's own name replaces what is usual, key by key.
        expectations += _rules(rules[folder], usual or Expectation())
    elif usual and not results and by_test:
        expectations.append(usual)
    for settings in matching:
        if settings is not rules.get(folder):
            expectations += _rules(settings, Expectation())
    if not by_test and usual and not results and folder not in rules:
        expectations.append(_of_whole(folder))
    score = _EXPECTED_SCORE.search(source)
    if score:
        expectations.append(Expectation(score=(float(score[1]), float(score[1]))))
    if matching and not results:
        verdict = _single(expectations, verdict, folder in rules)
    opted_out = any("use_for_time_limit" in one for one in matching) or folder == "slow_accepted"
    timed = [one if opted_out and not one.times else _timed(one) for one in expectations]
    return tuple(timed), verdict, results


def _stated_results(source: bytes) -> frozenset[str]:
    match = _EXPECTED_RESULTS.search(source)
    if match is None:
        return frozenset()
    words = match[1].decode("utf-8", errors="replace").upper().replace("_", "-").split(",")
    known = (_RESULTS.get(word.strip()) for word in words)
    return frozenset(verdict for verdict in known if verdict)


def _rules(settings: Mapping[str, Any], usual: Expectation) -> list[Expectation]:
    own = {key: value for key, value in settings.items() if key in _RULE_KEYS}
    expectations = [_rule(own, usual)] if own or usual != Expectation() else []
    for name, rule in settings.items():
        if name not in _RULE_KEYS | _OWN_KEYS:
            expectations.append(_rule(rule, Expectation(tests=name)))
    return expectations


def _rule(rule: Mapping[str, Any], usual: Expectation) -> Expectation:
    score = rule.get("score")
    times = rule.get("use_for_time_limit", True)
    changed = replace(
        usual,
        permitted=frozenset(rule.get("permitted", usual.permitted)),
        required=frozenset(rule.get("required", usual.required)),
        score=usual.score if score is None else tuple(score) if isinstance(score, list) else (score, score),
        message=rule.get("message", usual.message),
        times=times if isinstance(times, str) else "",
    )
    if times == "lower":
        return replace(changed, permitted=changed.permitted - {"TLE"})
    if times == "upper":
        return replace(changed, required=changed.required & {"TLE"})
    return _timed(changed) if times else changed


def _timed(expectation: Expectation) -> Expectation:
    """With what it says of the time limit where nothing else is said."""
    if expectation.times:
        return expectation
    if expectation.required == _TOO_SLOW:
        return replace(expectation, times="upper")
    return replace(expectation, times="lower") if "TLE" not in expectation.permitted else expectation


def _of_whole(folder: str) -> Expectation:
    """Where the whole's verdict counts, tests say only what bounds the time limit."""
    if folder == "accepted":
        return Expectation(permitted=_ACCEPTED)
    return Expectation(times="upper") if folder == "time_limit_exceeded" else Expectation()


def _single(expectations: Iterable[Expectation], usual: str, replaced: bool) -> str:
    """The verdict of the whole that the expectations leave, "" where they leave several."""
    whole = [one for one in expectations if not one.tests]
    permitted = frozenset.intersection(*(one.permitted for one in whole)) if whole else frozenset()
    if permitted == _ACCEPTED:
        return "AC"
    return "" if replaced or any(one.tests for one in expectations) else usual


# Globs.


def _matches_path(pattern: str, path: str) -> bool:
    """Whether a glob matches a path or a folder above it."""
    pure = PurePosixPath(path)
    above = [str(parent) for parent in pure.parents if str(parent) != "."]
    return matches(pattern, [path, *above])


def matches(pattern: str, names: Iterable[str]) -> bool:
    """Whether a glob with braces matches one of the names; `*` stays within a name."""
    compiled = re.compile(_regex(pattern.strip("/")))
    return any(compiled.fullmatch(name) for name in names)


def _regex(pattern: str) -> str:
    pieces, depth = [], 0
    for character in pattern:
        if character == "{":
            depth += 1
            pieces.append("(?:")
        elif character == "}" and depth:
            depth -= 1
            pieces.append(")")
        elif character == "," and depth:
            pieces.append("|")
        elif character == "*":
            pieces.append("[^/]*")
        else:
            pieces.append("[^/]" if character == "?" else re.escape(character))
    return "".join(pieces) + ")" * depth


def matches_test(pattern: str, group: str, name: str) -> bool:
    """Whether a glob over names below data/ matches a test, or a group that it is in."""
    return not pattern or _matches_path(pattern, f"{group}/{name}")
