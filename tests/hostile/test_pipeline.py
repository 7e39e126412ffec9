"""Attacks sent over HTTP to a running installation: API, broker, workers and jail, many of them at once."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.account import unprivileged_account
from deploy.enter import entering
from grader.verdict import Verdict
from tests.conftest import HOME, Live
from tests.hostile.attack import Attack, Target
from tests.hostile.catalogue import ATTACKS
from tests.hostile.probe import KINDS, Known, probe
from tests.hostile.problems import HONEST, SECRET, write_problems
from tests.hostile.site import Site, log_in
from tests.models import DATA, FIXED_SALT

SLACK_S = 1.0
SENT = (
    "fork bomb",
    "fork bomb in C, by vfork",
    "thread bomb that gives up",
    "memory at once",
    "secret memory",
    "full disk",
    "no files left",
    "sparse giant result",
    "flood on stdout",
    "descriptors",
    "deep folders",
    "endless loop in every process",
    "sleep for ever",
    "daemons that make new ones",
    "stopped",
    "kill everyone",
    "a verdict from atexit",
    "trace init",
    "steal a descriptor",
    "mount",
    "i386 call",
    "init's environment",
    "a link to a right answer as the result",
    "startup file",
    "the installation",
    "host sockets",
    "the broker, the database and the sandbox by their usual names",
    "internet",
    "every object of the collector",
    "files of the tests",
    "another comparison",
    "an int that equals everything",
    "a report of its own",
    "a pickle that runs a command as the result",
    "state in the warm interpreter",
)
"""One of each family at least; `test_attacks` has all of them, each alone."""
HOSTILE_ARTIFACT = "open('/work/out/report.json', 'w').write('[' * 100_000 + ']' * 100_000)"


@pytest.fixture(scope="module")
def site(live_stack: str) -> Site:
    return log_in(live_stack)


@pytest.fixture(scope="module")
def problems(live_installation: Live) -> Iterator[dict[Target, str]]:
    """The problems that attacks are sent to, published in the installation: their slugs."""
    with tempfile.TemporaryDirectory(prefix="touchstone-published-") as name:
        Path(name).chmod(0o755)
        write_problems(Path(name))
        slugs = {}
        for target in Target:
            slugs[target] = f"hostile-{target.name.lower().replace('_', '-')}"
            (Path(name) / target.name.lower() / "example").rename(Path(name) / slugs[target])
        folders = [str(Path(name) / slug) for slug in slugs.values()]
        state = [Path(live_installation.environment[f"TOUCHSTONE_{kind}"]) for kind in ("VAR", "RUN")]
        subprocess.run(
            [
                *(entering(state) if unprivileged_account() else ()),
                *(sys.executable, "-m", "tests.hostile.publishing", *folders),
            ],
            cwd=HOME,
            env={
                **live_installation.environment,
                "DJANGO_SETTINGS_MODULE": "questionbank.config.settings",
            },
            check=True,
        )
        yield slugs


def attack_named(name: str) -> Attack:
    (found,) = [attack for attack in ATTACKS if attack.name == name]
    return found


def test_attacks_through_the_whole_pipeline_get_their_verdicts_and_honest_answers_theirs(
    site: Site, problems: dict[Target, str]
) -> None:
    attacks = [attack_named(name) for name in SENT]
    sent, honest = {}, {}
    for attack in attacks:
        sent[attack.name] = site.submit(problems[attack.target], attack.source, attack.language)
        target = attack.target if attack.target in HONEST else Target.PROGRAM
        honest[attack.name] = site.submit(problems[target], HONEST[target])
    for attack in attacks:
        told = site.judged(sent[attack.name])
        limit_s = site.ask(f"/api/v1/problems/{problems[attack.target]}/")["limits"]["wall_time_s"]
        assert told["verdict"] in attack.verdicts, (attack.name, told)
        assert "ESCAPED" not in str([case["stdout"] for case in told["cases"]]), (attack.name, told)
        figures = [case["wall_s"] for case in told["cases"]]
        slowest_s = max([told["slowest_cpu_s"], *(figure for figure in figures if figure is not None)])
        assert slowest_s <= limit_s + SLACK_S, (attack.name, slowest_s)
        # A program could spend time and memory by what it reads there.
        assert {
            figure for figure, case in zip(figures, told["cases"], strict=True) if case["group"] != "sample"
        } <= {None}
        after = site.judged(honest[attack.name])
        assert (after["verdict"], after["score"]) == (Verdict.AC, 100.0), (attack.name, after)


def test_a_hostile_artifact_through_the_whole_pipeline_is_refused_with_a_sentence(site: Site) -> None:
    told = site.judged(site.submit("latency-percentiles", HOSTILE_ARTIFACT))
    assert told["verdict"] == Verdict.WA, told
    assert "report.json" in str(told["message"]), told


def secrets(live: Live, marker: str) -> list[list[int]]:
    """What must be nowhere: the site's key, another answer, an expected one, twice, and the labels' salt."""
    key = (Path(live.environment["TOUCHSTONE_VAR"]) / "secret_key").read_text().strip()
    texts = [key.encode(), marker.encode(), str(SECRET).encode(), FIXED_SALT.encode()]
    return [list(text) for text in (*texts, SECRET.to_bytes(8, "little"))]


def places(live: Live) -> dict[str, Any]:
    """Where everything lies, as somebody knows who installed it."""
    folders = [Path(live.environment["TOUCHSTONE_VAR"]), Path(live.environment["TOUCHSTONE_RUN"])]
    folders += [DATA / "hidden", HOME / "grader", Path("/var/tmp")]
    found = [path for folder in folders[:3] for path in folder.rglob("*")]
    assert any(path.name.startswith("db.sqlite3") for path in found)
    files = [path for path in found if path.is_file()][:400]
    # In a box the first two processes are its own.
    processes = [path for path in Path("/proc").glob("[0-9]*/environ") if int(path.parent.name) > 2]
    return {
        "files": [*map(str, files), "/etc/shadow", str(HOME / "manage.py"), *map(str, processes)],
        "folders": [str(folder) for folder in folders],
        "sockets": [str(path) for path in found if path.is_socket()],
        "addresses": [("127.0.0.1", int(live.environment["TOUCHSTONE_PORT"])), ("1.1.1.1", 53)],
    }


SOLVE = """
def solve(x):
    found = search()
    # Only the sample's output is shown; of a hidden test, a finding shows in its verdict.
    print(f'{len(KNOWN["files"])} files, {len(found)} findings', found[:20])
    if found: raise RuntimeError
    return -1
"""


def test_a_submission_that_knows_where_all_lies_finds_nothing_of_it(
    site: Site, problems: dict[Target, str], live_installation: Live
) -> None:
    """No network, no file of the host's to write, no expected output, label, secret or other submission."""
    marker = uuid.uuid4().hex
    other = site.submit(problems[Target.PROGRAM], f"{HONEST[Target.PROGRAM]}  # {marker}")
    site.judged(site.submit(problems[Target.FUNCTION], HONEST[Target.FUNCTION]))
    assert site.judged(other)["verdict"] == Verdict.AC
    known = Known(patterns=secrets(live_installation, marker), **places(live_installation))
    told = site.judged(site.submit(problems[Target.SLOW_FUNCTION], probe(known) + SOLVE))
    sample, *hidden = told["cases"]
    assert sample["stdout"].strip() == f"{len(known.files)} files, 0 findings []", sample
    assert hidden
    assert {case["verdict"] for case in hidden} == {Verdict.WA}, told
    assert told["verdict"] == Verdict.WA


def test_the_same_search_outside_finds_something_of_each_kind(
    site: Site, problems: dict[Target, str], live_installation: Live, tmp_path: Path
) -> None:
    """Else the search would prove nothing."""
    marker = uuid.uuid4().hex
    (tmp_path / "answer").write_text(marker)
    known = Known(
        patterns=secrets(live_installation, marker), roots=(str(tmp_path),), **places(live_installation)
    )
    found = subprocess.run(
        [sys.executable, "-"],
        input=probe(known) + "\nprint(*{one.split()[0] for one in search()})",
        env={**os.environ, "OF_THE_ENVIRONMENT": marker},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(found.stdout.split()) == KINDS
