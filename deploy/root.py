"""What root does where it starts an installation: hands the state to an account, keeps the sandbox.

Broker, workers and web are started by the same command once more, as that account; what it is told on its way
is the descriptor on which it says that the sandbox may start.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from deploy.account import Account, acting_as, become, hand_over
from deploy.host import check_host, only_one
from deploy.processes import Processes, Service, sandbox_service
from deploy.stopping import Stop
from deploy.under_root import PREPARED
from deploy.view import enter, named_in_environment, view_of
from fixtures.recipes.masked import MASKED
from grader.jail import config_over
from questionbank.config.places import (
    HOME,
    assurance,
    data_folder,
    run_folder,
    state_folder,
    toolchain_folders,
)
from sandbox.door import Owner
from sandbox.syscalls import die_with_parent

_STOP_S = 60.0
_LOOK_EVERY_MS = 200


def keep_sandbox(account: Account, stop: Stop, say: Callable[[str], None]) -> int:
    """Starts this command again as the account, keeps the sandbox beside it; its exit code."""
    with stop.interrupts():
        state, run, data = _hand_over_places(account)
        tools = [folder for folder in toolchain_folders() if folder.is_dir()]
        enter(account, view_of(HOME, writable=(state, run, data), offered=[*tools, *named_in_environment()]))
        with acting_as(account):
            only_one(run)
            (run / "sandbox.sock").unlink(missing_ok=True)
        check_host(state)
        processes = Processes(HOME, say, account)
        prepared, theirs = os.pipe()
        rest = _start_rest(account, theirs, state=state, run=run, data=data)
        os.close(theirs)
    try:
        if _await(prepared, stop) and rest.poll() is None:
            processes.start(_sandbox(account, state=state, run=run, data=data))
        processes.watch(lambda: stop() or rest.poll() is not None)
    finally:
        _end(rest)
        processes.stop()
    return rest.wait()


def _hand_over_places(account: Account) -> tuple[Path, Path, Path]:
    state = state_folder()
    hand_over(state, account)
    run = run_folder(state)
    hand_over(run, account)
    data = data_folder(state)
    if not data.is_relative_to(state):
        data.mkdir(parents=True, exist_ok=True)
        hand_over(data, account)
    else:
        with acting_as(account):
            data.mkdir(parents=True, exist_ok=True)
    return state, run, data


def _start_rest(
    account: Account, prepared: int, *, state: Path, run: Path, data: Path
) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        **account.environment(state),
        "TOUCHSTONE_VAR": str(state),
        "TOUCHSTONE_RUN": str(run),
        "TOUCHSTONE_DATA": str(data),
        PREPARED: str(prepared),
    }
    environment.pop("XDG_RUNTIME_DIR", None)
    with acting_as(account):
        if not os.access(tempfile.gettempdir(), os.W_OK | os.X_OK, effective_ids=True):
            environment.pop("TMPDIR", None)

    def drop() -> None:
        become(account)
        die_with_parent()  # a change of account takes an earlier one back

    return subprocess.Popen(  # noqa: S603 - this very command
        [sys.executable, *sys.orig_argv[1:]],
        env=environment,
        pass_fds=[prepared],
        start_new_session=True,
        preexec_fn=drop,
    )


def _sandbox(account: Account, *, state: Path, run: Path, data: Path) -> Service:
    with acting_as(account):
        config = config_over(
            data,
            run / "sandbox.sock",
            masked=MASKED,
            toolchains=toolchain_folders(),
            assurance=assurance(),
        )
    config = replace(config, owner=Owner(account.uid, account.gid))
    return sandbox_service(config, state / "logs" / "sandbox.log")


def _await(prepared: int, stop: Stop) -> bool:
    """Whether the other side said it, before it ended or a signal came."""
    poll = select.poll()
    poll.register(prepared, select.POLLIN)
    while not stop():
        if poll.poll(_LOOK_EVERY_MS):
            return bool(os.read(prepared, 1))
    return False


def _end(rest: subprocess.Popen[bytes]) -> None:
    if rest.poll() is None:
        rest.send_signal(signal.SIGTERM)
    try:
        rest.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(rest.pid, signal.SIGKILL)
