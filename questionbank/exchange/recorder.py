"""Runs a solution's own tests in the jail and writes down every call they make of it.

Sent as text into a box, never imported. It knows `job.json`: the solution's source, what stands between it
and the tests, the tests, and the function's name. What it leaves is `recorded.json`.
"""

import contextlib
import inspect
import io
import json
import math
import random
import sys
import time
import types
from pathlib import Path
from typing import Any

MAX_CALLS = 400
MAX_VALUES = 200_000
MAX_DEPTH = 60
NON_FINITE = {math.inf: "inf", -math.inf: "-inf"}


class Unspeakable(Exception):
    """A value that no test case can hold."""


class Writer:
    """Values as JSON, as `questionbank.packages.anything` reads them; arrays with their kind."""

    def __init__(self) -> None:
        self.left = MAX_VALUES

    def of(self, value: Any, depth: int = 0) -> Any:
        self.left -= 1
        kind = type(value)
        if self.left < 0 or depth > MAX_DEPTH:
            raise Unspeakable("a value that is too large")
        if value is None or kind is bool:
            return value
        if kind is int:
            if value.bit_length() > 13_000:
                raise Unspeakable("a whole number that is too large")
            return value
        if kind is float:
            return value if math.isfinite(value) else {"$float": NON_FINITE.get(value, "nan")}
        if kind is str:
            if any("\ud800" <= character <= "\udfff" for character in value):
                raise Unspeakable("a text with half of a surrogate pair")
            return value
        return self.collection(value, kind, depth + 1)

    def collection(self, value: Any, kind: type, depth: int) -> Any:
        if kind is list:
            return [self.of(item, depth) for item in value]
        if kind is tuple:
            return {"$tuple": [self.of(item, depth) for item in value]}
        if kind in (set, frozenset):
            return {"$set": sorted((self.of(item, depth) for item in value), key=json.dumps)}
        if kind is dict:
            return {"$dict": [[self.of(key, depth), self.of(item, depth)] for key, item in value.items()]}
        if kind is complex:
            return {"$complex": [self.of(value.real), self.of(value.imag)]}
        numpy = sys.modules.get("numpy")
        if numpy is not None and kind is numpy.ndarray and value.dtype.kind in "fib":
            name = {"f": "float64", "i": "int64", "b": "bool"}[value.dtype.kind]
            return {"$ndarray": [name, value.ndim, self.of(value.tolist(), depth)]}
        raise Unspeakable(f"a value of the type {kind.__name__}")


class Recorder:
    """Stands in for the function while tests call it; calls it makes of itself are not the tests'."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.signature = inspect.signature(function)
        self.calls: list[dict[str, Any]] = []
        self.inside = False
        self.dropped = 0

    def __call__(self, *args: Any, **named: Any) -> Any:
        if self.inside:
            return self.function(*args, **named)
        if len(self.calls) >= MAX_CALLS:
            self.dropped += 1
            return self.function(*args, **named)
        call: dict[str, Any] = {}
        self.calls.append(call)
        given = self.given(call, args, named)
        began = time.process_time()
        self.inside = True
        try:
            result = self.function(*args, **named)
        except Exception as error:
            call["raised"] = type(error).__name__
            raise
        finally:
            self.inside = False
            call["seconds"] = time.process_time() - began
        try:
            call["result"] = Writer().of(result)
            if "fault" not in call:
                call["changes"] = Writer().of(list(given)) != call["args"]
        except Unspeakable as error:
            call["fault"] = f"returns {error}"
        return result

    def given(self, call: dict[str, Any], args: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
        """All arguments in the order of the parameters, noted as they are before the call."""
        try:
            bound = self.signature.bind(*args, **named)
            names = list(self.signature.parameters)
            if list(bound.arguments) != names[: len(bound.arguments)]:
                bound.apply_defaults()
            values = list(bound.arguments.values())
            call["args"] = Writer().of(values)
        except Unspeakable as error:
            call["fault"] = f"takes {error}"
            return []
        except TypeError as error:
            call["fault"] = f"is called in a way that it does not take: {error}"
            return []
        return values


def said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def run(job: dict[str, Any]) -> dict[str, Any]:
    # In sys.modules as well: dataclasses and pickle look for a class's module there.
    sys.modules["solution"] = types.ModuleType("solution")
    space: dict[str, Any] = sys.modules["solution"].__dict__
    random.seed(1)
    try:
        exec(compile(job["solution"], "solution.py", "exec", dont_inherit=True), space)  # noqa: S102
        exec(compile(job["setup"], "setup.py", "exec", dont_inherit=True), space)  # noqa: S102
    except BaseException as error:
        return {"error": f"the solution ends with {said(error)}"}
    function = space.get(job["entry"])
    if not callable(function):
        return {"error": f"the solution defines no function {job['entry']}"}
    try:
        recorder = Recorder(function)
    except (TypeError, ValueError) as error:
        return {"error": f"{job['entry']} has no signature: {error}"}
    kinds = {parameter.kind for parameter in recorder.signature.parameters.values()}
    if kinds - {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}:
        return {"error": f"{job['entry']} takes any number of arguments, or some by name alone"}
    space["candidate" if job["style"] == "humaneval" else job["entry"]] = recorder
    failed, printed = [], []
    for number, test in enumerate(job["tests"]):
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                exec(compile(test, "test.py", "exec", dont_inherit=True), space)  # noqa: S102
                if job["style"] == "humaneval":
                    space["check"](recorder)
        except BaseException as error:
            failed.append([number, said(error)])
        printed.append(out.getvalue()[:100_000])
    return {
        "calls": recorder.calls,
        "dropped": recorder.dropped,
        "parameters": list(recorder.signature.parameters),
        "failed": failed,
        "printed": printed,
    }


def main() -> None:
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 3000))
    job = json.loads(Path("job.json").read_text("utf-8"))
    with contextlib.redirect_stdout(io.StringIO()):
        report = run(job)
    Path("recorded.json").write_text(json.dumps(report), "utf-8")


main()
