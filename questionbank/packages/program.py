"""How answers that are programs are judged: what the Kattis/ICPC problem package format says beyond tests.

Plain frozen values, the same for the format's three forms; `form` says which one a package is written in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NOTHING: Mapping[str, bytes] = {}


class Form(StrEnum):
    """The versions of the package format that are read."""

    LEGACY = "legacy"
    DRAFT = "2023-07-draft"
    CURRENT = "2025-09"


@dataclass(frozen=True, slots=True)
class PackageProgram:
    """A program of the package: a file or a folder, whose files' paths are relative to it.

    `path` is where it lies in the package. It is written in Python, C or C++, or has a `build` or a `run`.
    """

    name: str
    path: str
    files: Mapping[str, bytes]


class Aggregation(StrEnum):
    """How the results of a group's tests become the group's."""

    PASS_FAIL = "pass-fail"  # noqa: S105 - a rule, no password
    SUM = "sum"
    MIN = "min"


@dataclass(frozen=True, slots=True)
class GroupRule:
    """How `secret` or a group below it is scored; `max_score` None is unbounded.

    `require_pass` names groups whose tests must all be accepted before this one is run at all.
    """

    name: str
    aggregation: Aggregation = Aggregation.PASS_FAIL
    max_score: float | None = None
    require_pass: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StaticCheck:
    """A test of the source itself in `group`; `score` is the most it earns, None where it is pass-fail."""

    group: str
    score: float | None
    args: tuple[str, ...] = ()


class VerdictMode(StrEnum):
    """How the legacy form's default grader makes one verdict of several."""

    WORST_ERROR = "worst_error"
    FIRST_ERROR = "first_error"
    ALWAYS_ACCEPT = "always_accept"


class ScoreMode(StrEnum):
    """How it makes one score of several."""

    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class LegacyRule:
    """A group's settings in the legacy form; the group "" is the root, above `sample` and `secret`.

    `stops` is `on_reject: break`: after the first test or subgroup that is not accepted, the rest of this
    group is not run.
    """

    name: str
    stops: bool = True
    verdict: VerdictMode = VerdictMode.WORST_ERROR
    score: ScoreMode = ScoreMode.SUM
    ignore_sample: bool = False
    accept_if_any_accepted: bool = False
    accept_score: float = 1.0
    reject_score: float = 0.0
    lowest: float = float("-inf")
    highest: float = float("inf")


@dataclass(frozen=True, slots=True)
class CaseSettings:
    """What belongs to one test of a program beside its input and answer.

    `args` and `files` are given to the answer's program. `input_validator_args` is by validator's name, ""
    for every one that is not named. Where something else than input and answer is shown or handed out, it
    stands in `shown_input`, `shown_answer` and `interaction`. Hints are for candidates, descriptions are not.
    """

    args: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    output_validator_args: tuple[str, ...] = ()
    input_validator_args: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    full_feedback: bool = False
    hint: str = ""
    description: str = ""
    shown_input: bytes | None = None
    shown_answer: bytes | None = None
    interaction: str = ""


@dataclass(frozen=True, slots=True)
class ValidationCase:
    """A test of the validators: an input they must refuse, or an output they must refuse or accept.

    `output` is None for inputs.
    """

    name: str
    input: bytes
    answer: bytes
    output: bytes | None
    accepted: bool
    settings: CaseSettings = CaseSettings()


@dataclass(frozen=True, slots=True)
class ToolLimits:
    """For compilers and validators: seconds, MiB; `code_kib` is the most an answer's source may take."""

    code_kib: int = 256
    compilation_s: int = 60
    compilation_mib: int = 2048
    validation_s: int = 60
    validation_mib: int = 2048
    validation_output_mib: int = 8


@dataclass(frozen=True, slots=True)
class TimeRule:
    """How a time limit follows from the listed submissions, where the package states none.

    The limit is at least `ac_factor` times the slowest test of a submission that must be in time, and
    `tle_factor` times the limit is at most what a submission takes that must be too slow. A limit that is
    inferred is a multiple of `resolution_s`.
    """

    ac_factor: float = 2.0
    tle_factor: float = 1.5
    resolution_s: float = 1.0


@dataclass(frozen=True, slots=True)
class ProgramSpec:
    """How programs are judged. A `scoring` problem's answers earn points, by `rules` (or `legacy_rules`).

    `output_validators` is empty for the default one; of several, which only the legacy form has, all must
    accept. `include` has files by language ("default" for all) that are laid beside every answer's own.
    `infers_time` says that the package states no time limit: it follows from its submissions.
    """

    form: Form = Form.CURRENT
    scoring: bool = False
    interactive: bool = False
    multi_pass: bool = False
    submit_answer: bool = False
    most_passes: int = 2
    writes_files: bool = True
    maximizes: bool = True
    validator_scores: bool = False
    """Whether a legacy package says that its validator writes scores."""
    output_validators: tuple[PackageProgram, ...] = ()
    input_validators: tuple[PackageProgram, ...] = ()
    static_validator: PackageProgram | None = None
    include: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    rules: tuple[GroupRule, ...] = ()
    legacy_rules: tuple[LegacyRule, ...] = ()
    static_checks: tuple[StaticCheck, ...] = ()
    validation_cases: tuple[ValidationCase, ...] = ()
    tools: ToolLimits = ToolLimits()
    time_rule: TimeRule = TimeRule()
    infers_time: bool = False

    @property
    def is_custom(self) -> bool:
        """Whether the package brings an output validator of its own."""
        return bool(self.output_validators)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a listed submission must do on some tests, as `submissions.yaml` says it.

    `tests` is a glob over names below data/ ("" for all of them); verdicts are the format's AC, WA, TLE and
    RTE. `score` is a range. `times` is "lower" or "upper" where it bounds the time limit, "" where not.
    """

    tests: str = ""
    permitted: frozenset[str] = frozenset({"AC", "WA", "TLE", "RTE"})
    required: frozenset[str] = frozenset({"AC", "WA", "TLE", "RTE"})
    score: tuple[float, float] | None = None
    message: str = ""
    times: str = ""
