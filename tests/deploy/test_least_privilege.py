"""Where root starts an installation, only the sandbox keeps root; everything else is an account's."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.account import Account, hand_over, unprivileged_account
from deploy.enter import HOME, entering
from deploy.errors import CannotStart

ACCOUNT = unprivileged_account()
OWN = ACCOUNT or Account(os.getuid(), os.getgid())
as_root = pytest.mark.skipif(ACCOUNT is None, reason="only root can hand anything to another account")


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent: int
    arguments: tuple[str, ...]
    status: dict[str, str]

    @property
    def uid(self) -> int:
        return int(self.status["Uid"].split()[0])


@pytest.fixture
def installation(live_stack: str) -> list[Process]:
    """Every process of the live installation but those inside the sandbox, the first one first."""
    processes = {process.pid: process for process in _processes()}
    port = live_stack.rpartition(":")[2]
    web = next(one for one in processes.values() if one.arguments[-5:-3] == ("--port", port))
    first = web
    while "deploy.up" in processes[first.parent].arguments:
        first = processes[first.parent]
    found = [first]
    for process in found:
        if "sandbox.supervisor" not in process.arguments:
            found += [one for one in processes.values() if one.parent == process.pid]
    return found


def _processes() -> Iterator[Process]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
            lines = (folder / "status").read_text().splitlines()
        except OSError:
            continue
        status = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
        yield Process(int(folder.name), int(status["PPid"]), tuple(arguments), status)


def _supervisor(processes: Sequence[Process]) -> Process:
    return next(one for one in processes if "sandbox.supervisor" in one.arguments)


def test_only_the_first_process_and_the_sandbox_are_roots(installation: list[Process]) -> None:
    first, *others = installation
    supervisor = _supervisor(installation)
    assert len(others) >= 6
    assert first.uid == supervisor.uid == os.getuid()
    assert supervisor.parent == first.pid
    assert {one.uid for one in others if one is not supervisor} == {OWN.uid}


def test_the_others_can_gain_nothing(installation: list[Process]) -> None:
    others = [one for one in installation if one.uid == OWN.uid != 0]
    for process in others if ACCOUNT else []:
        assert process.status["NoNewPrivs"] == "1", process.arguments
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(process.status[kind], 16) == 0, (process.arguments, kind)
        assert process.status["Groups"].split() == [str(OWN.gid)]


def test_the_sandbox_holds_no_secret_in_its_environment(installation: list[Process]) -> None:
    supervisor = _supervisor(installation)
    zygotes = [one for one in _processes() if one.parent == supervisor.pid]
    assert zygotes
    for process in (supervisor, *zygotes):
        environment = Path(f"/proc/{process.pid}/environ").read_bytes().decode().split("\0")
        names = {entry.partition("=")[0] for entry in environment if entry}
        assert not {name for name in names if name.startswith(("TOUCHSTONE", "DJANGO", "SECRET", "DATABASE"))}


def test_the_socket_and_the_state_are_the_accounts(installation: list[Process]) -> None:
    config = _supervisor(installation).arguments[-1]
    socket = Path(config.partition('"socket": "')[2].partition('"')[0])
    details = socket.stat()
    assert stat.S_IMODE(details.st_mode) == 0o600
    state = socket.parent.parent / "var"
    owners = {path.lstat().st_uid for path in (socket, state, *state.rglob("*"))}
    assert owners == {OWN.uid}


@as_root
def test_a_command_of_roots_leaves_nothing_of_roots(installation: list[Process]) -> None:
    config = _supervisor(installation).arguments[-1]
    run = Path(config.partition('"socket": "')[2].partition('"')[0]).parent
    state = run.parent / "var"
    environment = os.environ | {"TOUCHSTONE_VAR": str(state), "TOUCHSTONE_RUN": str(run)}
    environment["DJANGO_SETTINGS_MODULE"] = "questionbank.config.settings"
    program = (
        "import os; from django.conf import settings; (settings.VAR / 'made').touch(); print(os.getuid())"
    )
    shell = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", program]
    said = subprocess.run(shell, cwd=HOME, env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [str(OWN.uid)]
    assert (state / "made").stat().st_uid == OWN.uid


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="touchstone-state-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def _as_account(
    command: Sequence[str], *writable: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*entering(writable), *command],
        cwd=HOME,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@as_root
def test_the_account_runs_the_code_without_being_able_to_change_it(folder: Path) -> None:
    program = f"""
import os, pathlib, deploy
print(os.getuid())
for place in ({str(HOME)!r}, os.path.dirname(os.__file__), {str(folder)!r}):
    print(os.access(place, os.R_OK), os.access(place, os.W_OK))
"""
    os.chown(folder, OWN.uid, OWN.gid)
    said = _as_account([sys.executable, "-c", program], folder)
    assert said.stdout.split() == [str(OWN.uid), *["True", "False"] * 2, "True", "True"], said.stderr


@as_root
def test_a_folder_that_only_root_may_enter_shows_the_needed_places_alone(folder: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    (private / "secret").touch()
    state = private / "deep" / "var"
    state.mkdir(parents=True)
    os.chown(state, OWN.uid, OWN.gid)
    program = f"import os; print(os.listdir({str(private)!r})); open({str(state / 'file')!r}, 'w')"
    said = _as_account([sys.executable, "-c", program], state)
    assert said.stdout.strip() == "['deep']", said.stderr
    assert (state / "file").stat().st_uid == OWN.uid


@as_root
def test_the_state_of_another_account_is_refused_with_a_sentence(folder: Path) -> None:
    state = folder / "var"
    state.mkdir(mode=0o700)
    os.chown(state, OWN.uid + 1, OWN.gid)
    said = _as_account([sys.executable, "-m", "deploy.up"], TOUCHSTONE_VAR=str(state))
    assert said.returncode == 1
    assert f"{state} cannot be written (it belongs to uid {OWN.uid + 1})" in said.stderr
    assert "Run as its owner or as root" in said.stderr
    assert "Traceback" not in said.stderr


@as_root
def test_handing_over_reaches_everything_and_follows_no_link(folder: Path) -> None:
    outside = folder / "outside"
    outside.touch()
    state = folder / "var"
    (state / "logs" / "old").mkdir(parents=True)
    (state / "logs" / "old" / "web.log").touch()
    (state / "link").symlink_to(outside)
    hand_over(state, OWN)
    assert {path.lstat().st_uid for path in (state, *state.rglob("*"))} == {OWN.uid}
    assert outside.stat().st_uid == 0


@as_root
def test_a_second_name_of_a_file_is_not_handed_over(folder: Path) -> None:
    outside = folder / "outside"
    outside.touch()
    (folder / "var" / "logs").mkdir(parents=True)
    (folder / "var" / "logs" / "planted").hardlink_to(outside)
    with pytest.raises(CannotStart, match="planted has 2 names"):
        hand_over(folder / "var", OWN)
    assert outside.stat().st_uid == 0


@as_root
def test_a_folder_of_other_files_keeps_its_owner(folder: Path) -> None:
    (folder / "thesis.tex").touch()
    with pytest.raises(CannotStart, match="none of Touchstone's"):
        hand_over(folder, OWN)
    assert (folder / "thesis.tex").stat().st_uid == 0
