"""The values that cross the judge's border: `Package` + `Answer` in, `Judgement` out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from grader.verdict import Stage, Verdict
from questionbank.packages.model import JsonValue


@dataclass(frozen=True, slots=True)
class Answer:
    """What a candidate handed in. `source` is code for programs, a JSON list of option ids for choices,
    prose for open questions. `language` is a key of `grader.judge.languages`, "choice" or "text"."""

    language: str
    source: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Files beside the source, by path, and what the source itself is called there ("" for any name)."""
    entry: str = ""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One test's result.

    `message` may be shown to the candidate whatever the test's group: for tests that are not samples it
    never quotes input, output, or anything the submission printed or raised. `got` and `expected` are
    filled for samples only (text for programs, JSON text for functions).
    """

    name: str
    group: str
    verdict: Verdict
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_bytes: int = 0
    message: str = ""
    got: str | None = None
    expected: str | None = None
    stdout: str | None = None
    points: float | None = None
    """What the test earns, where its problem's tests earn points."""
    judge_message: str = ""
    """What the package's validator tells judges; never shown to a candidate."""


class MetricState(StrEnum):
    """Where a figure's interval lies: on one side of the threshold, or across it."""

    PASS = "pass"  # noqa: S105 - a state, no password
    FAIL = "fail"
    BORDERLINE = "borderline"


@dataclass(frozen=True, slots=True)
class MetricResult:
    """A measured figure of an artifact exercise.

    `value`, `low` and `high` are those of the rows whose figures are shown, rounded towards failing; `low`
    and `high` are None where nothing was left to chance. `state` and `passed` are those of the rows that
    decide, unrounded; `passed` is `state`, or for a borderline figure what the exercise's rule makes of it.
    `score` runs from 0 to 100.
    """

    key: str
    value: float
    low: float | None
    high: float | None
    threshold: float
    direction: str
    baseline: float | None
    state: MetricState
    passed: bool
    decides: bool
    score: float


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart: as many x as y, finite."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves that a submission left as data: a loss over epochs, say."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Counts that a submission left as data; rows are the true classes, columns the predicted ones."""

    title: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Exhibits:
    """What a submission wants shown beside its verdict; it never changes the verdict."""

    charts: tuple[Chart, ...] = ()
    matrices: tuple[ConfusionMatrix, ...] = ()
    problem: str = ""
    """Why nothing is shown although something was left."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The whole result. `score` runs from 0 to 100. `needs_review` is true for open answers, whose
    verdict is None until a person has marked them. `compiler_output` is set with CE."""

    verdict: Verdict | None
    score: float
    cases: tuple[CaseResult, ...] = ()
    metrics: tuple[MetricResult, ...] = ()
    exhibits: Exhibits = Exhibits()
    compiler_output: str = ""
    message: str = ""
    guarantees: tuple[str, ...] = ()
    device: str = "cpu"
    driver: str = ""
    timer: str = ""
    """What an evaluator took times with, where it took any."""
    needs_review: bool = False
    points: float | None = None
    """Of a scoring problem, in the package's own measure."""
    group_points: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Observer:
    """Hears of progress while judging goes on."""

    stage: Callable[[Stage], None] = field(default=lambda stage: None)
    case: Callable[[CaseResult], None] = field(default=lambda result: None)


@dataclass(frozen=True, slots=True)
class SampleRun:
    """One run outside the record: a sample, or the candidate's own input.

    `output` is the function's return value as JSON text, or the program's stdout.
    """

    name: str
    verdict: Verdict | None
    """None when there is no expected answer to compare with (own input) and the run ended well."""
    output: str
    expected: str | None
    stdout: str
    stderr: str
    cpu_s: float
    wall_s: float
    peak_bytes: int
    message: str


Args = tuple[JsonValue, ...]
