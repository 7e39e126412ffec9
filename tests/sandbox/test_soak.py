"""Hundreds of runs of every kind leave nothing behind; `benchmarks/soak.py` is the same for thousands."""

from __future__ import annotations

import pytest

from benchmarks.soak import soak
from sandbox.client import SocketSandbox

RUNS = 200


@pytest.mark.timeout(600)
def test_nothing_grows_over_runs_of_every_kind(box: SocketSandbox) -> None:
    result = soak(box, RUNS, box.ping()["pid"], lambda done: None)
    assert result["failures"] == []
    assert result["grown"] == {}, (result["before"], result["after"])
