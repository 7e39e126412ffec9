"""Calls a submission's function in the jail and writes what it returned as plain data.

Sent as text into a box, never imported by the judge. It knows the arguments and nothing of what is
expected; whatever a submission does to it, it can only change the value it is judged by.
"""

import contextlib
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

RESULT = Path("/work/result.json")
"""Absolute: the submission may go to another folder."""
OWN_FRAMES = 3
"""Below the submission's module: this one, `main` and, before Python 3.12, exec()."""
MAX_VALUES = 2_000_000
MAX_DEPTH = 64
NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def revive(value: Any, word: dict[str, Any]) -> Any:
    """An argument from JSON, of the declared type."""
    if value is None:
        return None
    name = word["name"]
    if name == "float":
        return NON_FINITE[value["$float"]] if isinstance(value, dict) else float(value)
    if name == "list":
        return [revive(item, word["items"][0]) for item in value]
    if name == "tuple":
        return tuple(revive(item, inner) for item, inner in zip(value, word["items"], strict=True))
    if name == "dict":
        return {key: revive(item, word["items"][0]) for key, item in value.items()}
    if name == "object":
        return anything(value)
    if name == "ndarray":
        import numpy

        return numpy.array(numbers(value), dtype=word["dtype"])
    return value


def anything(value: Any) -> Any:
    """A value of any type, as `questionbank.packages.anything` writes them."""
    if isinstance(value, list):
        return [anything(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((tag, content),) = value.items()
    if tag == "$float":
        return NON_FINITE[content]
    if tag == "$complex":
        return complex(*anything(content))
    items = [anything(item) for item in content]
    return {"$tuple": tuple, "$set": set, "$dict": dict}[tag](items)


def numbers(value: Any) -> Any:
    """Nested lists with the non-finite numbers put in."""
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return NON_FINITE[value["$float"]] if isinstance(value, dict) else value


class Plain:
    """Turns a result into plain data by its exact type; classes derived from a type are foreign."""

    def __init__(self) -> None:
        self.left = MAX_VALUES

    def of(self, value: Any, depth: int = 0) -> Any:
        self.left -= 1
        kind = type(value)
        if self.left < 0 or depth > MAX_DEPTH:
            return {"$foreign": "too large"}
        if value is None or kind in (bool, float, str):
            return value
        if kind is int:
            return value if value.bit_length() < 14_000 else {"$foreign": "too large"}
        if kind is list:
            return [self.of(item, depth + 1) for item in value]
        if kind is tuple:
            return {"$tuple": [self.of(item, depth + 1) for item in value]}
        if kind is dict:
            return {
                "$dict": [[self.of(key, depth + 1), self.of(item, depth + 1)] for key, item in value.items()]
            }
        if kind in (set, frozenset):
            return {"$set": [self.of(item, depth + 1) for item in value]}
        if kind is complex:
            return {"$complex": [value.real, value.imag]}
        return self.foreign(value, kind)

    def foreign(self, value: Any, kind: type) -> Any:
        numpy = sys.modules.get("numpy")
        if numpy is not None and kind is numpy.ndarray:
            if value.dtype.kind not in "fiub" or value.size > MAX_VALUES:
                return {"$foreign": "array"}
            name = {"f": "float", "i": "int", "u": "uint", "b": "bool"}[value.dtype.kind]
            return {"$ndarray": {"kind": name, "shape": list(value.shape), "items": value.tolist()}}
        if numpy is not None and isinstance(value, numpy.generic):
            return {"$foreign": "numpy number"}
        return {"$foreign": "bytes" if kind is bytes else "other"}


def main() -> None:
    call_file = Path("call.json")
    call = json.loads(call_file.read_text("utf-8"))
    call_file.unlink()
    pairs = zip(call["args"], call["types"], strict=True)
    arguments = [revive(value, word) for value, word in pairs]
    # In sys.modules as well: dataclasses and pickle look for a class's module there.
    module = sys.modules["solution"] = type(sys)("solution")
    module.__file__ = "solution.py"
    namespace = module.__dict__
    sys.setrecursionlimit(sys.getrecursionlimit() + OWN_FRAMES)
    source = Path("solution.py").read_bytes()
    exec(compile(source, "solution.py", "exec", dont_inherit=True), namespace)  # noqa: S102 - this is its job
    name = sys.argv[1]
    function = namespace.get(name)
    if not callable(function):
        print(f"solution.py defines no function {name}", file=sys.stderr)
        report = {"value": None, "missing": True}
    else:
        report = {"value": Plain().of(function(*arguments))}
    for stream in (sys.stdout, sys.stderr):
        # The submission may have closed or replaced it; what it printed is shown, and judged by nobody.
        with contextlib.suppress(Exception):
            stream.flush()
    RESULT.write_text(json.dumps(report), "utf-8")
    # Threads and exit handlers that the submission left have no say any more.
    os._exit(0)


main()
