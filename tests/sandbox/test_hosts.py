"""Hosts as they are: each is recognised, and doctor names what is missing and what to do about it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import Config, private_sandbox
from sandbox.errors import SandboxUnavailable
from tests.sandbox.conftest import LAUNCHES, launcher_of, socket_folder
from tests.sandbox.hosts import HOSTS, Known

HOME = Path(__file__).resolve().parents[2]
DIAGNOSE = """
import dataclasses, json
from sandbox.doctor import diagnose
print(json.dumps(dataclasses.asdict(diagnose()), default=str))
"""
CASES = [
    pytest.param(known, launch, id=f"{known.name}-{launch}")
    for known in HOSTS
    for launch in LAUNCHES
    if (known.roots if launch == "root" else known.accounts)
]


def diagnosed(known: Known, launch: str) -> dict[str, Any]:
    command = [*launcher_of(launch), *known.pretence.launcher(), sys.executable, "-c", DIAGNOSE]
    said = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    report: dict[str, Any] = json.loads(said.stdout)
    return report


@pytest.mark.parametrize(("known", "launch"), CASES)
def test_a_host_is_recognised_and_told_what_it_lacks(known: Known, launch: str) -> None:
    report = diagnosed(known, launch)
    absent = {finding["name"]: finding for finding in report["findings"] if not finding["held"]}
    assert report["able"] == known.able, absent
    assert known.shown in next(f["detail"] for f in report["findings"] if f["name"] == "host")
    if known.lacks:
        found = next(finding for name, finding in absent.items() if name.startswith(known.lacks))
        for text in known.tells:
            assert text in found["detail"]
        for text in known.says:
            assert text in found["remedy"]
    if known.able:
        # Everything a box promises holds there as it does anywhere.
        assert set(absent) <= {"exact accounting", "Landlock in the kernel"}
        assert set(known.guarantees) <= set(report["guarantees"])
    else:
        assert report["guarantees"] == []


UNFIT = [case for case in CASES if not case.values[0].able]  # type: ignore[union-attr]


@pytest.mark.parametrize(("known", "launch"), UNFIT)
def test_where_boxes_cannot_be_made_the_sandbox_refuses_to_run(known: Known, launch: str) -> None:
    launcher = [*launcher_of(launch), *known.pretence.launcher()]
    with socket_folder(launch) as folder:
        config = Config(folder / "sandbox.sock")
        with pytest.raises(SandboxUnavailable) as refusal, private_sandbox(config, launcher=launcher):
            pass
    assert known.lacks in str(refusal.value)
    assert all(text in refusal.value.remedy for text in known.says)
