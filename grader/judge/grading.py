"""From tests to a whole: which of them are run, in which order, and what their results are together.

Sources: Kattis problem package format 2025-09, "Result aggregation"; legacy, "Default Grader Specification".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.judge.model import CaseResult
from grader.judge.tools import ToolFailed
from grader.judge.validating import Ruling
from grader.judge.verdicts import LIMIT_VERDICTS, overall_verdict
from grader.verdict import Verdict
from questionbank.packages.model import Package, TestCase
from questionbank.packages.program import (
    Aggregation,
    GroupRule,
    LegacyRule,
    ProgramSpec,
    ScoreMode,
    StaticCheck,
    VerdictMode,
)

SECRET, SAMPLE = "secret", "sample"
_WORST_FIRST = (Verdict.RE, Verdict.MLE, Verdict.TLE, Verdict.OLE, Verdict.WA)
_SLACK = 1e-9

JudgeTest = Callable[[TestCase], tuple[CaseResult, Ruling | None]]
JudgeSource = Callable[[StaticCheck], tuple[CaseResult, Ruling | None]]


@dataclass(frozen=True, slots=True)
class Graded:
    """The whole. `points` are those of the package, None for a problem without; `most` bounds them."""

    verdict: Verdict
    cases: tuple[CaseResult, ...]
    points: float | None = None
    most: float | None = None
    group_points: tuple[tuple[str, float], ...] = ()

    @property
    def score(self) -> float:
        """From 0 to 100: the share of the points; all or nothing where they have no bound."""
        if self.points is None or not self.most:
            return 100.0 if self.verdict is Verdict.AC else 0.0
        return min(max(100.0 * self.points / self.most, 0.0), 100.0)


@dataclass(frozen=True, slots=True)
class Judges:
    """How a test and a source are judged, who hears of it, and whether every test is run in any case, or none
    after the first that fails."""

    test: JudgeTest
    source: JudgeSource
    heard: Callable[[CaseResult], None]
    every: bool = False
    verdict_alone: bool = False

    def are_done(self, cases: Sequence[CaseResult]) -> bool:
        """Whether nothing more is asked: the verdict alone, and it is there."""
        return self.verdict_alone and overall_verdict(cases) is not Verdict.AC


def grade(package: Package, judges: Judges) -> Graded:
    """Runs what the package's form and groups say, and makes one result of it. Raises `ToolFailed`."""
    spec = package.program or ProgramSpec()
    if spec.legacy_rules:
        return _Legacy(package, spec, judges).grade()
    if spec.scoring:
        return _Points(package, spec, judges).grade()
    return _pass_fail(package, spec, judges)


def _pass_fail(package: Package, spec: ProgramSpec, judges: Judges) -> Graded:
    cases: list[CaseResult] = []
    for group, tests in _by_group(package.tests):
        for check in spec.static_checks:
            if check.group == group:
                cases.append(_heard(judges.source(check)[0], judges))
        for test in tests:
            if judges.are_done(cases):
                continue
            if judges.every or not _is_decided(test, cases):
                cases.append(_heard(judges.test(test)[0], judges))
    return Graded(overall_verdict(cases), tuple(cases))


def _is_decided(test: TestCase, cases: Sequence[CaseResult]) -> bool:
    """Whether a test can change nothing any more and may cost its whole limit: another has met a limit."""
    over_limit = [case for case in cases if case.verdict in LIMIT_VERDICTS]
    return any(case.group != SAMPLE or test.group != SAMPLE for case in over_limit)


def _heard(case: CaseResult, judges: Judges) -> CaseResult:
    judges.heard(case)
    return case


def _by_group(tests: Sequence[TestCase]) -> Iterator[tuple[str, list[TestCase]]]:
    """Tests by `sample`, `secret` or the group in that, in their order."""
    groups: dict[str, list[TestCase]] = {}
    for test in tests:
        groups.setdefault("/".join(test.group.split("/")[:2]), []).append(test)
    yield from groups.items()


class _Points:
    """Problems that are scored as the format says since 2023."""

    def __init__(self, package: Package, spec: ProgramSpec, judges: Judges) -> None:
        self._package = package
        self._spec = spec
        self._judges = judges
        self._rules = {rule.name: rule for rule in spec.rules}
        self._cases: list[CaseResult] = []
        self._passed: dict[str, bool] = {}
        self._group_points: dict[str, float] = {}

    def grade(self) -> Graded:
        groups = dict(_by_group(self._package.tests))
        for check in self._spec.static_checks:
            groups.setdefault(check.group, [])
        secret = self._rules[SECRET]
        scores: list[float] = []
        self._run_group(SAMPLE, groups.pop(SAMPLE, []), None)
        may_run = self._may_run(secret)
        for name in sorted(groups):
            rule = self._rules.get(name, secret)
            if may_run and (rule is secret or self._may_run(rule)):
                scores += self._run_group(name, groups[name], rule)
            else:
                self._passed[name] = False
                self._group_points[name] = 0.0
                scores.append(0.0)
        points = self._together(secret, scores)
        verdict = overall_verdict(self._cases)
        if verdict is Verdict.AC and not all(self._passed.values()):
            verdict = Verdict.WA
        self._group_points[SECRET] = points
        return Graded(
            verdict, tuple(self._cases), points, secret.max_score, tuple(self._group_points.items())
        )

    def _may_run(self, rule: GroupRule) -> bool:
        return all(self._passed.get(needed, needed == SAMPLE) for needed in rule.require_pass)

    def _run_group(self, name: str, tests: list[TestCase], rule: GroupRule | None) -> list[float]:
        """The scores that the group brings to `secret`: its own, or for secret itself those of its tests."""
        checks = [check for check in self._spec.static_checks if check.group == name]
        scores: list[float] = []
        begin = len(self._cases)
        most = self._most_of_test(rule, tests, checks)
        for check in checks:
            scores.append(self._points(rule, check.score, *self._judges.source(check)))
        for test in tests:
            if self._judges.are_done(self._cases) or self._is_lost(rule, self._cases[begin:]):
                scores.append(0.0)
                continue
            scores.append(self._points(rule, most, *self._judges.test(test)))
        own = self._cases[begin:]
        self._passed[name] = all(case.verdict is Verdict.AC for case in own)
        if rule is None:
            return []
        if name == SECRET:
            return scores if rule.aggregation is not Aggregation.PASS_FAIL else []
        self._group_points[name] = self._of_group(rule, scores, passed=self._passed[name])
        return [self._group_points[name]]

    def _is_lost(self, rule: GroupRule | None, cases: Sequence[CaseResult]) -> bool:
        """Whether a group's score is settled at nothing and its next test may cost its whole limit."""
        if self._judges.every or (rule is not None and rule.aggregation is Aggregation.SUM):
            return False
        return any(case.verdict in LIMIT_VERDICTS for case in cases)

    def _most_of_test(
        self, rule: GroupRule | None, tests: list[TestCase], checks: list[StaticCheck]
    ) -> float | None:
        if rule is None or rule.max_score is None or not tests:
            return None
        if rule.aggregation is Aggregation.MIN:
            return rule.max_score
        static = sum(check.score or 0.0 for check in checks)
        # In the draft tests may lie beside groups, which have their part.
        groups = sum(one.max_score or 0.0 for one in self._rules.values() if one is not rule)
        return (rule.max_score - static - (groups if rule.name == SECRET else 0.0)) / len(tests)

    def _points(
        self, rule: GroupRule | None, most: float | None, case: CaseResult, ruling: Ruling | None
    ) -> float:
        """What a test earns; noted with its case."""
        points: float | None = None
        if rule is not None and rule.aggregation is not Aggregation.PASS_FAIL:
            points = _test_points(most, case, ruling)
        elif rule is not None and _wrote_score(ruling):
            raise ToolFailed(f"{_place(case)}: the validator wrote a score in a group that passes or fails")
        self._cases.append(_heard(replace(case, points=points), self._judges))
        return points or 0.0

    @staticmethod
    def _of_group(rule: GroupRule, scores: list[float], *, passed: bool) -> float:
        if rule.aggregation is Aggregation.PASS_FAIL:
            return (rule.max_score or 0.0) if passed else 0.0
        score = sum(scores) if rule.aggregation is Aggregation.SUM else min(scores, default=0.0)
        return _bounded(rule, score)

    def _together(self, secret: GroupRule, scores: list[float]) -> float:
        if secret.aggregation is Aggregation.PASS_FAIL:
            passed = all(done for name, done in self._passed.items() if name != SAMPLE)
            return (secret.max_score or 0.0) if passed else 0.0
        score = sum(scores) if secret.aggregation is Aggregation.SUM else min(scores, default=0.0)
        return _bounded(secret, score)


def _bounded(rule: GroupRule, score: float) -> float:
    if rule.max_score is not None and score > rule.max_score + _SLACK * max(rule.max_score, 1.0):
        raise ToolFailed(f"{rule.name}: earns {score:g} points, its max_score is {rule.max_score:g}")
    return score


def _wrote_score(ruling: Ruling | None) -> bool:
    return ruling is not None and not (ruling.score is None and ruling.multiplier is None)


def _place(case: CaseResult) -> str:
    return f"{case.group}/{case.name}"


def _test_points(most: float | None, case: CaseResult, ruling: Ruling | None) -> float:
    """The score of a test in a group that adds up or takes the least; what no validator may do raises."""
    place = _place(case)
    if ruling and ruling.score is not None and ruling.multiplier is not None:
        raise ToolFailed(f"{place}: the validator wrote score.txt and score_multiplier.txt")
    if case.verdict is not Verdict.AC:
        if _wrote_score(ruling):
            raise ToolFailed(f"{place}: the validator wrote a score and did not accept")
        return 0.0
    if most is None:
        if ruling is None or ruling.score is None:
            raise ToolFailed(f"{place}: the group has no max_score, and no validator wrote score.txt")
        return _not_negative(ruling.score, place)
    if ruling and ruling.multiplier is not None:
        if not 0 <= ruling.multiplier <= 1:
            raise ToolFailed(f"{place}: score_multiplier.txt holds {ruling.multiplier:g}, not 0 to 1")
        return most * ruling.multiplier
    if ruling and ruling.score is not None:
        if ruling.score > most * (1 + _SLACK):
            raise ToolFailed(f"{place}: score.txt holds {ruling.score:g}, the most is {most:g}")
        return _not_negative(ruling.score, place)
    return most


def _not_negative(score: float, place: str) -> float:
    if score < 0:
        raise ToolFailed(f"{place}: score.txt holds {score:g}, which is less than 0")
    return score


class _Legacy:
    """The default grader of the legacy form, over its tree of groups."""

    def __init__(self, package: Package, spec: ProgramSpec, judges: Judges) -> None:
        self._spec = spec
        self._judges = judges
        self._rules = {rule.name: rule for rule in spec.legacy_rules}
        self._children: dict[str, dict[str, TestCase | None]] = {}
        for test in package.tests:
            parts = PurePosixPath(test.group).parts
            for depth, part in enumerate(parts):
                self._children.setdefault("/".join(parts[:depth]), {}).setdefault(part, None)
            self._children.setdefault(test.group, {})[f"{test.name}.in"] = test
        self._cases: list[CaseResult] = []
        self._group_points: dict[str, float] = {}

    def grade(self) -> Graded:
        verdict, score = self._group("")
        root = self._rules[""]
        if not self._spec.scoring:
            return Graded(verdict, tuple(self._cases))
        points = score if verdict is Verdict.AC else 0.0
        most = root.highest if self._spec.maximizes and 0 < root.highest < float("inf") else None
        return Graded(verdict, tuple(self._cases), points, most, tuple(self._group_points.items()))

    def _group(self, name: str) -> tuple[Verdict, float]:
        rule = self._rules[name]
        results: list[tuple[Verdict, float]] = []
        # Samples come before the secret tests; elsewhere names decide.
        for part, test in sorted(self._children.get(name, {}).items()):
            if rule.ignore_sample and part == SAMPLE:
                self._group(part)
                continue
            result = self._test(rule, test) if test else self._group(f"{name}/{part}" if name else part)
            results.append(result)
            if result[0] is not Verdict.AC and rule.stops:
                break
        verdict, score = _default_grader(rule, results)
        self._group_points[name] = score
        if self._spec.scoring and verdict is Verdict.AC and not rule.lowest <= score <= rule.highest:
            raise ToolFailed(
                f"data/{name}: earns {score:g} points, its range is {rule.lowest:g} to {rule.highest:g}"
            )
        return verdict, score

    def _test(self, rule: LegacyRule, test: TestCase) -> tuple[Verdict, float]:
        case, ruling = self._judges.test(test)
        score = rule.accept_score if case.verdict is Verdict.AC else rule.reject_score
        if ruling and ruling.score is not None:
            score = ruling.score
        noted = replace(case, points=score if self._spec.scoring else None)
        self._cases.append(_heard(noted, self._judges))
        return case.verdict, score


def _default_grader(rule: LegacyRule, results: Sequence[tuple[Verdict, float]]) -> tuple[Verdict, float]:
    verdicts = [verdict for verdict, _ in results]
    scores = [score for _, score in results]
    return _verdict_of(rule, verdicts), _score_of(rule.score, scores)


def _verdict_of(rule: LegacyRule, verdicts: Sequence[Verdict]) -> Verdict:
    rejected = [verdict for verdict in verdicts if verdict is not Verdict.AC]
    some_accepted = rule.accept_if_any_accepted and len(rejected) < len(verdicts)
    if not rejected or some_accepted or rule.verdict is VerdictMode.ALWAYS_ACCEPT:
        return Verdict.AC
    if rule.verdict is VerdictMode.FIRST_ERROR:
        return rejected[0]
    return next(verdict for verdict in (*_WORST_FIRST, *rejected) if verdict in rejected)


def _score_of(mode: ScoreMode, scores: Sequence[float]) -> float:
    if not scores:
        return 0.0
    match mode:
        case ScoreMode.SUM:
            return sum(scores)
        case ScoreMode.AVG:
            return sum(scores) / len(scores)
        case ScoreMode.MIN:
            return min(scores)
        case ScoreMode.MAX:
            return max(scores)
