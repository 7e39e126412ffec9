"""What can be wrong with a problem package, told with the file and the line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `line` counts from 1; None where the fault has no single line."""

    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.message}"


class PackageError(Exception):
    """The package cannot be read; `findings` says why, every fault that was found at once."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


class Findings:
    """Collects faults, so that an author sees all of them and not one a try."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def add(self, path: str, message: str, line: int | None = None) -> None:
        """Notes one fault."""
        self._found.append(Finding(path, line, message))

    def found(self) -> tuple[Finding, ...]:
        """All that was noted."""
        return tuple(self._found)

    def raise_if_any(self) -> None:
        """Raises `PackageError` where something was noted."""
        if self._found:
            raise PackageError(tuple(self._found))
