"""Changes to a package that is still being written: pure functions from its files to other files.

What is read here need not be sound: a draft may lack anything. A change is a mapping of paths to new content,
None for a file that goes.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from questionbank.packages.documents import load_yaml
from questionbank.packages.errors import Findings
from questionbank.packages.files import Files
from questionbank.packages.model import Kind
from questionbank.packages.types import TypeWord, UnknownType, parse_type

Contents = Mapping[str, bytes]
Changes = dict[str, bytes | None]
MAX_FILE_BYTES = 1024 * 1024
CASES = "cases.jsonl"
GENERATORS = "generators"
"""The folder of programs that make tests."""
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}"
_PATH = re.compile(
    r"(problem\.yaml|touchstone\.yaml|rubric\.yaml|graded\.yaml|editorial\.(en|zh)\.md|LICENSE"
    r"|README\.md|(statement|problem_statement|solution|data|submissions|starter|hints|evaluator|include"
    r"|output_validators?|input_validators|input_format_validators|static_validator"
    rf"|attachments|generators)(/{_PART}){{1,6}})"
)
_GROUP = re.compile(rf"(sample|secret)(/{_PART}){{0,4}}")
_NAME = re.compile(_PART)


class _Dumper(yaml.SafeDumper):
    """Writes what is there twice twice: the reader takes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class NotEditable(ValueError):
    """What was given fits no place in a package; the text is for people."""


@dataclass(frozen=True, slots=True)
class DraftTest:
    """A test as it lies in a draft. `given` is standard input, or a JSON list of arguments; `expected` the
    answer, None where it is still to come."""

    group: str
    name: str
    given: str
    expected: str | None


def is_group(text: str) -> bool:
    """Whether tests may lie in a group of this name."""
    return bool(_GROUP.fullmatch(text))


def is_generator(path: str) -> bool:
    """Whether the file is a program that makes tests."""
    return path.startswith(f"{GENERATORS}/") and path.endswith(".py")


def is_editable_path(path: str) -> bool:
    """Whether a file of a package may have this path."""
    return bool(_PATH.fullmatch(path)) and ".." not in path


def document(contents: Contents, path: str) -> dict[str, Any]:
    """The mapping in a YAML file; empty where there is none that can be read."""
    found: Any = load_yaml(Files(dict(contents)), path, {}, Findings())
    return found if isinstance(found, dict) else {}


def written(value: Mapping[str, Any]) -> bytes:
    """A mapping as YAML, in the order of its keys."""
    text: str = yaml.dump(dict(value), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return text.encode()


def draft_tests(contents: Contents, kind: str) -> tuple[DraftTest, ...]:
    """Every test that can be made out, samples first."""
    read = _calls if kind == Kind.FUNCTION else _programs
    return tuple(sorted(read(contents), key=lambda test: test.group.split("/")[0] != "sample"))


def _calls(contents: Contents) -> Iterator[DraftTest]:
    for path in sorted(contents):
        if not path.startswith("data/") or PurePosixPath(path).name != CASES:
            continue
        group = str(PurePosixPath(path).parent.relative_to("data"))
        for _, case in _lines(contents[path]):
            if case is not None:
                expected = _json(case["expected"]) if "expected" in case else None
                yield DraftTest(group, str(case.get("name", "")), _json(case.get("args", [])), expected)


def _programs(contents: Contents) -> Iterator[DraftTest]:
    for path in sorted(contents):
        place = PurePosixPath(path)
        if path.startswith("data/") and place.suffix == ".in":
            answer = contents.get(str(place.with_suffix(".ans")))
            group = str(place.parent.relative_to("data"))
            expected = None if answer is None else answer.decode(errors="replace")
            yield DraftTest(group, place.stem, contents[path].decode(errors="replace"), expected)


def _lines(data: bytes) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Every line with the case that it holds, None for one that holds none."""
    for line in data.decode(errors="replace").split("\n"):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
        except (ValueError, RecursionError):
            case = None
        yield line, case if isinstance(case, dict) else None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def with_test(contents: Contents, kind: str, test: DraftTest, replaces: tuple[str, str] | None) -> Changes:
    """Adds a test, in the place of the one of group and name `replaces`; raises `NotEditable`."""
    if not _GROUP.fullmatch(test.group):
        raise NotEditable("A group is sample, secret, or a name below one of them such as secret/large.")
    if not _NAME.fullmatch(test.name):
        raise NotEditable("A test's name is made of letters, digits, '_', '.' and '-'.")
    known = {(one.group, one.name) for one in draft_tests(contents, kind)}
    if (test.group, test.name) in known and replaces != (test.group, test.name):
        raise NotEditable(f"The group {test.group} has a test {test.name} already.")
    if kind == Kind.FUNCTION:
        return _with_call(contents, test, replaces)
    changes: Changes = {} if replaces is None else without_test(contents, kind, *replaces)
    path = f"data/{test.group}/{test.name}"
    changes[f"{path}.in"] = _ended(test.given)
    changes[f"{path}.ans"] = None if test.expected is None else _ended(test.expected)
    return changes


def _ended(text: str) -> bytes:
    text = text.replace("\r\n", "\n")
    return (text if not text or text.endswith("\n") else text + "\n").encode()


def _with_call(contents: Contents, test: DraftTest, replaces: tuple[str, str] | None) -> Changes:
    args = _parsed(test.given, "The arguments")
    if not isinstance(args, list):
        raise NotEditable("The arguments are a JSON list, one entry for each parameter.")
    case: dict[str, Any] = {"name": test.name, "args": args}
    if test.expected is not None:
        case["expected"] = _parsed(test.expected, "The expected result")
    path = f"data/{test.group}/{CASES}"
    if replaces is None or replaces[0] != test.group:
        changes = {} if replaces is None else without_test(contents, Kind.FUNCTION, *replaces)
        kept = [line for line, _ in _lines(contents.get(path, b""))]
        return changes | {path: _joined([*kept, _json(case)])}
    lines = []
    for line, old in _lines(contents[path]):
        same = old is not None and old.get("name") == replaces[1]
        # What the form does not show, such as an explanation, stays.
        others = {key: value for key, value in (old or {}).items() if key not in ("name", "args", "expected")}
        lines.append(_json(case | others) if same else line)
    return {path: _joined(lines)}


def _parsed(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotEditable(f"{what}: no JSON: {error}") from error


def _joined(lines: list[str]) -> bytes | None:
    return ("\n".join(lines) + "\n").encode() if lines else None


def without_test(contents: Contents, kind: str, group: str, name: str) -> Changes:
    """Takes a test out; nothing where there is none."""
    if kind != Kind.FUNCTION:
        paths = (f"data/{group}/{name}.in", f"data/{group}/{name}.ans")
        return {path: None for path in paths if path in contents}
    path = f"data/{group}/{CASES}"
    if path not in contents:
        return {}
    kept = [line for line, case in _lines(contents[path]) if case is None or case.get("name") != name]
    return {path: _joined(kept)}


def with_placeholders(contents: Contents, kind: str) -> dict[str, bytes]:
    """The same files where every test that lacks its expected result has one of the right type."""
    filled = dict(contents)
    for test in draft_tests(contents, kind):
        if test.expected is None:
            expected = "" if kind != Kind.FUNCTION else _json(_placeholder(_returns(contents)))
            whole = DraftTest(test.group, test.name, test.given, expected)
            changes = with_test(filled, kind, whole, (test.group, test.name))
            filled |= {path: data for path, data in changes.items() if data is not None}
    return filled


def _returns(contents: Contents) -> TypeWord:
    function = document(contents, "touchstone.yaml").get("function")
    text = function.get("returns") if isinstance(function, dict) else None
    try:
        return parse_type(str(text))
    except UnknownType as error:
        raise NotEditable(f"touchstone.yaml: {error}") from error


def _placeholder(word: TypeWord) -> Any:
    if word.optional:
        return None
    if word.name == "tuple":
        return [_placeholder(item) for item in word.items]
    simple: dict[str, Any] = {"int": 0, "float": 0.0, "bool": False, "str": "", "dict": {}, "None": None}
    return simple.get(word.name, [])


def template(kind: Kind, names: Mapping[str, str], author: str) -> dict[str, bytes]:
    """A small package of the kind, for an author to write over."""
    problem = {
        "problem_format_version": "2025-09",
        "name": dict(names),
        "type": "pass-fail",
        "uuid": str(uuid.uuid4()),
        "license": "cc by-sa",
        "credits": {"authors": author},
        "limits": {"time_limit": 2, "memory": 256, "output": 8},
    }
    touchstone = {"kind": kind.value, "topics": ["algorithms"], "difficulty": "easy", "expected_minutes": 10}
    files = {
        "statement/problem.en.md": "Say what is given, and what is asked for.\n",
        "statement/problem.zh.md": "说明给出什么，要求什么。\n",
        "editorial.en.md": "Say how it is solved, and why.\n",
        "editorial.zh.md": "说明解法和理由。\n",
    }
    sections, more = _TEMPLATES[kind]
    touchstone |= sections
    return {
        "problem.yaml": written(problem),
        "touchstone.yaml": written(touchstone),
        **{path: text.encode() for path, text in (files | more).items()},
    }


_BOTH = {"en": "Write this text.", "zh": "请写这段文字。"}
_TEMPLATES: Mapping[Kind, tuple[dict[str, Any], dict[str, str]]] = {
    Kind.FUNCTION: (
        {
            "languages": ["python"],
            "function": {
                "name": "solve",
                "parameters": [{"name": "x", "type": "int"}],
                "returns": "int",
                "runtime": "python",
            },
        },
        {
            "data/sample/cases.jsonl": '{"name": "one", "args": [1], "expected": 1}\n',
            "data/secret/cases.jsonl": '{"name": "two", "args": [2], "expected": 2}\n',
            "submissions/accepted/reference.py": "def solve(x):\n    return x\n",
            "submissions/wrong_answer/one_more.py": "def solve(x):\n    return x + 1\n",
        },
    ),
    Kind.PASS_FAIL: (
        {"languages": ["python"]},
        {
            "data/sample/1.in": "1\n",
            "data/sample/1.ans": "1\n",
            "data/secret/1.in": "2\n",
            "data/secret/1.ans": "2\n",
            "submissions/accepted/reference.py": "print(int(input()))\n",
            "submissions/wrong_answer/one_more.py": "print(int(input()) + 1)\n",
        },
    ),
    Kind.CHOICE: (
        {
            "choice": {
                "multiple": False,
                "options": [
                    {"id": name, "correct": name == "first", "text": _BOTH, "explanation": _BOTH}
                    for name in ("first", "second")
                ],
            }
        },
        {
            "submissions/accepted/right.json": '["first"]\n',
            "submissions/wrong_answer/second.json": '["second"]\n',
        },
    ),
    Kind.OPEN: (
        {},
        {
            "rubric.yaml": written(
                {
                    "points": [{"id": "cause", "weight": 1, "statement": _BOTH}],
                    "model_answer": _BOTH,
                }
            ).decode()
        },
    ),
    Kind.ARTIFACT: (
        {
            "languages": ["python"],
            "artifact": {
                "outputs": ["model.bin"],
                "hidden": "name-of-a-recipe",
                "metrics": [
                    {
                        "key": "accuracy",
                        "name": {"en": "Accuracy", "zh": "准确率"},
                        "measure": "accuracy",
                        "inputs": {"predictions": "out/predictions.npy", "labels": "hidden/labels.npy"},
                        "direction": "min",
                        "threshold": 0.9,
                    }
                ],
            },
        },
        {
            "evaluator/evaluate.py": (
                "from pathlib import Path\n\nimport numpy as np\n\n"
                'model = Path("artifact/model.bin").read_bytes()\n'
                'np.save("out/predictions.npy", np.frombuffer(model, dtype=np.uint8).astype(np.int64))\n'
                'Path("out/measured.json").write_text("{}")\n'
            ),
            "submissions/accepted/reference.py": 'open("out/model.bin", "wb").write(bytes([1]))\n',
            "submissions/wrong_answer/zeros.py": 'open("out/model.bin", "wb").write(bytes([0]))\n',
        },
    ),
}
