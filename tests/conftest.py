"""A scratch installation for every test run, and a live one for those that drive it whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.client import Sandbox
from tests import chromium
from tests import stack as parts
from tests.models import DATA, prepare

HOME = Path(__file__).resolve().parent.parent
READY_WITHIN_S = 240


LEFT_OUT = pytest.StashKey[int]()
"""How many browser tests there is no browser for."""
BROWSER_TESTS = HOME / "tests" / "browser"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a test that is skipped fails the run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests go last: in the thread of Playwright's event loop, Django refuses its database.

    Without a browser they are left out, and told of in one line."""
    browser = [item for item in items if BROWSER_TESTS in item.path.parents]
    others = [item for item in items if BROWSER_TESTS not in item.path.parents]
    if browser and chromium.is_missing():
        config.stash[LEFT_OUT] = len(browser)
        config.hook.pytest_deselected(items=browser)
        browser = []
    items[:] = others + browser


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    left_out = config.stash.get(LEFT_OUT, 0)
    if left_out:
        why = "there is no Chromium here, and none could be installed: apt install chromium"
        terminalreporter.write_line(f"SKIPPED [{left_out}] tests/browser: {why}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What is skipped is not shown to work: the gate does not pass by it. Only what root alone can do may be
    left out where the gate is not root."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", ()) if reporter else ()
    skipped = sum("only root" not in str(report.longrepr) or os.getuid() == 0 for report in reports)
    skipped += session.config.stash.get(LEFT_OUT, 0)
    if session.config.getoption("--no-skips") and skipped:
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
        if reporter:
            reporter.write_line(f"\n{skipped} tests were skipped, and --no-skips was given.", red=True)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """Debian's Chromium where it is installed, Playwright's own otherwise; root has no sandbox of its own."""
    found = chromium.executable()
    arguments: dict[str, object] = {"args": ["--no-sandbox"] if os.getuid() == 0 else []}
    return arguments | ({"executable_path": str(found)} if found else {})


@pytest.fixture(scope="session")
def broker_process() -> Iterator[parts.Part]:
    process = parts.broker().start()
    yield process
    process.stop()


@pytest.fixture
def broker(broker_process: parts.Part) -> parts.Part:
    """A running broker, which also holds the counts of throttles."""
    return broker_process.start()


@pytest.fixture(scope="module")
def judging_processes(django_db_setup: None) -> Iterator[tuple[parts.Part, parts.Part]]:
    """No longer than a module: elsewhere an answer in the queue is to stay there."""
    sandbox, worker = parts.supervisor(), parts.worker()
    yield sandbox, worker
    worker.stop()
    sandbox.stop()


@pytest.fixture
def stack(
    transactional_db: None, broker: parts.Part, judging_processes: tuple[parts.Part, parts.Part]
) -> parts.Stack:
    """Broker, sandbox and one worker over this test's database; what a test has killed runs again."""
    sandbox, worker = judging_processes
    return parts.Stack(broker, sandbox.start(), worker.start())


@pytest.fixture(scope="session")
def exercise_data() -> Path:
    """The data folder with everything that the shipped model exercises need."""
    from tests.exercises import installed_data

    return installed_data()


@pytest.fixture(scope="module")
def exercise_jail(exercise_data: Path) -> Iterator[Sandbox]:
    """A sandbox with warm TensorFlow over that data."""
    from tests.exercises import jail_over

    with jail_over(exercise_data) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Live:
    """A running installation: where it serves, and the environment that it was started in."""

    address: str
    environment: dict[str, str]


@pytest.fixture(scope="session")
def live_stack(live_installation: Live) -> str:
    """The address of the running installation."""
    return live_installation.address


@pytest.fixture(scope="session")
def live_installation() -> Iterator[Live]:
    """A whole running installation: broker, sandbox, workers and web, with demo data."""
    from deploy.host import free_port

    prepare()
    with tempfile.TemporaryDirectory(prefix="touchstone-live-") as folder:
        address = f"http://127.0.0.1:{(port := free_port())}"
        inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        environment = {
            **inherited,
            "TOUCHSTONE_VAR": f"{folder}/var",
            "TOUCHSTONE_RUN": f"{folder}/run",
            "TOUCHSTONE_DATA": str(DATA),
            "TOUCHSTONE_PORT": str(port),
            "TOUCHSTONE_DEMO": "1",
            "TOUCHSTONE_SUBMIT_RATE": "600/min",
            "TOUCHSTONE_RUN_RATE": "600/min",
        }
        log = Path(folder) / "up.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "deploy.up"], cwd=HOME, env=environment, stdout=output, stderr=output
            )
        try:
            _wait_until_ready(address, process, log)
            yield Live(address, environment)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while "is ready" not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(
                f"the installation at {address} did not start:\n{log.read_text(errors='replace')}"
            )
        time.sleep(0.2)
    try:
        urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
    except urllib.error.URLError as error:
        raise RuntimeError(f"{address} does not answer: {error}") from error
