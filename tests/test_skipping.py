"""Without a Chromium the browser's tests say so in one line, and the gate does not pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent


def without_chromium(*options: str) -> subprocess.CompletedProcess[str]:
    """A run of the browser's tests, and one more file, where Chromium's own is an empty one."""
    pytest_run = [sys.executable, "-m", "pytest", "-q", "tests/browser", "tests/test_verdict.py", *options]
    hide = '[ ! -e /usr/bin/chromium ] || mount --bind /dev/null /usr/bin/chromium; exec "$0" "$@"'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", hide, *pytest_run]
    environment = {"PLAYWRIGHT_BROWSERS_PATH": "/nonexistent", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    return subprocess.run(command, cwd=HOME, env=environment, capture_output=True, text=True, check=False)


def test_browser_tests_are_skipped_with_one_line_that_says_why() -> None:
    run = without_chromium()
    assert run.returncode == 0
    (line,) = [line for line in run.stdout.splitlines() if line.startswith("SKIPPED")]
    assert "there is no Chromium here, and none could be installed: apt install chromium" in line


def test_the_gate_fails_on_it() -> None:
    run = without_chromium("--no-skips")
    assert run.returncode == 1
    assert "tests were skipped, and --no-skips was given." in run.stdout


def test_the_gate_asks_for_it() -> None:
    assert "--no-skips" in (HOME / ".ci" / "run").read_text()
