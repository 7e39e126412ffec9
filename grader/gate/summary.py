"""The gate over folders: one package, or a bank of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from grader.gate.proof import Finding, Proof, document
from grader.gate.proving import Demands, prove
from grader.judge.builds import Builds
from questionbank.packages.errors import PackageError
from questionbank.packages.reader import read_package
from sandbox.client import Sandbox

_DOCUMENT = "problem.yaml"


def package_folders(path: Path) -> list[Path]:
    """The folder itself where it is a package, else those right below it that are; maybe none."""
    if (path / _DOCUMENT).is_file():
        return [path]
    return sorted(found.parent for found in path.glob(f"*/{_DOCUMENT}"))


def prove_folders(
    folders: Iterable[Path],
    *,
    sandbox: Sandbox,
    hidden_root: Path,
    demands: Demands,
    builds: Builds | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Iterator[Proof]:
    """A proof for each folder; one that cannot be read has the reader's findings and nothing else."""
    for folder in folders:
        try:
            package = read_package(folder)
        except PackageError as error:
            found = (Finding(one.path, one.line, one.message) for one in error.findings)
            yield Proof(folder.name, tuple(found))
            continue
        yield prove(
            package, sandbox=sandbox, hidden_root=hidden_root, demands=demands, builds=builds, tell=tell
        )


def summary(proofs: list[Proof]) -> dict[str, Any]:
    """What is said of a bank, with each package's own document under `reports`.

    `mutation_score_min` is None where no package has mutants.
    """
    scores = [proof.mutation.score for proof in proofs if proof.mutation]
    return {
        "problems": len(proofs),
        "failed": sum(not proof.ready for proof in proofs),
        "mutation_score_min": round(min(scores), 4) if scores else None,
        "flaky": sorted(proof.slug for proof in proofs if proof.flaky),
        "languages_missing": sorted({language for proof in proofs for language in proof.languages_missing}),
        "findings": [
            {"problem": proof.slug, "path": one.path, "line": one.line, "message": one.message}
            for proof in proofs
            for one in proof.findings
        ],
        "reports": [document(proof) for proof in proofs],
    }
