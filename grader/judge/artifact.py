"""Artifact exercises: run the submission, measure what it left in a second jail, score outside both.

Phase 1 gives the submission the public data only. Phase 2 gives the problem's evaluator the artifact
and the hidden inputs. Labels and thresholds stay in this process. The evaluator's contract, which
`docs/models-and-data.md` explains to authors:

- exit 0: measured; `out/measured.json` and `out/*.npy` hold what is measured;
- exit 43: the artifact is unusable; `out/rejected.json` says why in {"message": …};
- it writes `out/measuring` after everything that does not depend on the artifact has worked. A death
  by signal, time or memory after that is the artifact's doing; anything else is our failure.

Beside its own files an evaluator finds the package `artifacts` (grader/judge/evaluating/), which reads each
format as hostile input.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from grader.judge.exhibits import EXHIBITS, read_exhibits
from grader.judge.figures import Measurement, measure_all, read_array, weigh
from grader.judge.measures import Array, MalformedMeasurement
from grader.judge.model import Answer, CaseResult, Exhibits, Judgement, MetricResult, Observer, SampleRun
from grader.judge.verdicts import STATUS_VERDICTS, shown_failure, shown_stream
from grader.verdict import Stage, Verdict
from questionbank.packages.model import ArtifactSpec, JsonValue, Package
from sandbox.client import Sandbox
from sandbox.job import MIB, Job, Limits, Outcome, Runtime, Script, Status

REJECTED = 43
SOURCE = "solution.py"
PERFORMANCE = "performance.json"
RUN_CASE, EVALUATION_CASE = "run", "evaluation"
_LIBRARY = Path(__file__).with_name("evaluating")
_RUNTIMES: Mapping[str, Runtime] = {"numpy": Runtime.NUMPY, "ml": Runtime.ML}
MESSAGE_CHARACTERS = 300
_TIMER_CHARACTERS = 40

DEATHS = frozenset({Status.TIME_LIMIT, Status.MEMORY_LIMIT, Status.OUTPUT_LIMIT, Status.SIGNALLED})


class EvaluatorFailed(Exception):
    """The evaluator, a metric or the hidden data is broken: never the candidate's fault."""


class DataMissing(EvaluatorFailed):
    """Hidden data of the recipe `name` that this installation has not: another try cannot help."""

    def __init__(self, name: str, root: Path) -> None:
        super().__init__(
            f"the hidden data {name!r} is not installed below {root}; "
            f"run: python -m fixtures.recipes install {name} --into {root.parent}"
        )
        self.name = name


@dataclass(frozen=True, slots=True)
class HiddenData:
    """What a recipe left below the hidden folder: `inputs` by path, for the evaluator's jail; `arrays` by
    file name, for the judge alone: labels, groups, expected values."""

    inputs: Mapping[str, bytes]
    arrays: Mapping[str, Array]


def judge_artifact(
    package: Package, answer: Answer, *, sandbox: Sandbox, hidden_root: Path, observer: Observer
) -> Judgement:
    """Both phases. Raises `EvaluatorFailed` when the exercise itself is at fault."""
    spec = _spec(package)
    hidden = read_hidden(hidden_root, spec.hidden)
    observer.stage(Stage.RUNNING)
    outcome = sandbox.run(submission_job(package, answer))
    run = run_result(spec, outcome)
    observer.case(run)
    if run.verdict is not Verdict.AC:
        return _judgement(outcome, run.verdict, 0.0, (run,), (), run.message)
    artifact = handed_in(spec, outcome)
    exhibits = read_exhibits(outcome.files.get(f"out/{EXHIBITS}"))
    measured = sandbox.run(evaluation_job(spec, artifact, hidden))
    rejection = rejection_message(measured)
    if rejection is not None:
        evaluation = _case(EVALUATION_CASE, "secret", measured, Verdict.WA, rejection)
        observer.case(evaluation)
        return _judgement(measured, Verdict.WA, 0.0, (run, evaluation), (), rejection, exhibits)
    try:
        metrics = measure_all(spec, _measurement(artifact, hidden, measured), package.content_hash)
    except MalformedMeasurement as error:
        raise EvaluatorFailed(f"{package.slug}: {error}") from error
    verdict, score, message = weigh(spec, metrics)
    evaluation = _case(EVALUATION_CASE, "secret", measured, verdict, message)
    observer.case(evaluation)
    return _judgement(measured, verdict, score, (run, evaluation), metrics, message, exhibits)


def handed_in(spec: ArtifactSpec, outcome: Outcome) -> dict[str, bytes]:
    """The declared outputs that are there, by path below /work/out; a folder counts with all its files."""
    left = {path.removeprefix("out/"): data for path, data in outcome.files.items()}
    return {path: data for path, data in left.items() if any(_belongs(path, name) for name in spec.outputs)}


def _belongs(path: str, output: str) -> bool:
    return path == output or (output.endswith("/") and path.startswith(output))


def run_once(package: Package, answer: Answer, *, sandbox: Sandbox) -> SampleRun:
    """Phase 1 alone: does it run, and what does it leave? Nothing hidden is touched."""
    spec = _spec(package)
    outcome = sandbox.run(submission_job(package, answer))
    result = run_result(spec, outcome)
    left = [f"{path}: {len(data):,} bytes" for path, data in sorted(outcome.files.items()) if data]
    return SampleRun(
        name=RUN_CASE,
        verdict=None if result.verdict is Verdict.AC else result.verdict,
        output="\n".join(left),
        expected=None,
        stdout=shown_stream(outcome.stdout),
        stderr=shown_stream(outcome.stderr),
        cpu_s=outcome.cpu_s,
        wall_s=outcome.wall_s,
        peak_bytes=outcome.peak_bytes,
        message=result.message,
    )


def submission_job(package: Package, answer: Answer) -> Job:
    """The candidate's program, in the warm TensorFlow runtime, with an `out/` to write to."""
    limits = package.limits
    return Job(
        runtime=Runtime.ML,
        program=Script(SOURCE),
        files={SOURCE: answer.source.encode(), "out/.keep": b""},
        collect=(*(f"out/{path}" for path in _spec(package).outputs), f"out/{EXHIBITS}"),
        limits=Limits(
            cpu_s=limits.time_limit_s,
            wall_s=limits.wall_time_s,
            memory_bytes=limits.memory_mib * MIB,
            processes=256,
            output_bytes=MIB,
            disk_bytes=256 * MIB,
            collect_bytes=limits.output_mib * MIB,
        ),
    )


def evaluation_job(spec: ArtifactSpec, artifact: Mapping[str, bytes], hidden: HiddenData) -> Job:
    """The evaluator with the artifact and the hidden inputs, and nothing that says what is right."""
    limits = spec.evaluation
    evaluator = {path.removeprefix("evaluator/"): data for path, data in spec.evaluator.items()}
    return Job(
        runtime=_RUNTIMES[limits.runtime],
        program=Script("evaluate.py"),
        files={
            **_library(),
            PERFORMANCE: json.dumps(asdict(spec.performance)).encode(),
            **evaluator,
            **{f"artifact/{path}": data for path, data in artifact.items()},
            **{f"inputs/{path}": data for path, data in hidden.inputs.items()},
            "inputs/.keep": b"",
            "out/.keep": b"",
        },
        collect=("out/",),
        limits=Limits(
            cpu_s=limits.time_limit_s,
            wall_s=4 * limits.time_limit_s,
            memory_bytes=limits.memory_mib * MIB,
            processes=256,
            output_bytes=MIB,
            disk_bytes=256 * MIB,
            collect_bytes=32 * MIB,
        ),
    )


@lru_cache(maxsize=1)
def _library() -> Mapping[str, bytes]:
    """The files of `artifacts`, as an evaluator imports them."""
    return {f"artifacts/{path.name}": path.read_bytes() for path in sorted(_LIBRARY.glob("*.py"))}


def read_hidden(root: Path, name: str) -> HiddenData:
    """The recipe's hidden folder; raises `DataMissing` when it is not installed."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise EvaluatorFailed(f"{name!r} is no name of a recipe's folder")
    folder = root / name
    inputs = folder / "inputs"
    try:
        return HiddenData(
            inputs={
                path.relative_to(inputs).as_posix(): path.read_bytes()
                for path in sorted(inputs.rglob("*"))
                if path.is_file()
            },
            arrays=_hidden_arrays(folder),
        )
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataMissing(name, root) from error


def _hidden_arrays(folder: Path) -> Mapping[str, Array]:
    arrays = {path.name: read_array(path.read_bytes()) for path in sorted(folder.glob("*.npy"))}
    if not arrays:
        raise FileNotFoundError(f"{folder} holds no array")
    return arrays


def run_result(spec: ArtifactSpec, outcome: Outcome) -> CaseResult:
    """The submission saw public data only, so its own output and errors may be shown to it."""
    verdict, message = Verdict.AC, ""
    if outcome.status is not Status.OK:
        verdict = STATUS_VERDICTS[outcome.status]
        message = outcome.reason
        if verdict is Verdict.RE:
            message = shown_failure(outcome, message)
    else:
        left = handed_in(spec, outcome)
        for path in spec.outputs:
            if not any(_belongs(found, path) for found in left):
                reason = outcome.uncollected.get(f"out/{path}")
                verdict = Verdict.WA
                message = f"out/{path} cannot be used: {reason}" if reason else f"out/{path} is missing"
                break
    return _case(RUN_CASE, "sample", outcome, verdict, message, stdout=shown_stream(outcome.stdout))


def rejection_message(outcome: Outcome) -> str | None:
    """Why the artifact is unusable, or None when it was measured; raises when the evaluator failed."""
    if outcome.status is Status.OK:
        return None
    if outcome.status is Status.NONZERO_EXIT and outcome.exit_code == REJECTED:
        message = _json_object(outcome.files.get("out/rejected.json", b"")).get("message")
        if not isinstance(message, str):
            raise EvaluatorFailed("the evaluator rejected the artifact without out/rejected.json")
        return _one_line(message)
    if outcome.status in DEATHS and "out/measuring" in outcome.files:
        return f"the artifact stopped the evaluator: {outcome.status.value.replace('_', ' ')}"
    raise EvaluatorFailed(f"evaluator: {outcome.reason}; {_one_line(shown_stream(outcome.stderr)[-500:])}")


def _measurement(artifact: Mapping[str, bytes], hidden: HiddenData, outcome: Outcome) -> Measurement:
    arrays = {
        path.removeprefix("out/"): data for path, data in outcome.files.items() if path.endswith(".npy")
    }
    report = outcome.files.get("out/measured.json")
    return Measurement(
        artifact=artifact,
        inputs=hidden.inputs,
        report={} if report is None else _json_object(report),
        arrays=arrays,
        hidden=hidden.arrays,
    )


def _judgement(
    last: Outcome,
    verdict: Verdict,
    score: float,
    cases: tuple[CaseResult, ...],
    metrics: tuple[MetricResult, ...],
    message: str,
    exhibits: Exhibits | None = None,
) -> Judgement:
    return Judgement(
        verdict=verdict,
        score=score,
        cases=cases,
        metrics=metrics,
        exhibits=exhibits or Exhibits(),
        message=message,
        guarantees=last.guarantees,
        timer=_timer(last),
    )


def _timer(measured: Outcome) -> str:
    """What the evaluator took times with (`artifacts.timing`), where it says so."""
    report = measured.files.get("out/measured.json")
    timer = _json_object(report).get("timer", "") if report else ""
    return timer[:_TIMER_CHARACTERS] if isinstance(timer, str) else ""


def _case(
    name: str, group: str, outcome: Outcome, verdict: Verdict, message: str, stdout: str | None = None
) -> CaseResult:
    return CaseResult(
        name=name,
        group=group,
        verdict=verdict,
        cpu_s=outcome.cpu_s,
        wall_s=outcome.wall_s,
        peak_bytes=outcome.peak_bytes,
        message=message,
        stdout=stdout,
    )


def _spec(package: Package) -> ArtifactSpec:
    if package.artifact is None:
        raise EvaluatorFailed(f"{package.slug} is no artifact exercise")
    return package.artifact


def _json_object(data: bytes) -> Mapping[str, JsonValue]:
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise EvaluatorFailed("the evaluator left no readable JSON") from error
    if not isinstance(value, dict):
        raise EvaluatorFailed("the evaluator's JSON is no object")
    return value


def _one_line(message: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in message).split())[:MESSAGE_CHARACTERS]
