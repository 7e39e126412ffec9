"""No artifact harms whoever measures it: a sentence for the candidate, and no failure of ours."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
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
from sandbox.client import Config, Sandbox, private_sandbox
from sandbox.job import Runtime
from tests.hostile.artifact_attacks import ATTACKS, EVALUATORS, HONEST, OUTPUTS, ArtifactAttack
from tests.judge.measuring import metric
from tests.sandbox.conftest import LAUNCHES, launcher_of, socket_folder

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


# Parsers and their borders are the same in every box: where root has had all attacks, the plain account gets
# one of each format, which shows that its boxes hold TensorFlow and refuse alike.
_ONE_OF_EACH = tuple({attack.format: attack for attack in ATTACKS}.values())
CASES = [
    pytest.param(launch, attack, id=f"{launch} {attack.number} {attack.format}: {attack.name}")
    for launch in LAUNCHES
    for attack in (ATTACKS if launch == LAUNCHES[0] else _ONE_OF_EACH)
]


@pytest.fixture(scope="module")
def jail(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with (
        socket_folder(request.param) as folder,
        private_sandbox(
            Config(folder / "sandbox.sock", parked={Runtime.ML: 2}), launcher=launcher_of(request.param)
        ) as running,
    ):
        yield running


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


def measured(jail: Sandbox, hidden_root: Path, format: str, source: str) -> Judgement:
    return judge(exercise(format), Answer("python", source), sandbox=jail, hidden_root=hidden_root)


@pytest.mark.parametrize("jail", LAUNCHES, indirect=True)
@pytest.mark.parametrize("format", list(OUTPUTS))
def test_an_honest_artifact_of_each_format_is_measured(jail: Sandbox, hidden_root: Path, format: str) -> None:
    found = measured(jail, hidden_root, format, HONEST[format])
    assert found.verdict is Verdict.AC, found.message
    if format not in ("json", "csv"):
        assert found.metrics[0].value == 1.0


@pytest.mark.parametrize(("jail", "attack"), CASES, indirect=["jail"])
def test_a_hostile_artifact_is_refused_with_a_sentence(
    jail: Sandbox, hidden_root: Path, attack: ArtifactAttack
) -> None:
    found = measured(jail, hidden_root, attack.format, attack.source)
    run, *evaluation = found.cases
    assert run.verdict is Verdict.AC, run.message
    assert found.verdict is Verdict.WA
    assert found.metrics == ()
    assert attack.says in found.message
    assert found.message.isprintable()
    assert evaluation[0].wall_s < 30


@pytest.mark.parametrize("jail", LAUNCHES, indirect=True)
def test_an_artifact_that_is_no_file_is_not_followed(jail: Sandbox, hidden_root: Path) -> None:
    for source in (
        "import os\nos.symlink('/etc/passwd', '/work/out/model.npy')",
        "import os\nos.mkfifo('/work/out/model.npy')",
        "import os\nos.mkdir('/work/out/model.npy')",
        "import os\nos.link('/work/solution.py', '/work/out/model.npy')",
    ):
        found = measured(jail, hidden_root, "npy", source)
        assert found.verdict is Verdict.WA, found
        assert "model.npy" in found.message


def test_paths_of_the_attacks_are_the_formats(hidden_root: Path) -> None:
    assert {attack.format for attack in ATTACKS} == set(OUTPUTS)
    assert all(not PurePosixPath(name).is_absolute() for name in OUTPUTS.values())
