"""What a dead supervisor leaves among the temporary files is removed, and nothing else of anybody's."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from deploy.account import unprivileged_account
from sandbox import claims
from sandbox.claims import TemporaryFolder, new_name, remove_stale_temporaries


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_is_unlocked_goes_with_all_that_is_in_it_and_no_link_is_followed(temporary: Path) -> None:
    living, outside, dead = (
        TemporaryFolder.make("oci"),
        temporary / "outside",
        temporary / new_name("touchstone-oci-"),
    )
    (dead / "rootfs" / "usr").mkdir(parents=True)
    outside.mkdir()
    for folder in (outside, dead, dead / "rootfs"):
        (folder / "file").write_text("x")
    for folder in (dead, dead / "rootfs"):
        (folder / "link").symlink_to(outside)
    assert remove_stale_temporaries() == []
    assert set(temporary.iterdir()) == {outside, living.path}
    assert (outside / "file").exists()
    living.remove()
    assert set(temporary.iterdir()) == {outside}


def _link(place: Path) -> None:
    place.symlink_to(place.parent / "kept")


def _foreign(place: Path) -> None:
    place.mkdir()
    (place / "file").touch()
    account = unprivileged_account()
    if account:
        os.chown(place, account.uid, account.gid)
    else:
        place.rename(place.with_name("touchstone-root-of-somebody"))


@pytest.mark.parametrize(
    "plant", [_link, _foreign, Path.touch], ids=["a link", "another account's", "a file"]
)
def test_what_others_put_there_stays(temporary: Path, plant: Callable[[Path], None]) -> None:
    (temporary / "kept").mkdir()
    (temporary / "kept" / "file").touch()
    plant(temporary / new_name("touchstone-root-"))
    before = sorted(temporary.rglob("*"))
    assert remove_stale_temporaries() == []
    assert sorted(temporary.rglob("*")) == before


def test_a_temporary_folder_that_cannot_be_listed_is_told(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "nowhere"))
    assert remove_stale_temporaries() == [f"whatever is in {temporary}/nowhere: No such file or directory"]


def test_a_folder_in_which_something_is_mounted_stays_and_is_named() -> None:
    program = """
import os, sys, tempfile
from pathlib import Path
from sandbox.claims import new_name, remove_stale_temporaries
folder = Path(tempfile.gettempdir(), new_name("touchstone-oci-"))
(folder / "disk").mkdir(parents=True)
assert os.system(f"mount -t tmpfs none {folder}/disk") == 0
(folder / "disk" / "file").touch()
told = remove_stale_temporaries()
print(told == [f"{folder}: a file system is mounted there"], (folder / "disk" / "file").exists())
"""
    apart = ["unshare", "--user", "--map-root-user", "--mount", "env", f"TMPDIR={tempfile.gettempdir()}"]
    run = subprocess.run([*apart, sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.stdout == "True True\n", run.stderr


@pytest.mark.parametrize(
    ("module", "call"), [(claims, "lock_folder"), (fcntl, "flock")], ids=["it is opened", "it is locked"]
)
def test_a_new_folder_that_another_start_takes_away_before(module: ModuleType, call: str) -> None:
    """Between its making and its lock it looks like a dead supervisor's; another is made then."""
    proceed = getattr(module, call)
    with pytest.MonkeyPatch.context() as meanwhile:

        def another_starts(*given: object) -> object:
            meanwhile.undo()
            assert remove_stale_temporaries() == []
            return proceed(*given)

        meanwhile.setattr(module, call, another_starts)
        made = TemporaryFolder.make("root")
    assert remove_stale_temporaries() == []
    assert made.path.is_dir()
    made.remove()
