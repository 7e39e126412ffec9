"""Functions in Python as JSON records in the shapes of HumanEval, MBPP and Deep-ML, one a line."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from questionbank.exchange.drafts import slug_from
from questionbank.exchange.jsonl import MAX_SOURCE_CHARACTERS
from questionbank.exchange.literals import Unwritable, holds_array, holds_float, literal
from questionbank.packages.errors import Finding
from questionbank.packages.model import FunctionSpec, Kind, Package, ReferenceSubmission
from questionbank.packages.types import TypeWord, parse_type

MAX_CALLS = 400
"""As many as an import takes down (`recorder.py`)."""
_TEST_CHARACTERS = MAX_SOURCE_CHARACTERS * 3 // 4
"""What an import reads, but for what stands around arguments and results."""
_SHOWN_TESTS = 3
_PRINTED_TOLERANCE = 1e-6
_BROUGHT = {"topics": ["algorithms"], "difficulty": "medium", "expected_minutes": 20}
"""What an import writes where a record says nothing: no loss."""
_ARRAY = re.compile(r"numpy\.array\((.*?), dtype=numpy\.[a-z0-9_]+\)")
_NON_FINITE = re.compile(r"float\('(-?inf|nan)'\)")
_SAME = """
def _same(got, wanted):
    if isinstance(wanted, (list, tuple)):
        return type(got) is type(wanted) and len(got) == len(wanted) and all(map(_same, got, wanted))
    if isinstance(wanted, dict):
        return isinstance(got, dict) and got.keys() == wanted.keys() and all(_same(got[key], wanted[key]) for key in wanted)
    if isinstance(wanted, float):
        return {floats} or (got != got and wanted != wanted)
    if hasattr(wanted, "shape"):
        return got.shape == wanted.shape and _same(got.tolist(), wanted.tolist())
    return type(got) is type(wanted) and got == wanted
"""  # noqa: E501 - a program


@dataclass(frozen=True, slots=True)
class Written:
    """A record, and what of the package it does not hold."""

    record: Mapping[str, Any]
    lost: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Source:
    """What every shape is written from."""

    package: Package
    files: Mapping[str, bytes]
    own: Mapping[str, Any]
    """`touchstone.yaml`."""
    function: FunctionSpec
    reference: ReferenceSubmission
    solution: str
    tree: ast.Module
    calls: tuple[tuple[str, str], ...]
    """The arguments of each test, with commas, and what is expected, as Python."""
    left_out: int
    """How many tests a record has no room for."""
    arrays: bool
    returns: TypeWord

    @property
    def id(self) -> str:
        return str(self.own.get("provenance", {}).get("id", ""))

    @property
    def format(self) -> str:
        return str(self.own.get("provenance", {}).get("format", ""))

    def credit(self) -> dict[str, str]:
        """Licence, attribution and address, as the source said them or as the package does."""
        told = self.own.get("provenance", {})
        said = {
            "license": told.get("license") or self.package.license,
            "attribution": told.get("attribution") or ", ".join(self.package.authors),
            "url": told.get("url", ""),
        }
        return {key: str(text) for key, text in said.items() if text and text != "unknown"}


def humaneval(package: Package, files: Mapping[str, bytes]) -> Written:
    """prompt, canonical_solution, entry_point and a `check(candidate)`. Raises `Unwritable`."""
    source = _source(package, files)
    prompt, rest = _split(source)
    record = {
        "task_id": source.id if slug_from(source.id) == package.slug else package.slug,
        "prompt": prompt,
        "entry_point": source.function.name,
        "canonical_solution": rest,
        "test": _check(source),
        **source.credit(),
    }
    kept = {"starter/solution.py"} if _starter(source) == prompt else set()
    named = () if package.names.get("en") == source.function.name else ("name",)
    return Written(record, tuple(_lost(source, kept, named)))


def mbpp(package: Package, files: Mapping[str, bytes]) -> Written:
    """text, code and assertions, the first three of them in test_list. Raises `Unwritable`."""
    source = _source(package, files)
    name = source.function.name
    helpers = _helpers(source)
    tests = [*([helpers] if helpers else []), *_assertions(source, name)]
    called = f"\n\nCall it `{name}`."
    number = source.id if source.format == "mbpp" and source.id.isdecimal() else ""
    record = {
        "task_id": int(number) if package.slug == f"mbpp-{number}" else package.slug,
        "text": _statement(package).removesuffix(called).strip(),
        "code": source.solution,
        "test_setup_code": "",
        "test_list": tests[:_SHOWN_TESTS],
        "challenge_test_list": tests[_SHOWN_TESTS:],
        **source.credit(),
    }
    named = () if package.names.get("en") == name else ("name",)
    kept = {"starter/solution.py"} if source.format == "mbpp" else set()
    return Written(record, tuple(_lost(source, kept, named)))


def deepml(package: Package, files: Mapping[str, bytes]) -> Written:
    """title, description, solution, and tests that print. Raises `Unwritable`."""
    source = _source(package, files)
    name, title = source.function.name, package.name_in("en")
    head = "import numpy\n" if source.arrays else ""
    numbered = package.slug == slug_from(f"deepml-{source.id}-{title}")
    plain = package.slug in (slug_from(f"deepml-{title}"), slug_from(title))
    if not (numbered or plain):
        title = package.slug
    record = {
        **({"id": source.id} if numbered else {}),
        "title": title,
        "difficulty": package.difficulty.value,
        "description": _statement(package),
        "learn_section": package.editorials.get("en", "").strip(),
        "starter_code": _starter(source) or f"def {name}(*args):\n    pass\n",
        "solution": source.solution,
        "test_cases": [
            {"test": f"{head}print({name}({given}))", "expected_output": _printed(expected)}
            for given, expected in source.calls
        ],
        **source.credit(),
    }
    numeric = source.function.numeric
    loose = numeric is None or (numeric.atol, numeric.rtol) != (_PRINTED_TOLERANCE, _PRINTED_TOLERANCE)
    named = () if title == package.name_in("en") else ("name",)
    tolerance = ("function.numeric",) if loose and holds_float(source.returns) else ()
    kept = {"starter/solution.py", "editorial.en.md"}
    return Written(record, tuple(_lost(source, kept, (*named, *tolerance), difficulty=True)))


Shape = Callable[[Package, Mapping[str, bytes]], Written]


def line(record: Mapping[str, Any]) -> bytes:
    """The record as a line of the bank."""
    return (json.dumps(record, ensure_ascii=False) + "\n").encode()


def _source(package: Package, files: Mapping[str, bytes]) -> _Source:
    function = package.function
    if package.kind is not Kind.FUNCTION or function is None:
        raise Unwritable(f"records hold functions, this is a problem of the kind {package.kind}")
    if function.runtime not in ("python", "numpy"):
        raise Unwritable(f"records cannot say that a function needs the libraries of {function.runtime}")
    reference = _reference(package)
    solution = reference.source.decode()
    tree = ast.parse(solution)
    if not any(isinstance(node, ast.FunctionDef) and node.name == function.name for node in tree.body):
        raise Unwritable(f"{reference.path} defines no function {function.name} at its top level")
    words = [parse_type(parameter.type) for parameter in function.parameters]
    returns = parse_type(function.returns)
    arrays = any(map(holds_array, (*words, returns)))
    if arrays and "import numpy" not in solution:
        raise Unwritable(f"the function takes or returns arrays, and {reference.path} imports no numpy")
    calls = dict(_calls(package, words, returns))
    fitting = _fitting(calls)
    if not fitting:
        raise Unwritable(f"no test fits into the {_TEST_CHARACTERS:,} characters that a record's may have")
    own = yaml.safe_load(files.get("touchstone.yaml", b"{}")) or {}
    return _Source(
        package=package,
        files=files,
        own=own,
        function=function,
        reference=reference,
        solution=solution,
        tree=tree,
        calls=fitting,
        left_out=len(calls) - len(fitting),
        arrays=arrays,
        returns=returns,
    )


def _calls(package: Package, words: Sequence[TypeWord], returns: TypeWord) -> Iterator[tuple[str, str]]:
    """The arguments of each test, with commas, and what is expected."""
    for test in package.tests:
        given = ", ".join(literal(value, word) for value, word in zip(test.args, words, strict=False))
        yield given, literal(test.expected, returns)


def _fitting(calls: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """As many as an import reads, in their order; a large one gives way to those behind it."""
    found: list[tuple[str, str]] = []
    left = _TEST_CHARACTERS
    for given, expected in calls.items():
        size = len(given) + len(expected)
        if size <= left and len(found) < MAX_CALLS:
            found.append((given, expected))
            left -= size
    return tuple(found)


def _reference(package: Package) -> ReferenceSubmission:
    accepted = [
        one
        for one in package.submissions
        if one.expected == "AC" and one.language == "python" and not one.files
    ]
    named = [one for one in accepted if str(one.path) == f"submissions/{package.gate.mutate}"]
    if not accepted:
        raise Unwritable("records hold a solution in Python, and the package has none of one file")
    return (named or accepted)[0]


def _starter(source: _Source) -> str:
    return source.files.get("starter/solution.py", b"").decode()


def _statement(package: Package) -> str:
    return package.statements.get("en", "").strip()


def _split(source: _Source) -> tuple[str, str]:
    """The source up to the function's text, and what comes after; where the starter is such a beginning, it
    is taken as it is."""
    starter = _starter(source)
    if starter and source.solution.startswith(starter) and '"""' in starter:
        return starter, source.solution[len(starter) :]
    lines = source.solution.splitlines(keepends=True)
    node = next(
        one
        for one in source.tree.body
        if isinstance(one, ast.FunctionDef) and one.name == source.function.name
    )
    first = node.body[0]
    has_text = ast.get_docstring(node, clean=False) is not None
    if has_text and len(node.body) == 1:
        raise Unwritable("the solution's function has no body but its text")
    begins = node.body[1] if has_text else first
    if first.lineno == node.lineno or (begins.lineno == (first.end_lineno or 0) and has_text):
        raise Unwritable("the solution's function is written in one line: write its body below")
    indent = " " * begins.col_offset
    told = "".join(f"{indent}{row}".rstrip() + "\n" for row in _quoted(source.package).split("\n"))
    head = "".join(lines[: first.lineno - 1])
    # Comments above the first statement belong to it.
    return f'{head}{indent}"""\n{told}{indent}"""\n', "".join(lines[_body_starts(lines, node, begins) :])


def _body_starts(lines: list[str], node: ast.FunctionDef, begins: ast.stmt) -> int:
    has_text = begins is not node.body[0]
    return (node.body[0].end_lineno or node.lineno) if has_text else begins.lineno - 1


def _quoted(package: Package) -> str:
    return _statement(package).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _check(source: _Source) -> str:
    rows = "".join(f"    {row}\n" for row in _assertions(source, "candidate"))
    helpers = _helpers(source)
    return f"{helpers}\n\ndef check(candidate):\n{rows}" if helpers else f"def check(candidate):\n{rows}"


def _assertions(source: _Source, name: str) -> Iterator[str]:
    for given, expected in source.calls:
        call = f"{name}({given})"
        yield f"assert _same({call}, {expected})" if _needs_same(source) else f"assert {call} == {expected}"


def _needs_same(source: _Source) -> bool:
    """Whether `==` does not do: floats within a tolerance or that are no number, arrays."""
    odd = any("nan" in expected for _, expected in source.calls)
    return source.arrays or (holds_float(source.returns) and (source.function.numeric is not None or odd))


def _helpers(source: _Source) -> str:
    if not _needs_same(source):
        return ""
    numeric = source.function.numeric
    floats = "got == wanted"
    if numeric:
        told = f"rel_tol={float(numeric.rtol)!r}, abs_tol={float(numeric.atol)!r}"
        floats = f"math.isclose(got, wanted, {told})"
    head = "import math\n" + ("import numpy\n" if source.arrays else "")
    return (head + "\n" + _SAME.replace("{floats}", floats)).rstrip()


def _printed(expected: str) -> str:
    """What Python prints of a value; of an array its lists, which an import reads as the same."""
    lists = _ARRAY.sub(r"\1", expected)
    try:
        return str(ast.literal_eval(lists))
    except ValueError:
        return _NON_FINITE.sub(r"\1", lists)


def _lost(
    source: _Source, kept: set[str], keys: tuple[str, ...], *, difficulty: bool = False
) -> Iterator[Finding]:
    """Files and keys that a record does not hold, but for what an import would write again by itself."""
    package, brought = source.package, bool(source.format)
    kept = kept | {"problem.yaml", "touchstone.yaml", "statement/problem.en.md", str(source.reference.path)}
    kept |= {"data/sample/cases.jsonl", "data/secret/cases.jsonl"}
    for path in sorted(source.files.keys() - kept):
        chinese = path in ("statement/problem.zh.md", "editorial.zh.md") and "zh" in package.untranslated
        if not (chinese or (brought and path == "editorial.en.md")):
            yield Finding(path, None, "has no place in a record")
    own = {key: value for key, value in source.own.items() if key not in ("kind", "function", "provenance")}
    for key, value in own.items():
        written = _BROUGHT.get(key) == value or (key == "tags" and value == [source.format])
        if not (written or key == "untranslated" or (key == "difficulty" and difficulty)):
            yield Finding("touchstone.yaml", None, f"{key} has no place in a record")
    for key in keys:
        place = "problem.yaml" if key == "name" else "touchstone.yaml"
        yield Finding(place, None, f"{key} has no place in a record")
    if source.left_out:
        said = f"{source.left_out} tests are left out: a record has room for {MAX_CALLS} tests of "
        yield Finding("data", None, f"{said}{_TEST_CHARACTERS:,} characters in all")
    numeric = source.function.numeric
    if numeric and not brought and holds_float(source.returns):
        said = "at import what the solution returns takes the place of results within the tolerance"
        yield Finding("data", None, said)
