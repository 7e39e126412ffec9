"""A source is compiled once; what was compiled lies whole in a bounded folder or not at all."""

from __future__ import annotations

import os
import textwrap
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grader.judge.builds import Builds
from grader.judge.judging import judge
from grader.judge.model import Answer
from grader.judge.toolchains import find_toolchain
from grader.verdict import Verdict
from questionbank.packages.model import Package
from questionbank.packages.reader import read_package
from sandbox.client import Sandbox
from sandbox.job import Job, Outcome
from tests.judge.sources import c
from tests.packages.writing import program_package


@dataclass(eq=False)
class Watched:
    """The real sandbox, remembering what it ran."""

    sandbox: Sandbox
    jobs: list[Job] = field(default_factory=list)

    def run(self, job: Job) -> Outcome:
        self.jobs.append(job)
        return self.sandbox.run(job)

    def guarantees(self) -> tuple[str, ...]:
        return self.sandbox.guarantees()

    def compilations(self) -> int:
        return sum("gcc" in getattr(job.program, "argv", ())[:1] for job in self.jobs)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return read_package(program_package(tmp_path, languages=["c", "python"]))


@pytest.fixture
def builds(tmp_path: Path) -> Builds:
    return Builds(tmp_path / "builds")


def judge_c(package: Package, source: str, sandbox: Sandbox, builds: Builds | None) -> Verdict | None:
    answer = Answer("c", textwrap.dedent(source))
    return judge(package, answer, sandbox=sandbox, hidden_root=Path("/nowhere"), builds=builds).verdict


def test_one_submission_is_compiled_once_whatever_the_number_of_its_tests(
    package: Package, sandbox: Sandbox
) -> None:
    watched = Watched(sandbox)
    assert judge_c(package, c.PROGRAMS["AC"], watched, None) is Verdict.AC
    assert watched.compilations() == 1
    assert len(watched.jobs) >= 1 + len(package.tests)


def test_the_same_source_is_not_compiled_again(package: Package, sandbox: Sandbox, builds: Builds) -> None:
    judge_c(package, c.PROGRAMS["AC"], sandbox, builds)
    watched = Watched(sandbox)
    assert judge_c(package, c.PROGRAMS["AC"], watched, builds) is Verdict.AC
    assert watched.compilations() == 0
    assert judge_c(package, c.PROGRAMS["AC"] + "\n", watched, builds) is Verdict.AC
    assert watched.compilations() == 1


def test_a_compile_error_is_not_kept(package: Package, sandbox: Sandbox, builds: Builds) -> None:
    watched = Watched(sandbox)
    for _ in range(2):
        assert judge_c(package, c.PROGRAMS["CE"], watched, builds) is Verdict.CE
    assert watched.compilations() == 2


def test_a_damaged_entry_counts_as_absent(
    package: Package, sandbox: Sandbox, builds: Builds, tmp_path: Path
) -> None:
    judge_c(package, c.PROGRAMS["AC"], sandbox, builds)
    (entry,) = (tmp_path / "builds").iterdir()
    for damage in (entry.read_bytes()[:-1], b"", b"\0" * 500):
        entry.write_bytes(damage)
        assert judge_c(package, c.PROGRAMS["AC"], sandbox, builds) is Verdict.AC


def test_what_was_used_least_recently_goes_first(tmp_path: Path) -> None:
    builds = Builds(tmp_path, max_bytes=10_000)
    for number in range(8):
        builds.store(f"entry-{number}", {"program": bytes(1100)})
        os.utime(tmp_path / f"entry-{number}", (number, number))
    assert builds.load("entry-0") == {"program": bytes(1100)}
    builds.store("one-more", {"program": bytes(1100)})
    assert builds.load("entry-1") is None
    assert builds.load("entry-0") is not None
    assert builds.load("one-more") is not None
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_000


def test_an_entry_that_would_crowd_out_the_others_is_not_kept(tmp_path: Path) -> None:
    builds = Builds(tmp_path, max_bytes=10_000)
    builds.store("large", {"program": bytes(5000)})
    assert builds.load("large") is None


def test_a_draft_that_its_process_left_behind_is_removed(tmp_path: Path) -> None:
    builds = Builds(tmp_path)
    draft = tmp_path / "draft-of-the-dead"
    draft.write_bytes(b"half")
    os.utime(draft, (0, 0))
    builds.store("entry", {"program": b"whole"})
    assert not draft.exists()


def test_many_at_once_share_the_folder(tmp_path: Path) -> None:
    failures: list[str] = []

    def work(number: int) -> None:
        builds = Builds(tmp_path, max_bytes=20_000)
        for turn in range(100):
            key = f"entry-{(turn * number) % 17}"
            found = builds.load(key)
            if found not in (None, {"program": key.encode() * 200}):
                failures.append(key)
            builds.store(key, {"program": key.encode() * 200})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_another_toolchain_makes_another_entry(
    package: Package, sandbox: Sandbox, builds: Builds, tmp_path: Path
) -> None:
    from dataclasses import replace

    from grader.judge.builds import build_key
    from grader.judge.languages import LANGUAGES

    language = LANGUAGES["c"]
    toolchain = find_toolchain(language, sandbox)
    assert toolchain is not None
    plan = language.program(c.PROGRAMS["AC"], toolchain)
    newer = replace(toolchain, fingerprint=toolchain.fingerprint + "+1")
    assert build_key("c", toolchain, plan.build) != build_key("c", newer, plan.build)
