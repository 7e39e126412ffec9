"""What the gate finds out of a package: plain values, the same for the command, the API and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grader.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason not to publish: which file, which line of it (None for the whole), what is wrong."""

    path: str
    line: int | None
    message: str


@dataclass(frozen=True, slots=True)
class SubmissionProof:
    """How one listed submission did. `slowest_cpu_s` is the most that one test took. `score` is None where
    its verdict alone is claimed: then no test is run after the first that it fails."""

    path: str
    expected: str
    verdict: Verdict | None
    score: float | None
    slowest_cpu_s: float
    agreed: bool


@dataclass(frozen=True, slots=True)
class Survivor:
    """A wrong version that every test accepts. `telling` is an input that tells it apart, as JSON text, with
    what the reference returns for it and what the mutant does; None where none was found."""

    name: str
    operator: str
    line: int
    diff: str
    telling: str | None = None
    reference_returns: str | None = None
    mutant_returns: str | None = None


@dataclass(frozen=True, slots=True)
class MutationProof:
    """`equivalent` were declared so by the author, with a reason, and count neither way."""

    reference: str
    killed: int
    total: int
    equivalent: int
    survivors: tuple[Survivor, ...]

    @property
    def score(self) -> float:
        """The share killed; 1 where there is nothing to kill."""
        return self.killed / self.total if self.total else 1.0


@dataclass(frozen=True, slots=True)
class Proof:
    """The whole report. `ready` is whether the package may be published."""

    slug: str
    findings: tuple[Finding, ...]
    languages_missing: tuple[str, ...] = ()
    submissions: tuple[SubmissionProof, ...] = ()
    mutation: MutationProof | None = None
    flaky: tuple[str, ...] = ()
    """Submissions whose tests' verdicts changed between repetitions."""
    suggested_time_limit_s: float | None = None
    notices: tuple[Finding, ...] = ()
    """What of the package is not used here; no reason to keep it back."""
    seconds: float = 0.0

    @property
    def ready(self) -> bool:
        return not self.findings


def document(proof: Proof) -> dict[str, Any]:
    """The report as the JSON that the command prints."""
    mutation = proof.mutation
    return {
        "slug": proof.slug,
        "ready": proof.ready,
        "findings": [{"path": one.path, "line": one.line, "message": one.message} for one in proof.findings],
        "notices": [{"path": one.path, "line": one.line, "message": one.message} for one in proof.notices],
        "languages_missing": list(proof.languages_missing),
        "submissions": [
            {
                "path": one.path,
                "expected": one.expected,
                "verdict": one.verdict,
                "score": one.score,
                "slowest_cpu_s": round(one.slowest_cpu_s, 4),
                "agreed": one.agreed,
            }
            for one in proof.submissions
        ],
        "mutation": None
        if mutation is None
        else {
            "reference": mutation.reference,
            "killed": mutation.killed,
            "total": mutation.total,
            "equivalent": mutation.equivalent,
            "score": round(mutation.score, 4),
            "survivors": [
                {
                    "name": one.name,
                    "operator": one.operator,
                    "line": one.line,
                    "diff": one.diff,
                    "telling": one.telling,
                    "reference_returns": one.reference_returns,
                    "mutant_returns": one.mutant_returns,
                }
                for one in mutation.survivors
            ],
        },
        "flaky": list(proof.flaky),
        "suggested_time_limit_s": proof.suggested_time_limit_s,
        "seconds": round(proof.seconds, 2),
    }
