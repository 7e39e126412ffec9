"""How groups of a scoring problem earn points, out of test_group.yaml or testdata.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from questionbank.packages.errors import Findings
from questionbank.packages.metadata import Metadata, shlex_split
from questionbank.packages.program import (
    Aggregation,
    Form,
    GroupRule,
    LegacyRule,
    ScoreMode,
    StaticCheck,
    VerdictMode,
)

_SECRET = "secret"  # noqa: S105 - a folder, no password
SCORING_KEYS = ("max_score", "score_aggregation", "require_pass")
_MOST = 100.0
_FLAGS = frozenset({"ignore_sample", "accept_if_any_accepted"})
_SLACK = 1e-9

Own = Mapping[str, Mapping[str, Any]]
Place = Callable[[str], str]
"""The file that a group's settings stand in, by the group's name."""


def group_rules(
    own: Own, sizes: Mapping[str, int], metadata: Metadata, place: Place, findings: Findings
) -> tuple[GroupRule, ...]:
    """The rule of `secret` and of each group in it; empty for problems without points.

    `sizes` are the numbers of tests right in each group.
    """
    settings = {name: _current(document) for name, document in own.items()}
    if "scoring" not in metadata.types:
        for name, document in settings.items():
            for key in SCORING_KEYS:
                if key in document:
                    findings.add(place(name), f"{key} is for problems of the type scoring")
        return ()
    for key in SCORING_KEYS:
        if key in settings.get("sample", {}):
            findings.add(place("sample"), f"{key}: samples earn no points")
        if key in settings.get("", {}):
            findings.add(place(""), f"{key}: only secret and the groups in it earn points")
    secret = _rule(_SECRET, settings.get(_SECRET, {}), Aggregation.SUM, _MOST)
    names = list(
        dict.fromkeys(
            "/".join(group.split("/")[:2]) for group in sorted(sizes) if group.startswith("secret/")
        )
    )
    groups = [_rule(name, settings.get(name, {}), Aggregation.PASS_FAIL, None) for name in names]
    if metadata.form is Form.DRAFT:
        groups = _shared_out(secret, groups, settings, sizes.get(_SECRET, 0))
        for fault_name, fault in (*_early(own), *_nested(groups, settings, sizes)):
            findings.add(place(fault_name), fault)
    rules = [secret, *groups]
    for fault_name, fault in _faults(rules):
        findings.add(place(fault_name), fault)
    return tuple(rules)


def _current(document: Mapping[str, Any]) -> dict[str, Any]:
    """The draft's map `scoring` with the names of today."""
    settings = dict(document)
    scoring = settings.pop("scoring", {})
    names = {"score": "max_score", "aggregation": "score_aggregation"}
    return {**{names.get(key, key): value for key, value in scoring.items()}, **settings}


def _shared_out(secret: GroupRule, groups: list[GroupRule], settings: Own, tests: int) -> list[GroupRule]:
    """What the draft has and 2025-09 has not: groups that state no score share what the others leave.

    `tests` are those right in `secret`: each is one of those that share.
    """
    silent = [rule.name for rule in groups if "max_score" not in settings.get(rule.name, {})]
    if secret.max_score is None or not silent:
        return groups
    share = secret.max_score
    if secret.aggregation is Aggregation.SUM:
        stated = sum(rule.max_score or 0.0 for rule in groups)
        share = max(secret.max_score - stated, 0.0) / (len(silent) + tests)
    elif secret.aggregation is Aggregation.PASS_FAIL:
        # Nothing is added up: the whole passes or fails.
        share = 0.0
    return [replace(rule, max_score=share) if rule.name in silent else rule for rule in groups]


def _early(own: Own) -> Iterator[tuple[str, str]]:
    """Settings in the words of an early draft, in which `score` was that of each test."""
    for name, document in own.items():
        if {"score", "max_score"} <= document.get("scoring", {}).keys():
            yield name, "scoring: has score and max_score, as an early draft had: write score alone"


def _nested(groups: list[GroupRule], settings: Own, sizes: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Groups in groups, which 2025-09 does not have: the draft scores each of them for itself."""
    below = [name for name in sizes if name.count("/") > 1 and name.startswith("secret/")]
    for rule in groups:
        if rule.aggregation is not Aggregation.PASS_FAIL:
            for name in below:
                if name.startswith(f"{rule.name}/"):
                    yield name, f"is a group in {rule.name}, and only groups of secret are scored here"
    for name, document in settings.items():
        if name.count("/") > 1 and any(key in document for key in SCORING_KEYS):
            yield name, "scoring: only secret and the groups in it are scored here"


def _rule(name: str, settings: Mapping[str, Any], usual: Aggregation, most: float | None) -> GroupRule:
    stated = settings.get("max_score", most)
    needs = settings.get("require_pass", ())
    return GroupRule(
        name,
        Aggregation(settings.get("score_aggregation", usual)),
        None if stated in (None, "unbounded") else float(stated),
        (needs,) if isinstance(needs, str) else tuple(needs),
    )


def _faults(rules: list[GroupRule]) -> Iterator[tuple[str, str]]:
    secret, *groups = rules
    earlier = {"sample": Aggregation.PASS_FAIL}
    for rule in rules:
        if rule.aggregation is Aggregation.PASS_FAIL and rule.max_score is None and rule.name != _SECRET:
            yield rule.name, "max_score: a group that passes or fails as a whole needs one"
        elif rule.name != _SECRET and rule.max_score is None and secret.max_score is not None:
            yield rule.name, "max_score: only where that of secret is unbounded may it be, too"
        for needed in rule.require_pass:
            if rule.name == _SECRET and needed != "sample":
                yield rule.name, f"require_pass: secret may depend on sample alone, not on {needed}"
            elif needed not in earlier:
                whole = f"{_SECRET}/{needed}"
                hint = f": a group's name is its path below data/, {whole}" if whole in earlier else ""
                yield rule.name, f"require_pass: {needed} is no earlier group{hint}"
            elif earlier[needed] is not Aggregation.PASS_FAIL:
                yield rule.name, f"require_pass: {needed} does not pass or fail as a whole"
        if rule.name != _SECRET:
            earlier[rule.name] = rule.aggregation
    if secret.aggregation is Aggregation.PASS_FAIL:
        if secret.max_score is None:
            yield _SECRET, "max_score: secret passes or fails as a whole and needs one"
        for rule in groups:
            if rule.aggregation is not Aggregation.PASS_FAIL:
                yield rule.name, "score_aggregation: where that of secret is pass-fail, so is every group's"
    most = sum(rule.max_score or 0.0 for rule in groups)
    bound = secret.max_score if secret.aggregation is Aggregation.SUM and groups else None
    if bound is not None and most > bound + _SLACK:
        yield _SECRET, f"max_score: the groups' sum is {most:g}, more than {bound:g}"


def static_checks(own: Own, metadata: Metadata, place: Place, findings: Findings) -> tuple[StaticCheck, ...]:
    """The tests of the source itself that groups define."""
    checks = []
    for name, document in sorted(own.items()):
        settings = _current(document)
        stated = settings.get("static_validation_score")
        if stated is None:
            if "static_validator_args" in settings:
                findings.add(
                    place(name), "static_validator_args says nothing without static_validation_score"
                )
            continue
        scoring = "scoring" in metadata.types
        usual = Aggregation.SUM if name == _SECRET else Aggregation.PASS_FAIL
        summed = settings.get("score_aggregation", usual) != Aggregation.PASS_FAIL
        if stated != "pass-fail" and not (scoring and summed):
            findings.add(place(name), "static_validation_score: a number is for groups that earn points")
        elif stated == "pass-fail" and scoring and summed:
            findings.add(place(name), "static_validation_score: pass-fail is for groups that pass or fail")
        else:
            score = None if stated == "pass-fail" else float(stated)
            args = tuple(map(str, settings.get("static_validator_args", ())))
            checks.append(StaticCheck(name, score, args))
    return tuple(checks)


def legacy_rules(
    own: Own, groups: Sequence[str], metadata: Metadata, place: Place, findings: Findings
) -> tuple[LegacyRule, ...]:
    """The settings of every group in the legacy form, what a group does not say as in the group above it."""
    names = {""}
    for group in groups:
        path = PurePosixPath(group)
        names |= {str(path), *(str(parent) for parent in path.parents if str(parent) != ".")}
    rules = []
    settings: dict[str, dict[str, Any]] = {}
    for name in sorted(names, key=lambda one: (one.count("/") if one else -1, one)):
        above = name.rpartition("/")[0] if name else None
        inherited = settings[above] if above is not None else _of_problem(metadata)
        settings[name] = {**inherited, **own.get(name, {})}
        rules.append(_legacy_rule(name, settings[name], place(name), findings))
    return tuple(rules)


def _of_problem(metadata: Metadata) -> dict[str, Any]:
    """What early packages say for all groups in problem.yaml."""
    grading = dict(metadata.grading)
    rejected = grading.pop("on_reject", None)
    keys = ("accept_score", "reject_score", "range")
    settings: dict[str, Any] = {key: grading[key] for key in keys if key in grading}
    if rejected:
        settings["on_reject"] = "break" if rejected in ("break", "first_error") else "continue"
    return settings


def _legacy_rule(name: str, settings: Mapping[str, Any], path: str, findings: Findings) -> LegacyRule:
    if settings.get("grading", "default") == "custom":
        findings.add(path, "grading: custom graders are not supported, only the default one")
    verdict, score, flags = VerdictMode.WORST_ERROR, ScoreMode.SUM, set[str]()
    for flag in shlex_split(settings.get("grader_flags"), path, findings):
        if flag in set(VerdictMode):
            verdict = VerdictMode(flag)
        elif flag in set(ScoreMode):
            score = ScoreMode(flag)
        elif flag in _FLAGS:
            flags.add(flag)
        else:
            findings.add(path, f"grader_flags: the default grader has no flag {flag!r}")
    lowest, highest = _range(settings.get("range"), path, findings)
    return LegacyRule(
        name,
        stops=settings.get("on_reject", "break") == "break",
        verdict=verdict,
        score=score,
        # It is about the root's two groups; a group that inherits the flag has no samples.
        ignore_sample="ignore_sample" in flags and not name,
        accept_if_any_accepted="accept_if_any_accepted" in flags,
        accept_score=_number(settings.get("accept_score", 1), path, findings),
        reject_score=_number(settings.get("reject_score", 0), path, findings),
        lowest=lowest,
        highest=highest,
    )


def _range(stated: str | None, path: str, findings: Findings) -> tuple[float, float]:
    if stated is None:
        return float("-inf"), float("inf")
    words = stated.split()
    if len(words) != 2:
        findings.add(path, f"range: {stated!r} is not two numbers")
        return float("-inf"), float("inf")
    lowest, highest = (_number(word, path, findings) for word in words)
    if lowest > highest:
        findings.add(path, f"range: {stated!r} begins above its end")
    return lowest, highest


def _number(stated: Any, path: str, findings: Findings) -> float:
    try:
        number = float(stated)
    except ValueError:
        number = float("nan")
    if number != number:
        findings.add(path, f"{stated!r} is no number")
        return 0.0
    return number
