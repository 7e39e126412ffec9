"""Names of a signature where they are words of the language."""

from __future__ import annotations

from collections.abc import Collection

from questionbank.packages.model import FunctionSpec


def reserved(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


def free_name(name: str, reserved: Collection[str]) -> str:
    """The name itself, with an underscore behind it where the language keeps the word for itself."""
    return f"{name}_" if name in reserved else name


def parameter_names(spec: FunctionSpec, reserved: Collection[str]) -> list[str]:
    """The parameters' names in order, none of them a word of the language."""
    return [free_name(parameter.name, reserved) for parameter in spec.parameters]
