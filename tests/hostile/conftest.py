"""The attacks run over the same supervisors as everything else: root's, and that of a plain account."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.account import unprivileged_account
from grader.judge.builds import Builds
from grader.judge.judging import judge
from grader.judge.model import Answer, Judgement
from questionbank.packages.model import Package
from sandbox.client import Config, Sandbox, private_sandbox
from sandbox.devices import DeviceState
from sandbox.job import Conversation, Job, Outcome, Runtime
from tests.hostile.attack import Attack, Target
from tests.hostile.host_state import Host, HostState
from tests.hostile.problems import HONEST, write_problems
from tests.sandbox.conftest import LAUNCHES, box, launcher_of, socket_folder, store

__all__ = ["box", "store"]


@dataclass(eq=False)
class Watched:
    """A sandbox that remembers how its runs ended."""

    sandbox: Sandbox
    outcomes: list[Outcome] = field(default_factory=list)

    def run(self, job: Job) -> Outcome:
        outcome = self.sandbox.run(job)
        self.outcomes.append(outcome)
        return outcome

    def converse(self, leader: Job, other: Job) -> Conversation:
        said = self.sandbox.converse(leader, other)
        self.outcomes.append(said.other)
        return said

    def guarantees(self) -> tuple[str, ...]:
        return self.sandbox.guarantees()

    def devices(self) -> tuple[DeviceState, ...]:
        return self.sandbox.devices()

    def close(self) -> None:
        self.sandbox.close()


@dataclass(frozen=True, slots=True)
class Arena:
    """One supervisor, the problems, and the host as it was before the first attack."""

    watched: Watched
    problems: dict[Target, Package]
    folder: Path
    host: Host
    quiet: HostState

    def judge(self, target: Target, source: str, language: str = "python") -> Judgement:
        """The whole way from an answer to its judgement."""
        self.watched.outcomes.clear()
        return judge(
            self.problems[target],
            Answer(language, source),
            sandbox=self.watched,
            hidden_root=self.folder,
            builds=Builds(self.folder / "builds"),
        )

    def attacked(self, attack: Attack) -> Judgement:
        return self.judge(attack.target, attack.source, attack.language)

    def honest(self, target: Target = Target.PROGRAM) -> Judgement:
        """A right answer."""
        return self.judge(target, HONEST[target])


@contextmanager
def supervised(launch: str, parked: Mapping[Runtime, int]) -> Iterator[tuple[Sandbox, Host]]:
    """A supervisor with a folder of its own for temporary files, and the look at what belongs to it."""
    with socket_folder(launch) as private:
        temporary = private / "temporary"
        temporary.mkdir()
        account = unprivileged_account()
        if launch == "unprivileged" and account:
            os.chown(temporary, account.uid, account.gid)
        config = Config(socket=private / "sandbox.sock", parked=parked, devices=())
        # Told to the supervisor alone: the fixture outlives these tests, and others' folders are not its own.
        launcher = (*launcher_of(launch), "env", f"TMPDIR={temporary}")
        with private_sandbox(config, launcher=launcher) as sandbox:
            yield sandbox, Host(config.socket, temporary)


@pytest.fixture(scope="session", params=LAUNCHES)
def arena(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    folder = tmp_path_factory.mktemp("arena")
    problems = write_problems(folder)
    parked = {Runtime.PYTHON: 3, Runtime.NUMPY: 2, Runtime.COMMAND: 1}
    with supervised(request.param, parked) as (sandbox, host):
        watched = Watched(sandbox)
        arena = Arena(watched, problems, folder, host, host.look())
        for target in (Target.PROGRAM, Target.FUNCTION, Target.ARRAY) * 2:
            arena.honest(target)
        arena.judge(Target.PROGRAM, "int main(void) { return 0; }", "c")
        yield Arena(watched, problems, folder, host, host.calm())
