"""What is written to a group's files and read from them, in both versions, and where groups may be made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import hierarchy, mount_table, syscalls
from sandbox.cgroups import ControlFile, remove_stale
from sandbox.cgroups_v2 import GroupV2
from sandbox.claims import claim, new_name
from sandbox.mount_table import Mount

UNIFIED = next(
    (
        Path(line.split()[1])
        for line in Path("/proc/self/mounts").read_text().splitlines()
        if line.split()[2] == "cgroup2" and os.access(line.split()[1], os.W_OK)
    ),
    None,
)
# Lines of /proc/self/mountinfo, in two halves.
REACHED, HIDDEN = "{number} 1 0:1 / {0}", "{other} 1 0:1 / {0}"
V1, V2 = "rw shared:1 - cgroup cgroup rw", "rw - cgroup2 cgroup2 rw"
FILES = {
    "memory.max": "",
    "memory.current": "1000000",
    "memory.events": "low 0\nhigh 0\nmax 4\noom 3\noom_kill 2\noom_group_kill 0",
    "memory.swap.max": "max",
    "memory.oom.group": "1",
    "pids.max": "",
    "pids.current": "3",
    "pids.events": "max 5",
    "cgroup.procs": "11\n12\n",
    "cpu.stat": "usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with the files of a group of version 2, as Linux 5.15 has them: without `memory.peak`."""
    group = tmp_path / "box-1"
    group.mkdir()
    for name, content in FILES.items():
        (group / name).write_text(content)
    return tmp_path


@pytest.fixture
def group(tree: Path) -> Iterator[GroupV2]:
    made = GroupV2(tree, "box-1", None)
    yield made
    for file in vars(made).values():
        if isinstance(file, ControlFile):
            file.close()
    os.close(made.folder)


def test_the_whole_group_is_not_killed_and_swap_is_no_way_out(group: GroupV2, tree: Path) -> None:
    assert (tree / "box-1" / "memory.oom.group").read_text() == "0"
    assert (tree / "box-1" / "memory.swap.max").read_text() == "0"


def test_every_figure_is_read_from_its_own_file(group: GroupV2) -> None:
    usage = group.usage()
    assert (usage.cpu_s, usage.memory_bytes, usage.oom_kills) == (1.5, 1_000_000, 2)
    assert (usage.processes, usage.fork_refusals, group.pids()) == (3, 5, [11, 12])


def test_limits_are_set(group: GroupV2, tree: Path) -> None:
    group.set_limits(memory_bytes=5_000_000, processes=12)
    limits = [(tree / "box-1" / name).read_text() for name in ("memory.max", "pids.max")]
    assert limits == ["5000000", "12"]


def test_without_a_peak_of_the_kernels_the_most_that_was_seen_counts(group: GroupV2, tree: Path) -> None:
    assert group.look_every_s is not None
    group.begin()
    (tree / "box-1" / "memory.current").write_text("9000000")
    group.cpu_s()
    (tree / "box-1" / "memory.current").write_text("2000000")
    assert group.usage().peak_bytes == 9_000_000


@pytest.mark.parametrize(
    ("mounts", "own", "version"),
    [
        ("", "", 0),
        (f"{REACHED}/memory {V1},memory", "4:memory:/", 0),
        (f"{REACHED}/unified {V2}", "0::/", 0),
        (
            f"{REACHED}/memory {V1},memory\n{REACHED}/pids {V1},pids\n"
            f"{REACHED}/cpuacct {V1},cpu,cpuacct\n{REACHED}/unified {V2}",
            "4:memory:/\n3:pids:/\n2:cpu,cpuacct:/\n0::/",
            1,
        ),
        (f"{REACHED}/whole {V2}", "0::/own.service", 2),
        (f"{REACHED}/delegated {V2}", "0::/own.service", 2),
        (f"{HIDDEN}/whole {V2}", "0::/own.service", 0),
    ],
    ids=[
        "none",
        "one controller",
        "empty v2",
        "v1 and hybrid",
        "v2 handed down",
        "v2 delegated",
        "v2 hidden",
    ],
)
def test_the_layout_of_the_host_is_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounts: str, own: str, version: int
) -> None:
    for name in ("memory", "pids", "cpuacct", "unified", "whole/own.service", "delegated/own.service"):
        (tmp_path / name).mkdir(parents=True)
    for folder, offered, enabled in (
        ("unified", "", ""),
        ("whole", "cpu memory pids", "cpu memory pids"),
        ("whole/own.service", "cpu memory pids", ""),
        ("delegated", "cpu memory pids", "cpu"),
        ("delegated/own.service", "cpu memory pids", ""),
    ):
        (tmp_path / folder / "cgroup.controllers").write_text(offered)
        (tmp_path / folder / "cgroup.subtree_control").write_text(enabled)
    opened = os.open(tmp_path, os.O_PATH)
    fields = Path(f"/proc/self/fdinfo/{opened}").read_text().split()
    os.close(opened)
    real = int(fields[fields.index("mnt_id:") + 1])
    (tmp_path / "mounts").write_text(mounts.format(tmp_path, number=real, other=real + 1))
    (tmp_path / "own").write_text(own)
    monkeypatch.setattr(mount_table, "_TABLE", tmp_path / "mounts")
    monkeypatch.setattr(hierarchy, "_OWN", tmp_path / "own")
    assert hierarchy.Hierarchy.available_version() == version


def test_the_narrowest_bound_on_processes_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.slice" / "b.service").mkdir(parents=True)
    (tmp_path / "a.slice" / "pids.max").write_text("30\n")
    (tmp_path / "a.slice" / "b.service" / "pids.max").write_text("max\n")
    (tmp_path / "own").write_text("0::/a.slice/b.service")
    monkeypatch.setattr(hierarchy, "_OWN", tmp_path / "own")
    monkeypatch.setattr(hierarchy, "_mounted", lambda: [Mount(1, tmp_path, "cgroup2", ("rw",))])
    assert hierarchy.Hierarchy.most_processes() == 30


def test_a_named_hierarchy_without_controllers_is_not_version_1(monkeypatch: pytest.MonkeyPatch) -> None:
    named = Mount(1, Path("/sys/fs/cgroup/systemd"), "cgroup", ("rw", "name=systemd"))
    whole = Mount(2, Path("/sys/fs/cgroup"), "cgroup2", ("rw",))
    monkeypatch.setattr(hierarchy, "_mounted", lambda: [named, whole])
    assert hierarchy.Hierarchy.mounted() == "2"


if UNIFIED is not None:

    def test_a_process_is_born_into_its_group() -> None:
        assert UNIFIED is not None
        folder = UNIFIED / f"touchstone-born-{os.getpid()}"
        folder.mkdir()
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            reader, writer = os.pipe()
            pid, pidfd = syscalls.fork_into(0, opened)
            if pid == 0:
                os.write(writer, Path("/proc/self/cgroup").read_bytes())
                os._exit(0)
            os.close(writer)
            os.waitpid(pid, 0)
            with os.fdopen(reader) as file:
                assert f"/{folder.name}\n" in file.read()
            os.close(pidfd)
        finally:
            os.close(opened)
            folder.rmdir()

    def test_the_lock_alone_tells_a_living_supervisors_groups_from_a_dead_ones() -> None:
        assert UNIFIED is not None
        parent = UNIFIED / f"touchstone-tests-{os.getpid()}"
        living, dead = (parent / new_name("touchstone-") for _ in range(2))
        of_a_living_pid, of_no_supervisor = (
            parent / f"touchstone-{os.getpid()}",
            parent / "touchstone-web.service",
        )
        lock = None
        try:
            for folder in (parent, dead, dead / "box-1", of_a_living_pid, of_no_supervisor):
                folder.mkdir()
            lock = claim(living)
            assert lock is not None
            assert claim(living) is None
            assert remove_stale([parent]) == []
            assert {path for path in parent.iterdir() if path.is_dir()} == {living, of_no_supervisor}
        finally:
            if lock is not None:
                os.close(lock)
            for place, _, _ in os.walk(parent, topdown=False):
                Path(place).rmdir()
