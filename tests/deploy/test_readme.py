"""The lines of README.md and docs/lms.md, run as they stand there: only the port is this test's own."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.deploy.conftest import HOME, Started


def blocks() -> list[str]:
    """The bash blocks of README.md in their order, then those of docs/lms.md."""
    documents = [HOME / "README.md", HOME / "docs" / "lms.md"]
    text = "\n".join(document.read_text() for document in documents)
    return re.findall(r"^```bash\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def said(running: Started) -> list[str]:
    """What each block printed, run by one shell after the other; any that fails fails the fixture."""
    marked = "\n".join(f"{block}\nprintf '\\036'" for block in blocks())
    script = "set -euo pipefail\n" + marked.replace("http://127.0.0.1:8000", running.address)
    done = subprocess.run(
        ["bash", "-c", script], cwd=HOME, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stderr == ""
    return done.stdout.split("\036")[:-1]


def test_no_step_is_refused(said: list[str]) -> None:
    assert len(said) == len(blocks()) == 8
    assert '"status":4' not in "".join(said).replace(" ", "")


def test_problems_are_listed_and_read(said: list[str]) -> None:
    listed, _, read = said[1].partition("]}{")
    assert "f1-from-confusion-matrix" in listed
    assert '"statement"' in read


def test_the_events_end_with_the_verdict_and_the_result_says_the_same(said: list[str]) -> None:
    events, _, result = said[3].rpartition("\n\n")
    assert "event: case" in events
    assert events.rpartition("event: ")[2].startswith("finished")
    assert json.loads(result)["verdict"] == "AC"
    assert json.loads(result)["score"] == 100


def test_the_attempt_is_answered_and_finished(said: list[str]) -> None:
    sent, finished = (json.loads(part) for part in said[5].replace("}{", "}\n{").splitlines())
    assert sent["problem"] == "f1-from-confusion-matrix"
    assert finished["finished_at"]
    assert finished["is_open"] is False


def test_the_interviewer_and_the_candidate_read_the_same_result(said: list[str]) -> None:
    table, own = said[6].rstrip().rsplit("\n", 1)
    (row,) = json.loads(table)
    assert row["candidate"] == "candidate"
    assert row["items"][0]["problem"] == "f1-from-confusion-matrix"
    assert json.loads(own)["attempt"] == row["attempt"]


def test_the_results_become_a_table_for_a_gradebook(said: list[str]) -> None:
    header, row = said[7].split()
    assert header == "candidate,email,total,provisional"
    assert row.startswith("candidate,candidate@example.org,")
