"""Banks of one JSON record a line, in the shapes of HumanEval and of MBPP."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from questionbank.exchange.drafts import Provenance, Refused, slug_from
from questionbank.exchange.recording import Recordable
from questionbank.packages.errors import Finding

MAX_RECORDS = 5000
MAX_SOURCE_CHARACTERS = 200_000
Record = Mapping[str, Any]
Fields = Mapping[str, Any]
"""What a record says of a `Recordable`."""


class Unfit(ValueError):
    """A record that cannot be a problem; the text says why."""


def humaneval_shaped(record: object) -> bool:
    return isinstance(record, dict) and {"task_id", "prompt", "entry_point"} <= record.keys()


def mbpp_shaped(record: object) -> bool:
    return isinstance(record, dict) and {"task_id", "code", "test_list"} <= record.keys()


def records(text: str, path: str) -> Iterator[tuple[int | None, Any] | Refused]:
    """(line, record) for each record: of a JSON list, of one object, or of one a line."""
    if text.lstrip()[:1] == "[" or _is_one(text):
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield Refused(path, (Finding(path, None, f"not valid JSON: {error}"),))
            return
        yield from ((None, record) for record in (whole if isinstance(whole, list) else [whole]))
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Refused(f"{path}:{number}", (Finding(path, number, f"not valid JSON: {error}"),))


def _is_one(text: str) -> bool:
    """Whether the text is one object over several lines."""
    first = text.lstrip().split("\n", 1)[0].strip()
    return first == "{" or (first.startswith("{") and not first.endswith("}"))


def read_records(
    text: str,
    path: str,
    read: Callable[[Record, Provenance], Fields],
    bank: Provenance,
) -> Iterator[Recordable | Refused]:
    """What `read` makes of each record: the fields of a `Recordable` without place and name of the folder."""
    slugs: dict[str, int | None] = {}
    for count, item in enumerate(records(text, path)):
        if isinstance(item, Refused):
            yield item
            continue
        line, record = item
        origin = str(record.get("task_id", record.get("id", ""))) if isinstance(record, dict) else ""
        origin = origin[:100] or f"{path}:{line or count + 1}"
        try:
            if count >= MAX_RECORDS:
                raise Unfit(f"a bank has at most {MAX_RECORDS} problems")
            if not isinstance(record, dict):
                raise Unfit("a record is an object")
            fields = read(record, bank)
            slug = fields["slug"]
            if not slug:
                raise Unfit("its name has no letter or digit")
            if slug in slugs:
                raise Unfit(f"another record (line {slugs[slug]}) is called {slug!r} too")
            slugs[slug] = line
            problem = Recordable(path=path, line=line, **fields)
            _check(problem)
        except Unfit as error:
            yield Refused(origin, (Finding(path, line, f"{origin}: {error}"),))
            continue
        yield problem


def text_of(record: Record, key: str, default: str | None = None) -> str:
    """A field that is a text; `Unfit` where it is none, or absent without a default."""
    value = record.get(key, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise Unfit(f"{key} is missing" if value is None else f"{key} is no text")
    if len(value) > MAX_SOURCE_CHARACTERS:
        raise Unfit(f"{key} has more than {MAX_SOURCE_CHARACTERS:,} characters")
    return value


def texts_of(record: Record, key: str) -> list[str]:
    """A field that is a list of texts; empty where it is absent."""
    value = record.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Unfit(f"{key} is no list of texts")
    return list(value)


def provenance_of(record: Record, bank: Provenance, id: str) -> Provenance:
    """A record's own licence and attribution, else its bank's."""
    own = {key: text_of(record, key, "") for key in ("license", "attribution", "url", "source")}
    return Provenance(
        format=bank.format,
        id=id,
        license=own["license"] or bank.license,
        attribution=own["attribution"] or own["source"] or bank.attribution,
        url=own["url"] or bank.url,
        license_text=bank.license_text,
    )


def humaneval(record: Record, bank: Provenance) -> Fields:
    """prompt + canonical_solution, and a test that defines `check(candidate)`."""
    task = _task(record)
    prompt, entry = text_of(record, "prompt"), text_of(record, "entry_point")
    return {
        "slug": slug_from(task),
        "name": entry,
        "statement": f"Complete `{entry}` as its text says.\n\n```python\n{prompt.strip()}\n```",
        "entry": entry,
        "solution": prompt + text_of(record, "canonical_solution"),
        "setup": "",
        "tests": (text_of(record, "test"),),
        "style": "humaneval",
        "starter": prompt,
        "provenance": provenance_of(record, bank, task),
    }


def mbpp(record: Record, bank: Provenance) -> Fields:
    """code, then set-up, then assertions; the name is that which the assertions call."""
    task = _task(record)
    code = text_of(record, "code").replace("\r\n", "\n")
    asserted = texts_of(record, "test_list") + texts_of(record, "challenge_test_list")
    if not asserted:
        raise Unfit("test_list holds no assertion")
    setup = "\n".join([text_of(record, "test_setup_code", ""), *texts_of(record, "test_imports")])
    entry = _called(code, asserted)
    statement = text_of(record, "text", "") or text_of(record, "prompt", "")
    return {
        "slug": slug_from(task if not task.isdigit() else f"mbpp-{task}"),
        "name": entry,
        "statement": f"{statement.strip()}\n\nCall it `{entry}`.",
        "entry": entry,
        "solution": code,
        "setup": setup,
        "tests": tuple(asserted),
        "style": "statements",
        "starter": _stub(code, entry),
        "provenance": provenance_of(record, bank, task),
    }


def _task(record: Record) -> str:
    task = record.get("task_id")
    if isinstance(task, bool) or not isinstance(task, int | str) or not str(task).strip():
        raise Unfit("task_id is missing" if task is None else "task_id is neither a text nor a whole number")
    return str(task)[:100]


def _called(code: str, asserted: list[str]) -> str:
    """The function of the code that the assertions call first."""
    defined = {node.name for node in _parsed(code, "code").body if isinstance(node, ast.FunctionDef)}
    for text in asserted:
        calls = [node for node in ast.walk(_parsed(text, "test_list")) if isinstance(node, ast.Call)]
        for call in calls:
            if isinstance(call.func, ast.Name) and call.func.id in defined:
                return call.func.id
    raise Unfit("no assertion calls a function that the code defines")


def _stub(code: str, entry: str) -> str:
    """The function with its parameters and defaults, not written yet."""
    for node in _parsed(code, "code").body:
        if isinstance(node, ast.FunctionDef) and node.name == entry:
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            return f"def {entry}({ast.unparse(node.args)}){returns}:\n    raise NotImplementedError\n"
    return ""


def _check(problem: Recordable) -> None:
    """Everything that must parse parses; said here, where the line is known."""
    _parsed(problem.solution, "the solution")
    _parsed(problem.setup, "the set-up")
    for test in problem.tests:
        _parsed(test, "a test")
    if not problem.entry.isascii() or not problem.entry.isidentifier():
        raise Unfit("the function's name is no name")


def _parsed(source: str, what: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise Unfit(f"{what} is no Python: {error.msg}, line {error.lineno}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unfit(f"{what} is no Python: {error}") from error
