"""A whole supervisor over groups of version 2: root's, and an account's in a group that was delegated to it.

Where the host has no other version all of it is the kernel's; for a hybrid one see `unified`. Where no group
of version 2 can be made there is nothing to run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy.account import unprivileged_account
from sandbox import cgroups_v2, hierarchy, syscalls
from sandbox.cgroups import remove_folder
from sandbox.cgroups_v2 import GroupV2
from sandbox.client import Config, SocketSandbox, private_sandbox
from sandbox.job import Command, Job, Runtime, Status
from tests.sandbox import unified
from tests.sandbox.conftest import launcher_of, socket_folder
from tests.sandbox.runs import SMALL, printed, run_python
from tests.sandbox.test_cgroups import UNIFIED
from tests.sandbox.test_supervisors import descendants, groups_of, wait_until

HAS_CONTROLLERS = hierarchy.Hierarchy.available_version() == 2
PARENT = hierarchy._writable_v2() if HAS_CONTROLLERS else UNIFIED
"""Where a group can be made whose files are complete, or are made so by `unified`."""
ACCOUNT = unprivileged_account()
LAUNCHES = [
    *(["root"] if os.geteuid() == 0 and (PARENT or HAS_CONTROLLERS) else []),
    *(["unprivileged"] if ACCOUNT and PARENT else []),
    *(["own account"] if os.geteuid() != 0 and HAS_CONTROLLERS else []),
]
DAEMONS = """
    import os, time
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0: time.sleep(60)
            os._exit(0)
        os.wait()
    print('left')
"""


@dataclass(frozen=True, slots=True)
class Unified:
    box: SocketSandbox
    pid: int
    """The supervisor's."""

    def members(self) -> dict[str, set[int]]:
        """The processes of each of its groups, by the group's name."""
        (top,) = groups_of(self.pid)
        return {
            folder.name: set(map(int, (folder / "cgroup.procs").read_text().split()))
            for folder in Path(top).iterdir()
            if folder.is_dir()
        }

    def boxes(self) -> dict[str, set[int]]:
        return {name: pids for name, pids in self.members().items() if name.startswith("box-")}


@contextmanager
def delegated() -> Iterator[Path]:
    """A group that belongs to the account, as systemd's Delegate= gives it."""
    assert ACCOUNT is not None
    assert PARENT is not None
    own = PARENT / f"test-delegated.{os.getpid()}"
    own.mkdir()
    try:
        for name in ("", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"):
            os.chown(own / name, ACCOUNT.uid, ACCOUNT.gid)
        yield own
    finally:
        for folder, _, _ in os.walk(own, topdown=False):
            remove_folder(Path(folder))


@contextmanager
def running(launch: str) -> Iterator[Unified]:
    with socket_folder(launch) as folder:
        config = Config(folder / "s.sock", parked={Runtime.PYTHON: 2, Runtime.COMMAND: 1}, devices=())
        plain = [sys.executable, "-m", "tests.sandbox.unified", str(folder / "plain")]
        launcher = [*launcher_of(launch), *([] if HAS_CONTROLLERS else plain)]
        if launch != "unprivileged":
            with private_sandbox(config, launcher=launcher) as box:
                yield Unified(box, box.ping()["pid"])
            return
        with delegated() as own:
            join = ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(own)]
            with private_sandbox(config, launcher=[*join, *launcher]) as box:
                yield Unified(box, box.ping()["pid"])


if LAUNCHES:

    @pytest.mark.parametrize("launch", LAUNCHES)
    def test_a_supervisor_runs_over_groups_of_version_2_and_leaves_none(launch: str) -> None:
        with running(launch) as here:
            assert {f"{kind}:cgroup-v2" for kind in ("memory", "processes", "cpu")} <= set(
                here.box.guarantees()
            )
            assert printed(run_python(here.box, "print(6 * 7)")) == "42"
            burnt = run_python(here.box, "while True: pass", limits=replace(SMALL, cpu_s=0.2))
            assert burnt.status is Status.TIME_LIMIT
            assert burnt.cpu_s >= 0.2
            said = here.box.run(Job(Runtime.COMMAND, Command(("/bin/echo", "x")), limits=SMALL))
            assert said.stdout == b"x\n"
            assert printed(run_python(here.box, DAEMONS)) == "left"
            # Two processes are a parked box, and they are where they were born: nothing moves a box.
            wait_until(lambda: [*map(len, here.boxes().values())].count(2) >= 3)
            wait_until(lambda: all(len(pids) in (0, 2) for pids in here.boxes().values()))
            assert here.members()["zygotes"]
            below = descendants(here.pid)
        assert groups_of(here.pid) == []
        wait_until(lambda: not any(Path("/proc", str(pid)).exists() for pid in below))


if PARENT is not None:

    def test_a_kill_reaches_a_daemon_that_was_born_in_the_group(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert PARENT is not None
        if not HAS_CONTROLLERS:
            monkeypatch.setattr(cgroups_v2, "ControlFile", unified.control_file(tmp_path))
        monkeypatch.setattr(cgroups_v2, "kill_each", lambda pids: pytest.fail("one by one"))
        group = GroupV2(PARENT, f"test-kill.{os.getpid()}", None)
        try:
            pid, pidfd = syscalls.fork_into(0, group.folder)
            if pid == 0:
                os.execv("/bin/sh", ["sh", "-c", "setsid sleep 60 &"])
            os.close(pidfd)
            os.waitpid(pid, 0)
            (daemon,) = group.pids()
            assert daemon != pid
            group.kill()
            wait_until(lambda: group.pids() == [])
        finally:
            group.remove()
        assert not (PARENT / f"test-kill.{os.getpid()}").exists()
