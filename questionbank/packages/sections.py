"""The part of `touchstone.yaml` (and `rubric.yaml`) that belongs to a problem's kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise
from typing import Any

from questionbank.packages.errors import Findings
from questionbank.packages.files import Files
from questionbank.packages.languages import LANGUAGES, AnswerLanguage
from questionbank.packages.model import (
    LEVEL_SHARES,
    ArtifactSpec,
    Borderline,
    Certainty,
    Checker,
    ChoiceSpec,
    DeviceNeed,
    DeviceWish,
    Equivalent,
    Evaluation,
    FunctionSpec,
    GateSpec,
    GradedAnswer,
    Kind,
    Metric,
    Numeric,
    OpenSpec,
    Option,
    Package,
    Parameter,
    Performance,
    PointLevel,
    Reference,
    RubricPoint,
    TestCase,
)
from questionbank.packages.typed import largest_int
from questionbank.packages.types import UnknownType, parse_type

_DOCUMENT = "touchstone.yaml"
_WEIGHT_SLACK = 1e-6
SUBMISSIONS_PER_HOUR = 30
"""How often an artifact exercise may be answered where its package says nothing."""


def with_guidance(package: Package, touchstone: Mapping[str, Any]) -> Package:
    """The package with what guides a reader: why it is as difficult as it is, what to know, what to read."""
    return replace(
        package,
        difficulty_reason=touchstone.get("difficulty_reason"),
        prerequisites=touchstone.get("prerequisites"),
        references=tuple(Reference(**one) for one in touchstone.get("references", ())),
    )


def answer_languages(
    touchstone: Mapping[str, Any],
    kind: Kind,
    function: FunctionSpec | None,
    tests: Sequence[TestCase],
    findings: Findings,
) -> tuple[str, ...]:
    """The languages an answer may be written in; `all` stands for those that can express the problem.

    A finding where one is named that cannot.
    """
    given = touchstone.get("languages", ["python"])
    largest = cache(
        partial(_largest_ints, function, tests)
    )  # all of the data is walked: once for all languages
    fit = []
    for key in LANGUAGES if given == "all" else given:
        language = LANGUAGES[key]
        obstacle = _obstacle(language, kind, function, largest)
        if not obstacle and (given != "all" or language.everywhere):
            fit.append(key)
        elif obstacle and given != "all":
            findings.add(_DOCUMENT, f"languages: no answer can be in {language.name}: {obstacle}")
    return tuple(fit)


def _largest_ints(function: FunctionSpec | None, tests: Sequence[TestCase]) -> tuple[tuple[int, str], ...]:
    """The largest absolute whole number of each test of a function, with the test's name."""
    if function is None:
        return ()
    words = (*(parse_type(parameter.type) for parameter in function.parameters), parse_type(function.returns))
    found = []
    for test in tests:
        values = zip((*test.args, test.expected), words, strict=True)
        found.append((max(largest_int(value, word) for value, word in values), test.name))
    return tuple(found)


def _obstacle(
    language: AnswerLanguage,
    kind: Kind,
    function: FunctionSpec | None,
    largest: Callable[[], Iterable[tuple[int, str]]],
) -> str:
    if kind is Kind.ARTIFACT:
        return "" if language.key == "python" else "models are made in Python"
    if function is None:
        return ""
    if language.key != "python" and any(parameter.optional for parameter in function.parameters):
        return "every argument is given there"
    words = tuple(parse_type(parameter.type) for parameter in function.parameters)
    returns = parse_type(function.returns)
    obstacle = language.obstacle(words, returns)
    if obstacle or language.largest_int is None:
        return obstacle
    for number, name in largest():
        if number > language.largest_int:
            return f"its int cannot hold the numbers of the test {name!r}"
    return ""


def function_spec(section: Mapping[str, Any], findings: Findings) -> FunctionSpec:
    """The signature and how floats in the result are compared."""
    parameters = tuple(
        Parameter(item["name"], item["type"], item.get("optional", False)) for item in section["parameters"]
    )
    for text in (section["returns"], *(parameter.type for parameter in parameters)):
        try:
            parse_type(text)
        except UnknownType as error:
            findings.add(_DOCUMENT, f"function: {error}")
    if any(one.optional and not other.optional for one, other in pairwise(parameters)):
        findings.add(_DOCUMENT, "function: a parameter that is not optional follows one that is")
    names = [parameter.name for parameter in parameters]
    if len(set(names)) != len(names):
        findings.add(_DOCUMENT, "function: two parameters have one name")
    runtime = section.get("runtime", "python")
    types = " ".join([section["returns"], *(parameter.type for parameter in parameters)])
    if "ndarray" in types and runtime == "python":
        findings.add(_DOCUMENT, "function: ndarray needs `runtime: numpy` or `ml`")
    numeric = section.get("numeric")
    return FunctionSpec(
        name=section["name"],
        parameters=parameters,
        returns=section["returns"],
        numeric=None if numeric is None else Numeric(numeric.get("atol", 0.0), numeric.get("rtol", 0.0)),
        runtime=runtime,
    )


def artifact_spec(section: Mapping[str, Any], files: Files, findings: Findings) -> ArtifactSpec:
    """What is handed in, measured and wanted; the evaluator's files come with it."""
    evaluator = {str(path): files.data(path) for path in files.paths("evaluator")}
    if "evaluator/evaluate.py" not in evaluator:
        findings.add("evaluator/evaluate.py", "is missing")
    keys = [item["key"] for item in section["metrics"]]
    if len(set(keys)) != len(keys):
        findings.add(_DOCUMENT, "artifact: two metrics have one key")
    if not any(item.get("decides", True) for item in section["metrics"]):
        findings.add(_DOCUMENT, "artifact: no metric decides")
    plot = section.get("plot")
    for key in (plot or {}).values():
        if key not in keys:
            findings.add(_DOCUMENT, f"artifact: plot: there is no metric {key}")
    evaluation = section.get("evaluation", {})
    return ArtifactSpec(
        outputs=tuple(section["outputs"]),
        store=tuple(section.get("store", ())),
        hidden=section["hidden"],
        evaluator=evaluator,
        evaluation=Evaluation(
            runtime=evaluation.get("runtime", "numpy"),
            time_limit_s=float(evaluation.get("time_limit", 30)),
            memory_mib=int(evaluation.get("memory", 1024)),
        ),
        performance=Performance(**section.get("performance", {})),
        metrics=tuple(_metric(item, findings) for item in section["metrics"]),
        final_share=float(section.get("final_share", 0)),
        submissions_per_hour=section.get("submissions_per_hour", SUBMISSIONS_PER_HOUR),
        plot=(plot["x"], plot["y"]) if plot else None,
    )


def _metric(item: Mapping[str, Any], findings: Findings) -> Metric:
    curve = tuple((float(value), float(points)) for value, points in item.get("curve", ()))
    if list(curve) != sorted(curve) or len({value for value, _ in curve}) != len(curve):
        findings.add(_DOCUMENT, f"artifact: {item['key']}: the curve's values do not grow")
    if any(not 0 <= points <= 100 for _, points in curve):
        findings.add(_DOCUMENT, f"artifact: {item['key']}: the curve's points lie outside 0 to 100")
    baseline = item.get("baseline")
    measured = baseline if isinstance(baseline, dict) else {}
    usual = Certainty()
    resamples = item.get("resamples", usual.resamples)
    return Metric(
        key=item["key"],
        name=item["name"],
        measure=item["measure"],
        inputs=item["inputs"],
        parameters=item.get("parameters", {}),
        direction=item["direction"],
        threshold=float(item["threshold"]),
        unit=item.get("unit", ""),
        digits=item.get("digits", 4),
        baseline=None if baseline is None or measured else float(baseline),
        baseline_inputs=measured,
        certainty=Certainty(
            confidence=float(item.get("confidence", usual.confidence)),
            resamples=resamples,
            most_resamples=max(item.get("most_resamples", 8 * resamples), resamples),
            borderline=Borderline(item.get("borderline", usual.borderline)),
        ),
        decides=item.get("decides", True),
        weight=float(item.get("weight", 1)),
        curve=curve,
    )


def device_need(
    touchstone: Mapping[str, Any], function: FunctionSpec | None, findings: Findings
) -> DeviceNeed | None:
    """The device that the problem's runs want, None for the CPU; only TensorFlow's runtime can use one."""
    wish = touchstone.get("device")
    if wish is None:
        if "device_memory_mib" in touchstone:
            findings.add(_DOCUMENT, "device_memory_mib says nothing without `device`")
        return None
    if "artifact" not in touchstone and (function is None or function.runtime != "ml"):
        findings.add(_DOCUMENT, "device: only artifact problems and functions with `runtime: ml` can use one")
    return DeviceNeed(DeviceWish(wish), touchstone.get("device_memory_mib", 0))


def choice_spec(section: Mapping[str, Any], findings: Findings) -> ChoiceSpec:
    """The options; a question with one answer has exactly one that is right."""
    options = tuple(
        Option(item["id"], item["text"], item["correct"], item["explanation"]) for item in section["options"]
    )
    right = sum(option.correct for option in options)
    multiple = section.get("multiple", False)
    if len({option.id for option in options}) != len(options):
        findings.add(_DOCUMENT, "choice: two options have one id")
    if right == 0 or (right > 1 and not multiple):
        findings.add(_DOCUMENT, f"choice: {right} options are correct")
    return ChoiceSpec(multiple=multiple, shuffle=section.get("shuffle", True), options=options)


def open_spec(document: Mapping[str, Any], graded: Mapping[str, Any], findings: Findings) -> OpenSpec:
    """The rubric, whose weights sum to 1, and the answers of `graded.yaml`, which is empty where absent."""
    points = tuple(_rubric_point(item) for item in document["points"])
    if len({point.id for point in points}) != len(points):
        findings.add("rubric.yaml", "two points have one id")
    total = sum(point.weight for point in points)
    if abs(total - 1) > _WEIGHT_SLACK:
        findings.add("rubric.yaml", f"the weights sum to {total:g}, not to 1")
    return OpenSpec(
        points,
        document["model_answer"],
        tuple(document.get("follow_ups", ())),
        tuple(_graded_answer(item, points, findings) for item in graded.get("answers", ())),
    )


def _rubric_point(item: Mapping[str, Any]) -> RubricPoint:
    def wordings(key: str) -> dict[str, tuple[str, ...]]:
        return {language: tuple(texts) for language, texts in item.get(key, {}).items()}

    return RubricPoint(
        id=item["id"],
        weight=float(item["weight"]),
        required=item.get("required", False),
        statement=item["statement"],
        paraphrases=wordings("paraphrases"),
        anchors=wordings("anchors"),
        contradictions=wordings("contradictions"),
        hint=item.get("hint"),
        follow_up=item.get("follow_up"),
    )


def _graded_answer(
    item: Mapping[str, Any], points: Sequence[RubricPoint], findings: Findings
) -> GradedAnswer:
    for name in sorted(item["points"].keys() - {point.id for point in points}):
        findings.add("graded.yaml", f"the rubric has no point {name}")
    levels = {point.id: PointLevel(item["points"].get(point.id, PointLevel.NOT_MET)) for point in points}
    score = sum(point.weight * LEVEL_SHARES[levels[point.id]] for point in points)
    return GradedAnswer(item["language"], item["text"], levels, round(score, 4))


def gate_spec(section: Mapping[str, Any]) -> GateSpec:
    """What the author tells the gate."""
    return GateSpec(
        mutate=section.get("mutate", ""),
        mutation_score=section.get("mutation_score"),
        equivalents=tuple(
            Equivalent(item["mutant"], item["reason"]) for item in section.get("equivalents", ())
        ),
    )


def checker(section: Mapping[str, Any]) -> Checker:
    """The default validator's flags."""
    return Checker(
        case_sensitive=section.get("case_sensitive", False),
        space_change_sensitive=section.get("space_change_sensitive", False),
        float_absolute_tolerance=section.get("float_absolute_tolerance"),
        float_relative_tolerance=section.get("float_relative_tolerance"),
    )
