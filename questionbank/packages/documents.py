"""YAML and JSON documents of a package, checked against a schema, with faults told by line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema
import yaml

from questionbank.packages.errors import Findings
from questionbank.packages.files import Files

_MAX_NODES = 20_000


class _Loader(yaml.SafeLoader):
    """Safe, without aliases (they blow documents up) and without keys given twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            mark = self.get_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not allowed here", mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is given twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


# A date stays the text it is: `2025-09-01` in a format version or a name is no date.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_yaml(
    files: Files,
    path: str,
    schema: Mapping[str, Any],
    findings: Findings,
    *,
    fill: Callable[[str], str] = lambda text: text,
    bare_keys: bool = False,
) -> dict[str, Any]:
    """The document at `path`; empty, with findings noted, where it is absent or at fault.

    `fill` puts constants into its text. An empty document stands for one without keys; with `bare_keys` a key
    without a value for one that is not there.
    """
    text = files.text(path, findings)
    if text is None:
        return {}
    text = fill(text)
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:
        findings.add(path, f"not valid YAML: {error}".replace("\n", " "))
        return {}
    try:
        node = loader.get_single_node()
        value = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        findings.add(path, f"not valid YAML: {error.problem}", line)
        return {}
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        findings.add(path, f"not valid YAML: {error}")
        return {}
    finally:
        loader.dispose()
    if node is None:
        value = {}
    if bare_keys:
        value = _without_bare_keys(value)
    if _has_odd_number(value):
        findings.add(path, "holds a number that is not finite")
        return {}
    if not _conforms(path, value, schema, findings, node):
        return {}
    assert isinstance(value, dict)
    return value


def _without_bare_keys(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _without_bare_keys(item) for key, item in value.items() if item is not None}


def _has_odd_number(value: Any) -> bool:
    """Whether an infinity or a NaN is somewhere in it: no bound of a schema holds those."""
    if isinstance(value, dict):
        return any(map(_has_odd_number, (*value.keys(), *value.values())))
    if isinstance(value, list | tuple | set):
        return any(map(_has_odd_number, value))
    return isinstance(value, float) and not math.isfinite(value)


def load_json(
    text: str, path: str, line: int | None, schema: Mapping[str, Any], findings: Findings
) -> dict[str, Any] | None:
    """One JSON object, None with findings noted where it is at fault."""
    try:
        value = json.loads(text, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        findings.add(path, f"not valid JSON: {error}", line)
        return None
    faults = _faults(value, schema)
    for fault in faults:
        findings.add(path, _said(fault), line)
    if faults:
        return None
    assert isinstance(value, dict)
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key is given twice")
    return result


def _faults(value: Any, schema: Mapping[str, Any]) -> list[jsonschema.ValidationError]:
    validator = jsonschema.Draft202012Validator(schema)
    return sorted(validator.iter_errors(value), key=lambda fault: [str(step) for step in fault.path])


def _conforms(
    path: str, value: Any, schema: Mapping[str, Any], findings: Findings, node: yaml.Node | None
) -> bool:
    faults = _faults(value, schema)
    for fault in faults:
        findings.add(path, _said(fault), _line_of(node, list(fault.path)))
    return not faults


def _said(fault: jsonschema.ValidationError) -> str:
    place = ".".join(str(step) for step in fault.path)
    return f"{place}: {fault.message[:300]}" if place else fault.message[:300]


def _line_of(node: yaml.Node | None, steps: list[str | int]) -> int | None:
    """The line of the value that `steps` lead to, or of the last of them that is there."""
    line = None
    for step in [None, *steps]:
        if node is None:
            break
        if step is not None:
            node = _child(node, step)
        if node is not None:
            line = node.start_mark.line + 1
    return line


def _child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return node.value[step] if step < len(node.value) else None
    return None
