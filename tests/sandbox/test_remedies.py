"""What doctor advises fits who asks: nobody is told to do what is done already, or what would not help."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.host import Container, Host
from sandbox.mount_table import Mount
from sandbox.remedies import for_accounting, for_step
from sandbox.trial import Part, Step
from tests.sandbox.conftest import LAUNCHES, launcher_of
from tests.sandbox.pretending import Pretence

HOME = Path(__file__).resolve().parents[2]
# An account, whoever starts it, that may mount and set limits in a user namespace of its own.
APART = ("unshare", "--map-user=1000", "--map-group=1000", "--keep-caps")


def host(*, root: bool, container: Container | None = None, systemd: bool = False) -> Host:
    return Host("Linux", "Debian", "6.1", "x86_64", container, None, root, root, systemd)


def test_an_account_in_a_privileged_container_is_told_that_root_may_have_groups() -> None:
    remedy = for_accounting(host(root=False, container=Container.DOCKER), shown="2", read_only=False)
    assert "docker run --user 0" in remedy
    assert "--privileged" not in remedy


@pytest.mark.parametrize("root", [True, False])
def test_groups_that_are_read_only_in_a_container_want_another_one(root: bool) -> None:
    remedy = for_accounting(host(root=root, container=Container.DOCKER), shown="2", read_only=True)
    assert "--privileged --cgroupns=private" in remedy
    assert ("--user 0" in remedy) is not root


@pytest.mark.parametrize("root", [True, False])
def test_groups_that_a_unit_protects_are_to_be_unprotected(root: bool) -> None:
    remedy = for_accounting(host(root=root, systemd=True), shown="2", read_only=True)
    assert "ProtectControlGroups=no" in remedy
    assert ("Delegate=yes" in remedy) is not root


def test_an_account_where_version_1_is_mounted_is_not_told_to_have_some_delegated() -> None:
    remedy = for_accounting(host(root=False, systemd=True), shown="1 and 2", read_only=False)
    assert "Delegate" not in remedy
    assert "run as root" in remedy


def test_root_is_not_told_to_mount_what_is_mounted() -> None:
    remedy = for_accounting(host(root=True, systemd=True), shown="2", read_only=False)
    assert "mount -t" not in remedy
    assert "cgroup_enable=memory" in remedy


@pytest.mark.parametrize(
    ("kind", "most", "part"),
    [("user", 0, "USER"), ("mnt", 0, "OTHERS"), ("net", 0, "OTHERS"), ("pid", 1, "USER")],
)
def test_the_kind_of_namespaces_that_is_short_is_named(kind: str, most: int, part: str) -> None:
    code = "from sandbox.fitness import host_findings; [print(f) for f in host_findings() if not f.held]"
    limited = f"echo {most} >/proc/sys/user/max_{kind}_namespaces && exec {sys.executable} -c '{code}'"
    asked = ["unshare", "--map-root-user", "sh", "-c", limited]
    told = subprocess.run(asked, cwd=HOME, capture_output=True, text=True, check=True).stdout
    assert f"name=<Part.{part}:" in told
    assert f"sysctl -w user.max_{kind}_namespaces=15000" in told
    assert f"user.max_{kind}_namespaces is {most} here" in told
    assert told.count("sysctl -w") == 1


def diagnosed(*launcher: str) -> str:
    """What does not hold on the host that the launcher makes, as doctor finds it."""
    code = "from sandbox.doctor import diagnose; [print(f) for f in diagnose().findings if not f.held]"
    asked = [*launcher, sys.executable, "-c", code]
    told = subprocess.run(asked, cwd=HOME, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return told.stdout


def test_a_limit_that_no_box_fits_into_is_named() -> None:
    said = diagnosed("prlimit", "--nofile=100")
    assert "100 open files, 256 would do (ulimit -n" in said


def test_a_limit_that_suffices_for_one_box_but_not_for_a_pool_is_named() -> None:
    limited = 'echo 3 >/proc/sys/user/max_user_namespaces && exec "$@"'
    said = diagnosed(*APART, "sh", "-c", limited, "sh")
    assert "name='sandbox'" in said
    assert "user.max_user_namespaces is 3" in said


def test_an_account_that_may_have_no_other_process_is_told_so() -> None:
    said = diagnosed(*launcher_of(LAUNCHES[-1]), "unshare", "--map-current-user", "prlimit", "--nproc=1")
    assert "1 processes of the account" in said
    assert "ulimit -u" in said


def test_where_no_starter_can_be_kept_the_compiler_is_not_blamed() -> None:
    said = diagnosed(*Pretence(refused={"memfd_create": errno.EPERM}).launcher())
    assert "no C compiler" not in said
    assert "no file in memory holds it: Operation not permitted" in said
    assert "vm.memfd_noexec" in said


def test_what_a_compiler_says_is_told(tmp_path: Path) -> None:
    (tmp_path / "cc").write_text("#!/bin/sh\necho 'ld: cannot find -lc: No such file' >&2; exit 1\n")
    (tmp_path / "cc").chmod(0o755)
    asked = [sys.executable, "-c", "from sandbox import starter; print(starter.made().why)"]
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    told = subprocess.run(asked, cwd=HOME, env=path, capture_output=True, text=True, check=True)
    assert f"{tmp_path}/cc cannot make one: ld: cannot find -lc" in told.stdout


def test_a_volume_over_proc_is_named_beside_what_the_engine_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    table = [
        Mount(1, Path("/proc/kcore"), "devtmpfs", ()),
        Mount(2, Path("/proc/meminfo"), "fuse.lxcfs", ()),
    ]
    monkeypatch.setattr(Host, "over_proc", lambda _: table)
    refused = Step(Part.PROC, "Operation not permitted", errno.EPERM)
    remedy = for_step(refused, host(root=True, container=Container.DOCKER))
    assert "systempaths=unconfined" in remedy
    assert "volumes over /proc/meminfo." in remedy


@pytest.mark.parametrize(
    ("options", "said"),
    [("-t tmpfs none", "mount -t proc proc /proc"), ("-t proc -o subset=pid proc", "")],
    ids=["none", "processes alone"],
)
def test_a_host_without_proc_or_with_half_of_it_is_told_in_one_finding(options: str, said: str) -> None:
    unshare = ("unshare",) if os.geteuid() == 0 else APART
    mounted = f'mount {options} /proc && exec "$@"'
    told = diagnosed(*unshare, "--mount", "--pid", "--fork", "sh", "-c", mounted, "sh")
    needed = [line for line in told.splitlines() if "exact accounting" not in line]
    assert len(needed) == bool(said)
    assert said in "".join(needed)
