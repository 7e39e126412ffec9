"""A problem package in memory: plain frozen values, read once from a folder and trusted afterwards.

Field names follow the Kattis/ICPC problem package format 2025-09 where it has a word for the thing.
Every text for people is a mapping of language code ("en", "zh") to Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

from questionbank.packages.errors import Finding
from questionbank.packages.program import CaseSettings, Expectation, ProgramSpec

Localised = Mapping[str, str]
JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class Kind(StrEnum):
    """What an answer is: a program, a function, an artifact a program leaves, a choice, prose."""

    PASS_FAIL = "pass-fail"  # noqa: S105 - a kind, no password
    FUNCTION = "function"
    ARTIFACT = "artifact"
    CHOICE = "choice"
    OPEN = "open"


class Difficulty(StrEnum):
    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class DeviceWish(StrEnum):
    """What a problem computes on: ANY takes a GPU where one is idle, GPU runs on nothing else."""

    ANY = "any"
    GPU = "gpu"


@dataclass(frozen=True, slots=True)
class DeviceNeed:
    """The device of a problem's runs; `memory_mib` must be free on it."""

    wish: DeviceWish
    memory_mib: int


@dataclass(frozen=True, slots=True)
class ProblemLimits:
    """Seconds of CPU per test, MiB of memory and of output, as in `problem.yaml: limits`."""

    time_limit_s: float
    memory_mib: int
    output_mib: int
    wall_time_s: float


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a function problem; `type` is a word of `questionbank.packages.types`. A test may leave
    out the last ones that are `optional`."""

    name: str
    type: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Numeric:
    """How float results are compared: |got − expected| ≤ atol + rtol·|expected|, entry by entry."""

    atol: float
    rtol: float


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    name: str
    parameters: tuple[Parameter, ...]
    returns: str
    numeric: Numeric | None
    runtime: str
    """"python" or "numpy" or "ml": which warm interpreter runs it."""


@dataclass(frozen=True, slots=True)
class Checker:
    """How programs' output is compared: the default validator's flags of the package format."""

    case_sensitive: bool = False
    space_change_sensitive: bool = False
    float_absolute_tolerance: float | None = None
    float_relative_tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test. Programs have `input` and `answer` bytes; functions have JSON `args` and `expected`."""

    name: str
    group: str
    """"sample" or "secret" or a subgroup such as "secret/large"."""
    input: bytes = b""
    answer: bytes = b""
    args: tuple[JsonValue, ...] = ()
    expected: JsonValue = None
    explanation: Localised | None = None
    settings: CaseSettings = CaseSettings()  # noqa: RUF009 - frozen
    checker: Checker | None = None
    """How this test's output is compared where it is not as the package says."""

    def shown_input(self) -> bytes:
        """What people are shown of it, or handed out, as its input."""
        shown = self.settings.shown_input
        return b"" if self.settings.interaction else self.input if shown is None else shown

    def shown_answer(self) -> bytes:
        """What they are shown as its answer; the talk with the validator where that is what is shown."""
        shown = self.settings.shown_answer
        if self.settings.interaction:
            return self.settings.interaction.encode()
        return self.answer if shown is None else shown


@dataclass(frozen=True, slots=True)
class TestGroup:
    """Points for a group: all of its tests must be accepted to earn them."""

    name: str
    points: float


class Borderline(StrEnum):
    """Who decides where an interval spans the threshold: the figure itself, or one side by rule."""

    VALUE = "value"
    PASS = "pass"  # noqa: S105 - a rule, no password
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Certainty:
    """How an interval is made: the share of intervals that hold the true figure, and how many draws of the
    rows to begin with and at most."""

    confidence: float = 0.95
    resamples: int = 1000
    most_resamples: int = 8000
    borderline: Borderline = Borderline.VALUE


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of an artifact exercise and what it must reach.

    `measure` is a name of `grader.judge.measures`; `inputs` says for each of its arguments where it comes
    from: `out/NAME.npy` and `measured/KEY` are the evaluator's, `hidden/NAME.npy` only the judge's,
    `artifact/PATH`, `gzip/PATH` and `inputs/PATH` stand for sizes in bytes. `direction` is "min"
    (value ≥ threshold) or "max" (value ≤ threshold). The baseline is a constant, or measured in the same
    run with `baseline_inputs` in the place of some inputs. A metric that does not decide is only shown.
    `curve` maps values to points from 0 to 100, linearly between its corners; without one a metric earns
    all or nothing.
    """

    key: str
    name: Localised
    measure: str
    inputs: Mapping[str, str]
    parameters: Mapping[str, float | str]
    direction: str
    threshold: float
    unit: str
    digits: int
    baseline: float | None
    baseline_inputs: Mapping[str, str]
    certainty: Certainty
    decides: bool
    weight: float
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the evaluator's jail gets: runtime "numpy" or "ml", seconds of CPU, MiB of memory."""

    runtime: str = "numpy"
    time_limit_s: float = 30.0
    memory_mib: int = 1024


@dataclass(frozen=True, slots=True)
class Performance:
    """How an evaluator times: calls that do not count, then calls that do."""

    warm_up: int = 2
    repetitions: int = 9


@dataclass(frozen=True, slots=True)
class ArtifactSpec:
    """`outputs`: paths the submission must leave below /work/out; one that ends in "/" is a folder.
    `store`: names of public stores it sees at /store/<name>. `hidden`: the recipe output that only judge
    and evaluator see. `evaluator`: files of the trusted evaluator, run in a second jail. Of the rows
    measured, `final_share` are held back: figures are shown on the others, these decide.
    `submissions_per_hour` bounds how often hidden labels may be asked. `plot` names the metrics of the
    x and the y axis."""

    outputs: tuple[str, ...]
    store: tuple[str, ...]
    hidden: str
    evaluator: Mapping[str, bytes]
    evaluation: Evaluation
    metrics: tuple[Metric, ...]
    final_share: float
    submissions_per_hour: int
    plot: tuple[str, str] | None
    performance: Performance = Performance()


@dataclass(frozen=True, slots=True)
class Option:
    id: str
    text: Localised
    correct: bool
    explanation: Localised


@dataclass(frozen=True, slots=True)
class ChoiceSpec:
    multiple: bool
    shuffle: bool
    options: tuple[Option, ...]


class PointLevel(StrEnum):
    """How far an answer makes a point. UNSURE is the grader's: it needs a person."""

    MET = "met"
    PARTLY = "partly"
    NOT_MET = "not_met"
    UNSURE = "unsure"


LEVEL_SHARES: Mapping[PointLevel, float] = {
    PointLevel.MET: 1.0,
    PointLevel.PARTLY: 0.5,
    PointLevel.NOT_MET: 0.0,
}
"""What share of its weight a point earns."""


@dataclass(frozen=True, slots=True)
class RubricPoint:
    """`weight`s of a rubric sum to 1. Wordings are lists by language: `paraphrases` say the point in other
    words, `anchors` are terms it can hardly be made without, `contradictions` are claims that deny it.
    `hint` and `follow_up` are for who missed it; None where the author wrote none."""

    id: str
    weight: float
    required: bool
    statement: Localised
    paraphrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    anchors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contradictions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hint: Localised | None = None
    follow_up: Localised | None = None


@dataclass(frozen=True, slots=True)
class GradedAnswer:
    """An answer that a person has graded: the level of every point of the rubric by its id, and the score
    from 0 to 1 that follows from the weights."""

    language: str
    text: str
    points: Mapping[str, PointLevel]
    score: float


@dataclass(frozen=True, slots=True)
class OpenSpec:
    points: tuple[RubricPoint, ...]
    model_answer: Localised
    follow_ups: tuple[Localised, ...]
    graded: tuple[GradedAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A mutant of the reference that no input can tell apart, and why."""

    mutant: str
    reason: str


@dataclass(frozen=True, slots=True)
class GateSpec:
    """What the author tells the gate: `mutate` is the accepted submission whose mutants the tests must kill,
    below submissions/, the first one where empty; `mutation_score` a higher demand than the bank's."""

    mutate: str = ""
    mutation_score: float | None = None
    equivalents: tuple[Equivalent, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferenceSubmission:
    """A file of `submissions/`, with the verdict its folder demands."""

    path: PurePosixPath
    language: str
    source: bytes
    expected: str
    """A value of `grader.verdict.Verdict`, kept as text: the bank does not import the grader. Empty where
    several verdicts are allowed."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Of a folder, its other files by path below it; `source` is that of `entry`."""
    entry: str = ""
    expectations: tuple[Expectation, ...] = ()
    results: frozenset[str] = frozenset()
    """Verdicts of which its source says that it gets one."""
    alike: frozenset[str] = frozenset()
    """Verdicts that count as the expected one."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where more can be read; `url` is an http or https address."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Package:
    slug: str
    content_hash: str
    """sha256, hex, over the sorted (path, content) pairs of every file of the package."""
    kind: Kind
    names: Localised
    statements: Localised
    topics: tuple[str, ...]
    difficulty: Difficulty
    expected_minutes: int
    tags: tuple[str, ...]
    license: str
    authors: tuple[str, ...]
    languages: tuple[str, ...]
    """Languages an answer may be given in: keys of `questionbank.packages.languages`; ("text",) for prose,
    ("choice",) for choices."""
    limits: ProblemLimits
    starter: Mapping[str, str]
    """What the editor opens with, by language."""
    hints: tuple[Localised, ...]
    editorials: Localised
    groups: tuple[TestGroup, ...]
    tests: tuple[TestCase, ...]
    submissions: tuple[ReferenceSubmission, ...]
    checker: Checker
    function: FunctionSpec | None = None
    artifact: ArtifactSpec | None = None
    choice: ChoiceSpec | None = None
    open: OpenSpec | None = None
    gate: GateSpec = GateSpec()
    time_multipliers: Mapping[str, float] = field(default_factory=dict)
    """How many times the time limits an answer in a language may take; 1 for one that is not named."""
    device: DeviceNeed | None = None
    """None computes on the CPU."""
    untranslated: tuple[str, ...] = ()
    """Languages whose texts are still those of another language: the gate counts them as missing."""
    high_assurance: bool = False
    """Whether every run of an answer goes through an OCI runtime."""
    program: ProgramSpec | None = None
    """How programs are judged; None for the other kinds."""
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """Files that the statements show, by their names there."""
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    """Files for candidates beside the statement."""
    source: str = ""
    source_url: str = ""
    rights_owner: str = ""
    notices: tuple[Finding, ...] = ()
    """What of the package is not used here, and why."""
    difficulty_reason: Localised | None = None
    """Why the problem is as difficult as it says."""
    prerequisites: Localised | None = None
    """What one should know before."""
    references: tuple[Reference, ...] = ()

    @property
    def needs_gpu(self) -> bool:
        """Whether answers can be judged only where there is a GPU."""
        return self.device is not None and self.device.wish is DeviceWish.GPU

    def name_in(self, language: str) -> str:
        """The name in a language, else in English, else in whichever there is."""
        found = (self.names.get(language), self.names.get("en"), *self.names.values())
        return next(filter(None, found), self.slug)

    def samples(self) -> tuple[TestCase, ...]:
        """The tests a candidate may see."""
        return tuple(test for test in self.tests if test.group.partition("/")[0] == "sample")
