"""An OCI bundle made of the same layout as the jail's own root: `config.json` and what its root holds itself.

OCI Runtime Specification 1.0.2, "Configuration" and "Linux Container Configuration".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.init import RUNNER_ID
from sandbox.layout import Bind, Layout
from sandbox.mounts import BOX_FOLDERS, below, make_skeleton
from sandbox.program import MOST_PENDING_SIGNALS

_READ_ONLY = ("ro", "nosuid", "nodev")
# capabilities(7): not one
_EMPTY_SETS: dict[str, list[str]] = {
    name: [] for name in ("bounding", "effective", "permitted", "inheritable", "ambient")
}
# Every runtime makes these itself ("Default Devices").
_DEFAULT_DEVICES = frozenset(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty"))


@dataclass(frozen=True, slots=True)
class Process:
    """What runs as the container's first process."""

    argv: Sequence[str]
    environment: Mapping[str, str]


def write_bundle(
    folder: Path, layout: Layout, process: Process, *, disk: Path, host_id: int | None, subset_proc: bool
) -> None:
    """Makes `config.json` and `rootfs/` in the empty `folder`.

    `disk` is the folder of the one writable file system. `host_id` is the id outside that the runner gets in
    a user namespace, None for a runtime that has no need of one. `subset_proc` hides what is no process.
    """
    root = folder / "rootfs"
    root.mkdir()
    make_skeleton(root, layout)
    binds = [bind for bind in layout.binds if bind.target not in _DEFAULT_DEVICES]
    for bind in binds:
        _make_point(root, bind)
    (folder / "config.json").write_text(
        json.dumps(
            {
                "ociVersion": "1.0.2",
                "process": _process(process),
                "root": {"path": "rootfs", "readonly": True},
                "hostname": "box",
                "mounts": [*_file_systems(subset_proc), *_mounts(root, layout, binds), *_disk_mounts(disk)],
                "linux": _namespaces(host_id),
            }
        )
    )


def _process(process: Process) -> dict[str, Any]:
    return {
        "terminal": False,
        "user": {"uid": RUNNER_ID, "gid": RUNNER_ID},
        "args": list(process.argv),
        "env": [f"{name}={value}" for name, value in process.environment.items()],
        "cwd": "/",
        "capabilities": _EMPTY_SETS,
        "noNewPrivileges": True,
        "rlimits": [
            {"type": "RLIMIT_SIGPENDING", "soft": MOST_PENDING_SIGNALS, "hard": MOST_PENDING_SIGNALS}
        ],
    }


def _namespaces(host_id: int | None) -> dict[str, Any]:
    kinds = ["pid", "mount", "network", "ipc", "uts"]
    if host_id is None:
        return {"namespaces": [{"type": kind} for kind in kinds]}
    ids = [{"containerID": RUNNER_ID, "hostID": host_id, "size": 1}]
    return {
        "namespaces": [{"type": kind} for kind in (*kinds, "cgroup", "user")],
        "uidMappings": ids,
        "gidMappings": ids,
    }


def _file_systems(subset_proc: bool) -> list[dict[str, Any]]:
    proc = ["nosuid", "nodev", "noexec", *(["subset=pid"] if subset_proc else [])]
    return [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": proc},
        {
            "destination": "/dev",
            "type": "tmpfs",
            "source": "tmpfs",
            "options": ["nosuid", "noexec", "mode=755", "size=64k"],
        },
    ]


def _mounts(root: Path, layout: Layout, binds: Sequence[Bind]) -> list[dict[str, Any]]:
    empty = below(root, layout.empty_file)
    return [
        *(_bind(bind.source, bind.target, device=bind.device) for bind in binds),
        *(
            {"destination": folder, "type": "tmpfs", "source": "tmpfs", "options": [*_READ_ONLY, "size=4k"]}
            for folder in layout.hidden
        ),
        *(_bind(empty, file) for file in layout.masked),
    ]


def _bind(source: Path, target: str, *, device: bool = False) -> dict[str, Any]:
    options = ("ro", "nosuid", "noexec") if device else _READ_ONLY
    return {
        "destination": target,
        "type": "bind",
        "source": str(source),
        "options": ["rbind" if source.is_dir() else "bind", *options],
    }


def _disk_mounts(disk: Path) -> list[dict[str, Any]]:
    return [
        {
            "destination": target,
            "type": "bind",
            "source": str(disk / name),
            "options": ["bind"],  # with the flags that it has; naming some would take the others away
        }
        for target, name in BOX_FOLDERS.items()
    ]


def _make_point(root: Path, bind: Bind) -> None:
    """What a bind is mounted on; below another bind it is there already, below /dev the runtime makes it."""
    target = below(root, bind.target)
    if bind.target.startswith("/dev/"):
        return
    if bind.source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
