"""Starting: the first time with progress, afterwards at once; one installation a folder."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.deploy.conftest import Start


def test_the_first_start_tells_what_it_does_and_how_to_log_in(start: Start) -> None:
    up = start()
    up.wait_for("Ctrl-C stops everything.")
    assert "preparing the database" in up.output
    assert up.address in up.output
    assert "Log in as candidate, interviewer or admin" in up.output
    assert up.ask("/healthz") == {"status": "ok"}
    assert up.ask("/api/v1/problems/")["count"] > 0


def test_a_second_start_finds_everything_there(start: Start) -> None:
    first = start()
    first.wait_for("is ready")
    first.send(signal.SIGTERM)
    second = start()
    second.wait_for("Ctrl-C stops everything.")
    assert not [line for line in second.output.splitlines() if line.startswith("·")]


def test_a_second_installation_of_the_same_folder_is_refused(start: Start) -> None:
    first = start()
    first.wait_for("is ready")
    second = start()
    assert second.process.wait(60) == 1
    assert "This installation runs already." in second.output
    assert "TOUCHSTONE_VAR=" in second.output
    assert first.ask("/healthz") == {"status": "ok"}


def test_a_site_with_a_name_and_https_has_no_demo_users(start: Start) -> None:
    up = start(TOUCHSTONE_HTTPS="1", ALLOWED_HOSTS="touchstone.example.org")
    up.wait_for("Ctrl-C stops everything.")
    assert "Log in as" not in up.output
    behind_a_proxy = {"Host": "touchstone.example.org", "X-Forwarded-Proto": "https"}
    assert up.ask("/healthz", behind_a_proxy) == {"status": "ok"}


@pytest.mark.parametrize("left", ["demo", "test-data"])
def test_what_a_demonstration_or_the_tests_left_in_its_folder_does_not_matter(
    start: Start, folder: Path, left: str
) -> None:
    (folder / "var" / left).mkdir(parents=True)
    up = start()
    up.wait_for("is ready")
