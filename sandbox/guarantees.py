"""Which guarantees hold on this host; computed once and recorded with every run."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox import landlock


@dataclass(frozen=True, slots=True)
class Finding:
    """One guarantee: whether it holds, what was seen, and what to do where it does not."""

    name: str
    held: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Guarantees:
    held: tuple[str, ...]


def present(cgroup_version: int, *, own_ids: bool) -> Guarantees:
    """What a run on this host can count on; `own_ids` says that no two boxes have the same uid outside."""
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
        held += ["memory:watchdog", "processes:rlimit", "cpu:watchdog"]
    abi = landlock.abi_version()
    held.append(f"landlock:v{abi}" if abi else "landlock:none")
    held.append("uid:own-range" if own_ids else "uid:callers")
    return Guarantees(tuple(held))
