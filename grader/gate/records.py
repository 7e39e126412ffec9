"""What was proven of the bank's problems, kept in a file: mutants take minutes, reading takes none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from grader.gate.proof import Proof
from questionbank.packages.files import Files

_PROVEN_BY = ("data", "submissions", "evaluator")


@dataclass(frozen=True, slots=True)
class Record:
    """One problem's proof in short. `tests` is the `digest` of what it rests on; `killed` of `total` mutants,
    `equivalent` ones left out, None where the kind has none."""

    tests: str
    ready: bool
    flaky: int
    killed: int | None = None
    total: int | None = None
    equivalent: int | None = None


def digest(files: Files) -> str:
    """sha256, hex, of the files that a proof rests on: texts may change without it."""
    found = sha256()
    for path, data in sorted(files.items()):
        if path.partition("/")[0] in _PROVEN_BY:
            found.update(f"{path}\0{len(data)}\0".encode() + data)
    return found.hexdigest()


def record_of(proof: Proof, files: Files) -> Record:
    """What is kept of a proof."""
    record = Record(digest(files), proof.ready, len(proof.flaky))
    mutation = proof.mutation
    if mutation is None:
        return record
    return Record(
        record.tests, record.ready, record.flaky, mutation.killed, mutation.total, mutation.equivalent
    )


def read_records(path: Path) -> dict[str, Record]:
    """The records of a file by slug; none where there is no such file."""
    if not path.exists():
        return {}
    return {slug: Record(**kept) for slug, kept in json.loads(path.read_text("utf-8")).items()}


def keep_records(path: Path, proven: Mapping[str, Record]) -> None:
    """Writes what was proven into the file, in the place of what it says of the same problems."""
    kept = {slug: asdict(record) for slug, record in sorted((read_records(path) | dict(proven)).items())}
    rows = ",\n".join(f"  {json.dumps(slug)}: {json.dumps(row)}" for slug, row in kept.items())
    path.write_text(f"{{\n{rows}\n}}\n", "utf-8")
