"""JSON Schemas (draft 2020-12) of a package's documents. Keys that are not listed are errors."""

from __future__ import annotations

from typing import Any

from questionbank.packages.languages import LANGUAGES
from questionbank.packages.model import LEVEL_SHARES, Borderline, DeviceWish, Difficulty, Kind
from questionbank.packages.problem_schemas import CURRENT_PROBLEM

Schema = dict[str, Any]

TOPICS = ("training", "deployment", "ethics", "innovation", "algorithms")
TEXT_LANGUAGES = ("en", "zh")


def _object(required: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


_TEXT: Schema = {"type": "string", "minLength": 1}
_POSITIVE: Schema = {"type": "number", "exclusiveMinimum": 0}
LOCALISED: Schema = _object(dict.fromkeys(TEXT_LANGUAGES, _TEXT))
_IDENTIFIER: Schema = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
_SLUG: Schema = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"}

PROBLEM: Schema = _object(
    {
        "problem_format_version": {"const": "2025-09"},
        "name": LOCALISED,
        "uuid": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
        "license": {
            "enum": ["unknown", "public domain", "cc0", "cc by", "cc by-sa", "educational", "permission"]
        },
    },
    {
        "type": {"enum": ["pass-fail", "scoring"]},
        "credits": _object({"authors": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}}),
        "limits": _object({}, {"time_limit": _POSITIVE, "memory": _POSITIVE, "output": _POSITIVE}),
    },
)

# Programs may use the whole format; what is ours names itself in both languages and states its licence.
PROGRAM_PROBLEM: Schema = {
    **CURRENT_PROBLEM,
    "properties": {
        **CURRENT_PROBLEM["properties"],
        "name": {
            "type": "object",
            "required": list(TEXT_LANGUAGES),
            "additionalProperties": _TEXT,
        },
    },
    "required": [*CURRENT_PROBLEM["required"], "license"],
}

_FUNCTION = _object(
    {
        "name": _IDENTIFIER,
        "parameters": {
            "type": "array",
            "items": _object({"name": _IDENTIFIER, "type": _TEXT}, {"optional": {"type": "boolean"}}),
            "maxItems": 20,
        },
        "returns": _TEXT,
    },
    {
        "runtime": {"enum": ["python", "numpy", "ml"]},
        "numeric": _object(
            {}, {"atol": {"type": "number", "minimum": 0}, "rtol": {"type": "number", "minimum": 0}}
        ),
    },
)
_PATH = "[A-Za-z0-9_-][A-Za-z0-9_./-]*"
_SOURCE: Schema = {
    "type": "string",
    "pattern": rf"^((out|hidden)/[a-z0-9_-]+\.npy|measured/[a-z0-9_]+|(artifact|gzip|inputs)/({_PATH})?)$",
}
_SOURCES: Schema = {"type": "object", "propertyNames": _IDENTIFIER, "additionalProperties": _SOURCE}
_SHARE: Schema = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
_COUNT: Schema = {"type": "integer", "minimum": 1, "maximum": 100_000}
_CORNER: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_METRIC = _object(
    {
        "key": _IDENTIFIER,
        "name": LOCALISED,
        "measure": _SLUG,
        "inputs": _SOURCES,
        "direction": {"enum": ["min", "max"]},
        "threshold": {"type": "number"},
    },
    {
        "parameters": {"type": "object", "additionalProperties": {"type": ["number", "string"]}},
        "unit": {"type": "string"},
        "digits": {"type": "integer", "minimum": 0, "maximum": 12},
        "baseline": {"anyOf": [{"type": ["number", "null"]}, _SOURCES]},
        "confidence": {"type": "number", "minimum": 0.5, "maximum": 0.999},
        "resamples": _COUNT,
        "most_resamples": _COUNT,
        "borderline": {"enum": [rule.value for rule in Borderline]},
        "decides": {"type": "boolean"},
        "weight": _POSITIVE,
        "curve": {"type": "array", "items": _CORNER, "minItems": 2},
    },
)
_ARTIFACT = _object(
    {
        "outputs": {
            "type": "array",
            "items": {"type": "string", "pattern": f"^{_PATH}$"},
            "minItems": 1,
        },
        "hidden": _SLUG,
        "metrics": {"type": "array", "items": _METRIC, "minItems": 1},
    },
    {
        "store": {"type": "array", "items": _SLUG},
        "evaluation": _object(
            {}, {"runtime": {"enum": ["numpy", "ml"]}, "time_limit": _POSITIVE, "memory": _POSITIVE}
        ),
        "final_share": _SHARE,
        "submissions_per_hour": _COUNT,
        "plot": _object({"x": _IDENTIFIER, "y": _IDENTIFIER}),
        "performance": _object(
            {}, {"warm_up": {"type": "integer", "minimum": 0, "maximum": 1000}, "repetitions": _COUNT}
        ),
    },
)
_OPTION = _object({"id": _SLUG, "correct": {"type": "boolean"}, "text": LOCALISED, "explanation": LOCALISED})
_CHOICE = _object(
    {"options": {"type": "array", "items": _OPTION, "minItems": 2, "maxItems": 12}},
    {"multiple": {"type": "boolean"}, "shuffle": {"type": "boolean"}},
)
_CHECKER = _object(
    {},
    {
        "case_sensitive": {"type": "boolean"},
        "space_change_sensitive": {"type": "boolean"},
        "float_absolute_tolerance": {"type": "number", "minimum": 0},
        "float_relative_tolerance": {"type": "number", "minimum": 0},
    },
)

WEB_ADDRESS = r"^https?://[^\s\"'<>\\]+\Z"
"""Whoever clicks a reference goes there: no other scheme, no blanks, no quotes."""
_REFERENCE = _object({"title": _TEXT, "url": {"type": "string", "pattern": WEB_ADDRESS, "maxLength": 500}})

_GATE = _object(
    {},
    {
        "mutate": {"type": "string", "pattern": f"^accepted/{_PATH}$"},
        "mutation_score": {"type": "number", "minimum": 0, "maximum": 1},
        "equivalents": {"type": "array", "items": _object({"mutant": _TEXT, "reason": _TEXT})},
    },
)

TOUCHSTONE: Schema = _object(
    {
        "kind": {"enum": [kind.value for kind in Kind]},
        "topics": {"type": "array", "items": {"enum": list(TOPICS)}, "minItems": 1, "uniqueItems": True},
        "difficulty": {"enum": [difficulty.value for difficulty in Difficulty]},
        "expected_minutes": {"type": "integer", "minimum": 1, "maximum": 600},
    },
    {
        "difficulty_reason": LOCALISED,
        "prerequisites": LOCALISED,
        "references": {"type": "array", "items": _REFERENCE, "maxItems": 20, "uniqueItems": True},
        "tags": {"type": "array", "items": _TEXT, "uniqueItems": True},
        "languages": {
            "anyOf": [
                {"const": "all"},
                {"type": "array", "items": {"enum": list(LANGUAGES)}, "minItems": 1, "uniqueItems": True},
            ]
        },
        "time_multipliers": _object({}, dict.fromkeys(LANGUAGES, _POSITIVE)),
        "wall_time": _POSITIVE,
        "device": {"enum": [wish.value for wish in DeviceWish]},
        "device_memory_mib": _COUNT,
        "assurance": {"enum": ["standard", "high"]},
        "function": _FUNCTION,
        "artifact": _ARTIFACT,
        "choice": _CHOICE,
        "checker": _CHECKER,
        "gate": _GATE,
        "untranslated": {"type": "array", "items": {"enum": list(TEXT_LANGUAGES)}, "uniqueItems": True},
        "provenance": _object(
            {"format": _TEXT}, {"id": _TEXT, "license": _TEXT, "attribution": _TEXT, "url": _TEXT}
        ),
    },
)

_WORDINGS: Schema = {
    "type": "object",
    "propertyNames": {"enum": list(TEXT_LANGUAGES)},
    "additionalProperties": {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True},
}
RUBRIC: Schema = _object(
    {
        "points": {
            "type": "array",
            "minItems": 1,
            "items": _object(
                {"id": _SLUG, "weight": _POSITIVE, "statement": LOCALISED},
                {
                    "required": {"type": "boolean"},
                    "paraphrases": _WORDINGS,
                    "anchors": _WORDINGS,
                    "contradictions": _WORDINGS,
                    "hint": LOCALISED,
                    "follow_up": LOCALISED,
                },
            ),
        },
        "model_answer": LOCALISED,
    },
    {"follow_ups": {"type": "array", "items": LOCALISED}},
)
GRADED_ANSWERS: Schema = _object(
    {
        "answers": {
            "type": "array",
            "minItems": 1,
            "items": _object(
                {
                    "language": {"enum": list(TEXT_LANGUAGES)},
                    "text": _TEXT,
                    "points": {
                        "type": "object",
                        "propertyNames": _SLUG,
                        "additionalProperties": {"enum": [level.value for level in LEVEL_SHARES]},
                    },
                }
            ),
        }
    }
)
"""`graded.yaml`: points that an answer does not name are not met."""

TEST_GROUP: Schema = _object({"max_score": _POSITIVE})

CASE: Schema = _object({"name": _TEXT, "args": {"type": "array"}, "expected": {}}, {"explanation": LOCALISED})
