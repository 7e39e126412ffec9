"""`manage.py doctor` tries every promise and says it to people and to programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.hosts import HOSTS, Known

HOME = Path(__file__).resolve().parents[2]


def doctor(*arguments: str, host: Known | None = None) -> subprocess.CompletedProcess[str]:
    launcher = host.pretence.launcher() if host else []
    return subprocess.run(
        [*launcher, sys.executable, "manage.py", "doctor", *arguments],
        cwd=HOME,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "questionbank.config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def unfit() -> Known:
    return next(host for host in HOSTS if host.name == "a kernel before mount_setattr")


def test_a_fit_host_is_told_so_in_words_and_by_the_exit_code() -> None:
    said = doctor()
    assert said.returncode == 0, said.stderr
    assert said.stdout.rstrip().endswith("Submissions may run here.")
    assert "own namespaces" in said.stdout


def test_an_unfit_host_is_told_what_is_missing_and_what_to_do(unfit: Known) -> None:
    said = doctor(host=unfit)
    assert said.returncode == 1
    line, remedy = said.stdout.partition("read-only bind mounts")[2].splitlines()[:2]
    assert "Function not implemented" in line
    assert "use Linux 5.12 or later" in remedy
    assert said.stdout.rstrip().endswith("Submissions may not run here.")


@pytest.mark.parametrize("fit", [True, False])
def test_json_holds_every_finding_and_what_runs_record(fit: bool, unfit: Known) -> None:
    said = doctor("--json", host=None if fit else unfit)
    assert said.returncode == (0 if fit else 1)
    report = json.loads(said.stdout)
    assert report["able"] is fit
    assert {"name", "held", "detail", "remedy"} == set(report["guarantees"][0])
    assert all(bool(finding["remedy"]) != finding["held"] for finding in report["guarantees"])
    assert bool(report["recorded"]) is fit
