"""Which guarantees hold on this host; computed once and recorded with every run."""

from __future__ import annotations

import os
from dataclasses import dataclass

from sandbox import landlock


@dataclass(frozen=True, slots=True)
class Guarantees:
    held: tuple[str, ...]


def present(cgroup_version: int) -> Guarantees:
    """What a run on this host can count on."""
    held = [
        "namespaces:user,mount,pid,net,ipc,uts,cgroup",
        "seccomp:allow-list",
        "root:read-only",
        "network:none",
        "capabilities:none",
        "no-new-privs",
        "disk:tmpfs",
    ]
    if cgroup_version:
        held += [f"memory:cgroup-v{cgroup_version}", f"processes:cgroup-v{cgroup_version}"]
        held += [f"cpu:cgroup-v{cgroup_version}"]
    else:
        held += ["memory:watchdog", "cpu:watchdog"]
    abi = landlock.abi_version()
    held.append(f"landlock:v{abi}" if abi else "landlock:none")
    held.append("uid:own-range" if os.geteuid() == 0 else "uid:callers")
    return Guarantees(tuple(held))
