"""No artifact harms whoever measures it: a sentence for the candidate, and no failure of ours.

Nor does it leave anything behind, and the next honest artifact is measured as ever.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from grader.judge.judging import judge
from grader.judge.model import Answer, Judgement
from grader.verdict import Verdict
from questionbank.packages.model import (
    ArtifactSpec,
    Checker,
    Difficulty,
    Evaluation,
    Kind,
    Package,
    ProblemLimits,
)
from sandbox.client import Sandbox
from sandbox.job import Runtime
from tests.hostile.artifact_attacks import ATTACKS, EVALUATORS, HONEST, OUTPUTS, ArtifactAttack
from tests.hostile.conftest import supervised
from tests.hostile.host_state import Host, HostState
from tests.judge.measuring import metric
from tests.sandbox.conftest import LAUNCHES

pytestmark = pytest.mark.ml
_EVALUATOR = """\
import numpy as np
from artifacts.running import ARTIFACT, INPUTS, OUT, run


def predictions(inputs):
{body}


def measure():
    inputs = np.load(INPUTS / "inputs.npy")
    np.save(OUT / "predictions.npy", np.asarray(predictions(inputs), dtype=np.int64))
    return {{}}


run(measure)
"""


def _name(attack: ArtifactAttack) -> str:
    return f"{attack.number} {attack.format}: {attack.name}"


# Parsers and their borders are the same in every box: where root has had all attacks, the plain account gets
# one of each format, which shows that its boxes hold TensorFlow and refuse alike.
_ONE_OF_EACH = tuple({attack.format: attack for attack in ATTACKS}.values())


@dataclass(frozen=True, slots=True)
class Jail:
    """One supervisor, the hidden inputs, and the host as it was before the first attack."""

    sandbox: Sandbox
    hidden_root: Path
    host: Host
    quiet: HostState

    def measured(self, format: str, source: str) -> Judgement:
        """The whole way from a submission to its artifact's figures."""
        answer = Answer("python", source)
        return judge(exercise(format), answer, sandbox=self.sandbox, hidden_root=self.hidden_root)

    def assert_unharmed(self) -> None:
        """An honest artifact is measured as ever, and nothing is left on the host."""
        after = self.measured("npy", HONEST["npy"])
        assert after.verdict is Verdict.AC, after.message
        assert after.metrics[0].value == 1.0
        state = self.host.settled(self.quiet)
        assert state == self.quiet, self.quiet.differences(state)


@pytest.fixture(scope="module")
def jail(request: pytest.FixtureRequest, hidden_root: Path) -> Iterator[Jail]:
    with supervised(request.param, {Runtime.ML: 2}) as (sandbox, host):
        new = Jail(sandbox, hidden_root, host, host.look())
        for _ in range(2):
            new.measured("npy", HONEST["npy"])
        yield Jail(sandbox, hidden_root, host, host.calm())


@pytest.fixture(scope="module")
def hidden_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hidden")
    inputs = root / "rows" / "inputs"
    inputs.mkdir(parents=True)
    rows = np.random.default_rng(1).normal(size=(64, 8)).astype(np.float32)
    weights = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    np.save(inputs / "inputs.npy", rows)
    np.save(root / "rows" / "labels.npy", (rows @ weights).argmax(axis=1))
    return root


def exercise(format: str) -> Package:
    evaluator = _EVALUATOR.format(body=textwrap.indent(textwrap.dedent(EVALUATORS[format]), "    "))
    artifact = ArtifactSpec(
        outputs=(OUTPUTS[format],),
        store=(),
        hidden="rows",
        evaluator={"evaluator/evaluate.py": evaluator.encode()},
        evaluation=Evaluation(runtime="ml", time_limit_s=4, memory_mib=512),
        metrics=(metric(threshold=0.0),),
        final_share=0.0,
        submissions_per_hour=30,
        plot=None,
    )
    texts = {"en": "A model", "zh": "模型"}
    return Package(
        slug=f"hostile-{format}",
        content_hash="0" * 64,
        kind=Kind.ARTIFACT,
        names=texts,
        statements=texts,
        topics=("deployment",),
        difficulty=Difficulty.EASY,
        expected_minutes=1,
        tags=(),
        license="cc0",
        authors=("Touchstone",),
        languages=("python",),
        limits=ProblemLimits(time_limit_s=20, memory_mib=1024, output_mib=8, wall_time_s=60),
        starter={},
        hints=(),
        editorials=texts,
        groups=(),
        tests=(),
        submissions=(),
        checker=Checker(),
        artifact=artifact,
    )


@pytest.mark.parametrize("jail", LAUNCHES, indirect=True)
@pytest.mark.parametrize("format", list(OUTPUTS))
def test_an_honest_artifact_of_each_format_is_measured(jail: Jail, format: str) -> None:
    found = jail.measured(format, HONEST[format])
    assert found.verdict is Verdict.AC, found.message
    if format not in ("json", "csv"):
        assert found.metrics[0].value == 1.0


# Not in pairs with its attack: pytest would make the jail anew, and warm TensorFlow, for each.
@pytest.mark.parametrize("jail", LAUNCHES[:1], indirect=True)
@pytest.mark.parametrize("attack", ATTACKS, ids=_name)
def test_a_hostile_artifact_is_refused_with_a_sentence(jail: Jail, attack: ArtifactAttack) -> None:
    found = jail.measured(attack.format, attack.source)
    run, *evaluation = found.cases
    assert run.verdict is Verdict.AC, run.message
    assert found.verdict is Verdict.WA
    assert found.metrics == ()
    assert attack.says in found.message
    assert found.message.isprintable()
    assert evaluation[0].wall_s < 30
    jail.assert_unharmed()


if LAUNCHES[1:]:

    @pytest.mark.parametrize("jail", LAUNCHES[1:], indirect=True)
    @pytest.mark.parametrize("attack", _ONE_OF_EACH, ids=_name)
    def test_a_hostile_artifact_is_refused_in_the_accounts_boxes_too(
        jail: Jail, attack: ArtifactAttack
    ) -> None:
        test_a_hostile_artifact_is_refused_with_a_sentence(jail, attack)


@pytest.mark.parametrize("jail", LAUNCHES, indirect=True)
def test_an_artifact_that_is_no_file_is_not_followed(jail: Jail) -> None:
    for source in (
        "import os\nos.symlink('/etc/passwd', '/work/out/model.npy')",
        "import os\nos.mkfifo('/work/out/model.npy')",
        "import os\nos.mkdir('/work/out/model.npy')",
        "import os\nos.link('/work/solution.py', '/work/out/model.npy')",
    ):
        found = jail.measured("npy", source)
        assert found.verdict is Verdict.WA, found
        assert "model.npy" in found.message
    jail.assert_unharmed()


def test_paths_of_the_attacks_are_the_formats() -> None:
    assert {attack.format for attack in ATTACKS} == set(OUTPUTS)
    assert all(not PurePosixPath(name).is_absolute() for name in OUTPUTS.values())
