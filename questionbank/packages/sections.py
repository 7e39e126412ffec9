"""The part of `touchstone.yaml` (and `rubric.yaml`) that belongs to a problem's kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from questionbank.packages.errors import Findings
from questionbank.packages.files import Files
from questionbank.packages.model import (
    ArtifactSpec,
    Checker,
    ChoiceSpec,
    FunctionSpec,
    Metric,
    Numeric,
    OpenSpec,
    Option,
    Parameter,
    RubricPoint,
)
from questionbank.packages.types import UnknownType, parse_type

_DOCUMENT = "touchstone.yaml"
_WEIGHT_SLACK = 1e-6


def function_spec(section: Mapping[str, Any], findings: Findings) -> FunctionSpec:
    """The signature and how floats in the result are compared."""
    parameters = tuple(Parameter(item["name"], item["type"]) for item in section["parameters"])
    for text in (section["returns"], *(parameter.type for parameter in parameters)):
        try:
            parse_type(text)
        except UnknownType as error:
            findings.add(_DOCUMENT, f"function: {error}")
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
    return ArtifactSpec(
        outputs=tuple(section["outputs"]),
        store=tuple(section.get("store", ())),
        hidden=section["hidden"],
        evaluator=evaluator,
        scorer=section["scorer"],
        metrics=tuple(
            Metric(
                key=item["key"],
                name=item["name"],
                direction=item["direction"],
                threshold=float(item["threshold"]),
                unit=item.get("unit", ""),
                digits=item.get("digits", 4),
                baseline=item.get("baseline"),
            )
            for item in section["metrics"]
        ),
    )


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


def open_spec(document: Mapping[str, Any], findings: Findings) -> OpenSpec:
    """The rubric; its weights sum to 1."""
    points = tuple(
        RubricPoint(item["id"], float(item["weight"]), item.get("required", False), item["statement"])
        for item in document["points"]
    )
    if len({point.id for point in points}) != len(points):
        findings.add("rubric.yaml", "two points have one id")
    total = sum(point.weight for point in points)
    if abs(total - 1) > _WEIGHT_SLACK:
        findings.add("rubric.yaml", f"the weights sum to {total:g}, not to 1")
    return OpenSpec(points, document["model_answer"], tuple(document.get("follow_ups", ())))


def checker(section: Mapping[str, Any]) -> Checker:
    """The default validator's flags."""
    return Checker(
        case_sensitive=section.get("case_sensitive", False),
        space_change_sensitive=section.get("space_change_sensitive", False),
        float_absolute_tolerance=section.get("float_absolute_tolerance"),
        float_relative_tolerance=section.get("float_relative_tolerance"),
    )
