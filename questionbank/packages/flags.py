"""The arguments of the default output validator, as every form of the format has them."""

from __future__ import annotations

from collections.abc import Sequence

from questionbank.packages.errors import Findings
from questionbank.packages.model import Checker

_SWITCHES = frozenset({"case_sensitive", "space_change_sensitive"})
_TOLERANCES = frozenset({"float_tolerance", "float_absolute_tolerance", "float_relative_tolerance"})


def checker_of(args: Sequence[str], path: str, findings: Findings) -> Checker:
    """What the arguments ask for; every one that is unknown, lacks its number or clashes is a finding."""
    switches: set[str] = set()
    tolerances: dict[str, float] = {}
    rest = list(args)
    while rest:
        name = rest.pop(0)
        if name in _SWITCHES:
            switches.add(name)
        elif name in _TOLERANCES:
            number = _number(rest.pop(0)) if rest else None
            if number is None:
                findings.add(path, f"{name} is followed by no number that is 0 or more")
            elif name in tolerances:
                findings.add(path, f"{name} is given twice")
            else:
                tolerances[name] = number
        else:
            findings.add(path, f"the default output validator has no argument {name!r}")
    both = tolerances.pop("float_tolerance", None)
    if both is not None and tolerances:
        findings.add(path, "float_tolerance is given beside another tolerance")
    return Checker(
        case_sensitive="case_sensitive" in switches,
        space_change_sensitive="space_change_sensitive" in switches,
        float_absolute_tolerance=tolerances.get("float_absolute_tolerance", both),
        float_relative_tolerance=tolerances.get("float_relative_tolerance", both),
    )


def _number(word: str) -> float | None:
    try:
        number = float(word)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
