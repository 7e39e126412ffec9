"""JSON Schemas of `problem.yaml`, of groups' and tests' settings and of submissions.yaml, by form.

Source: https://www.kattis.com/problem-package-format/spec/ (2025-09, 2023-07-draft, legacy).
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

LICENSES = ("unknown", "public domain", "cc0", "cc by", "cc by-sa", "educational", "permission")
TYPES = ("pass-fail", "scoring", "multi-pass", "interactive", "submit-answer")
LANGUAGE_CODE = r"[a-z]{2,3}(-[A-Z]{2})?"


def some(properties: Schema, *required: str) -> Schema:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def one_or_more(item: Schema) -> Schema:
    """The item, or a list of them that is not empty."""
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


TEXT: Schema = {"type": "string"}
_WORD: Schema = {"type": "string", "minLength": 1}
_WORDS: Schema = {"type": "array", "items": _WORD}
# Bounds are those of the sandbox.
_SECONDS: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": 1200}
_WHOLE_SECONDS: Schema = {"type": "integer", "exclusiveMinimum": 0, "maximum": 1200}
_MIB: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": 2**20}
_WHOLE_MIB: Schema = {"type": "integer", "exclusiveMinimum": 0, "maximum": 2**20}
_OUTPUT: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": 1024}
_MULTIPLE: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": 1000}
_FACTOR: Schema = {"type": "number", "minimum": 1, "maximum": 1000}
_FLAG: Schema = {"type": "boolean"}
_ARGUMENTS: Schema = {"type": "array", "items": {"type": ["string", "number"]}}
_PERSON: Schema = {
    "anyOf": [_WORD, some({"name": _WORD, "email": _WORD, "orcid": _WORD, "kattis": _WORD}, "name")]
}
_PEOPLE = one_or_more(_PERSON)
_BY_LANGUAGE: Schema = {
    "type": "object",
    "propertyNames": {"pattern": f"^{LANGUAGE_CODE}$"},
    "minProperties": 1,
}
_CREDITS: Schema = {
    "anyOf": [
        _WORD,
        some(
            {
                **dict.fromkeys(
                    ("authors", "contributors", "testers", "packagers", "acknowledgements"), _PEOPLE
                ),
                "translators": {**_BY_LANGUAGE, "additionalProperties": _PEOPLE},
            }
        ),
    ]
}
_SOURCE: Schema = one_or_more({"anyOf": [_WORD, some({"name": _WORD, "url": _WORD}, "name")]})
_TOOLS: Schema = {
    "memory": _WHOLE_MIB,
    "output": _OUTPUT,
    "code": _WHOLE_MIB,
    "compilation_time": _WHOLE_SECONDS,
    "compilation_memory": _WHOLE_MIB,
    "validation_time": _WHOLE_SECONDS,
    "validation_memory": _WHOLE_MIB,
    "validation_output": {**_WHOLE_MIB, "maximum": 1024},
}
LIMITS: Schema = some(
    {
        **_TOOLS,
        # Our own packages have always stated parts of a MiB, too.
        "memory": _MIB,
        "output": _OUTPUT,
        "time_limit": _SECONDS,
        "time_resolution": _SECONDS,
        "time_multipliers": some({"ac_to_time_limit": _FACTOR, "time_limit_to_tle": _FACTOR}),
        "validation_passes": {"type": "integer", "minimum": 2, "maximum": 1000},
    }
)
COMMON: Schema = {
    "type": {
        "anyOf": [
            {"enum": list(TYPES)},
            {"type": "array", "items": {"enum": list(TYPES)}, "minItems": 1, "uniqueItems": True},
        ]
    },
    "version": _WORD,
    "credits": _CREDITS,
    "source": _SOURCE,
    "license": {"enum": list(LICENSES)},
    "rights_owner": _WORD,
    "embargo_until": _WORD,
    "limits": LIMITS,
    "keywords": _WORDS,
    "languages": {"anyOf": [_WORD, {"type": "array", "items": _WORD, "minItems": 1}]},
    "allow_file_writing": _FLAG,
    "constants": {
        "type": "object",
        "propertyNames": {"pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$"},
        "additionalProperties": {"type": ["number", "string"]},
    },
}
_NAMES: Schema = {"anyOf": [_WORD, {**_BY_LANGUAGE, "additionalProperties": _WORD}]}
_UUID: Schema = {"type": "string", "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"}

CURRENT_PROBLEM: Schema = some(
    {
        "problem_format_version": {"const": "2025-09"},
        "name": _NAMES,
        "uuid": _UUID,
        **COMMON,
        # Known tools write several types in one text, as the draft had them.
        "type": {"anyOf": [COMMON["type"], TEXT]},
    },
    "problem_format_version",
    "name",
    "uuid",
)
# The draft changed while packages were written in it: what it said at one time or another is read.
DRAFT_PROBLEM: Schema = some(
    {
        "problem_format_version": {"enum": ["2023-07-draft", "2023-07", "draft"]},
        "name": _NAMES,
        "uuid": _WORD,
        **COMMON,
        "type": {"anyOf": [COMMON["type"], TEXT]},
        "keywords": {"anyOf": [_WORDS, TEXT]},
        "author": _PEOPLE,
        "source_url": _WORD,
        "validation": TEXT,
        "validator_flags": {"type": ["string", "null"]},
    },
    "problem_format_version",
    "name",
)
_NUMBER_TEXT: Schema = {"type": ["number", "string"]}
LEGACY_PROBLEM: Schema = some(
    {
        "problem_format_version": {"enum": ["legacy", "legacy-icpc"]},
        "type": {"enum": ["pass-fail", "scoring"]},
        "name": _NAMES,
        "uuid": _WORD,
        "author": _PEOPLE,
        "source": _SOURCE,
        "source_url": _WORD,
        "license": {"enum": list(LICENSES)},
        "rights_owner": _WORD,
        "limits": some(
            {
                **_TOOLS,
                "memory": _MIB,
                "output": _OUTPUT,
                "time_multiplier": _MULTIPLE,
                "time_safety_margin": _MULTIPLE,
                "validation_passes": {"type": "integer", "minimum": 2, "maximum": 1000},
                "time_limit": _SECONDS,
            }
        ),
        "validation": TEXT,
        "validator_flags": {"type": ["string", "null"]},
        "grading": {
            "anyOf": [
                {"enum": ["default", "custom"]},
                some(
                    {
                        "objective": {"enum": ["min", "max"]},
                        "show_test_data_groups": _FLAG,
                        "on_reject": {"enum": ["break", "continue", "first_error", "grade", "worst_error"]},
                        "accept_score": _NUMBER_TEXT,
                        "reject_score": _NUMBER_TEXT,
                        "range": TEXT,
                    }
                ),
            ]
        },
        "keywords": {"anyOf": [_WORDS, {"type": ["string", "null"]}]},
        # Once named libraries for answers; those of a language here are what its installation has.
        "libraries": {"type": ["string", "null"]},
        "languages": {"anyOf": [_WORD, {"type": "array", "items": _WORD, "minItems": 1}]},
    }
)

_INPUT_ARGUMENTS: Schema = {"anyOf": [_ARGUMENTS, {"type": "object", "additionalProperties": _ARGUMENTS}]}
_OF_CASES: Schema = {
    "args": _ARGUMENTS,
    "input_validator_args": _INPUT_ARGUMENTS,
    "output_validator_args": _ARGUMENTS,
    "input_visualizer_args": _ARGUMENTS,
    "output_visualizer_args": _ARGUMENTS,
    "full_feedback": _FLAG,
}
TEST_CASE: Schema = some({**_OF_CASES, "hint": TEXT, "description": TEXT})
_MAX_SCORE: Schema = {"anyOf": [{"type": "number", "minimum": 0}, {"const": "unbounded"}]}
_AGGREGATION: Schema = {"enum": ["pass-fail", "sum", "min"]}
PROGRAM_GROUP: Schema = some(
    {
        **_OF_CASES,
        "max_score": _MAX_SCORE,
        "score_aggregation": _AGGREGATION,
        "static_validation_score": {"anyOf": [{"type": "integer", "minimum": 0}, {"const": "pass-fail"}]},
        "static_validator_args": _ARGUMENTS,
        "require_pass": one_or_more(_WORD),
        "hint": TEXT,
        "description": TEXT,
        # As the draft has it.
        "scoring": some(
            {
                "score": _MAX_SCORE,
                "max_score": _MAX_SCORE,
                "aggregation": _AGGREGATION,
                "require_pass": one_or_more(_WORD),
            }
        ),
    }
)
_FLAGS: Schema = {
    "anyOf": [{"type": ["string", "null", "number"]}, some({"name": _WORD, "flags": TEXT}, "name")]
}
LEGACY_GROUP: Schema = some(
    {
        "on_reject": {"enum": ["break", "continue"]},
        "grading": {"enum": ["default", "custom"]},
        "grader_flags": {"type": ["string", "null"]},
        "input_validator_flags": _FLAGS,
        "output_validator_flags": _FLAGS,
        "accept_score": _NUMBER_TEXT,
        "reject_score": _NUMBER_TEXT,
        "range": TEXT,
    }
)

_LISTED_WORDS: Schema = {"anyOf": [TEXT, _ARGUMENTS]}
# What the draft said at one time or another: arguments in one text, and the grader of the legacy form.
DRAFT_GROUP: Schema = some(
    {
        **PROGRAM_GROUP["properties"],
        **LEGACY_GROUP["properties"],
        "input_validator_args": {
            "anyOf": [_LISTED_WORDS, {"type": "object", "additionalProperties": _LISTED_WORDS}]
        },
        "output_validator_args": _LISTED_WORDS,
        "grading": {"anyOf": [LEGACY_GROUP["properties"]["grading"], {"type": "object"}]},
    }
)
GRADER_KEYS = ("on_reject", "grading", "grader_flags", "accept_score", "reject_score", "range")
"""Keys of a group that only the legacy form's grader knows."""

_VERDICTS: Schema = {"type": "array", "items": {"enum": ["AC", "WA", "TLE", "RTE"]}, "minItems": 1}
_SCORE: Schema = {"type": "number", "minimum": 0}
_RULE: Schema = {
    "permitted": _VERDICTS,
    "required": _VERDICTS,
    "score": {"anyOf": [_SCORE, {"type": "array", "items": _SCORE, "minItems": 2, "maxItems": 2}]},
    "message": TEXT,
    "use_for_time_limit": {"enum": [True, False, "lower", "upper"]},
}
SUBMISSIONS: Schema = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {
            **_RULE,
            "language": _WORD,
            "entrypoint": _WORD,
            "authors": _PEOPLE,
            "model_solution": _FLAG,
        },
        "additionalProperties": some(_RULE),
    },
}
