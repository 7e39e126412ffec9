"""Which queues wait for which worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from deploy.installation import Installation


@pytest.fixture(autouse=True)
def beside_the_running_ones(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is about to start takes away what a former one left: here nothing starts."""
    settings.RUN = tmp_path
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")


def queues(settings: Settings) -> dict[str, set[str]]:
    """Worker to its queues, as an installation with these settings would start them."""
    services = Installation(8000, print)._services()
    return {
        service.name: set(service.command[list(service.command).index("--queues") + 1].split(","))
        for service in services
        if "--queues" in service.command
    }


def test_every_queue_has_its_worker(settings: Settings) -> None:
    found = queues(settings)
    assert set.union(*found.values()) == {"code", "text", "bulk", "ml", "gpu"}
    assert "text" in found["worker"]


def test_code_does_not_wait_behind_a_language_model(settings: Settings) -> None:
    settings.JUDGE_URL = "http://127.0.0.1:9/v1"
    found = queues(settings)
    assert found["worker-text"] == {"text"}
    assert "text" not in found["worker"]
    assert set.union(*found.values()) == {"code", "text", "bulk", "ml", "gpu"}
