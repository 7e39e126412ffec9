"""Limits that this process was started under and that boxes do not fit into: setrlimit(2) and its kin."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping

from sandbox.hierarchy import Hierarchy
from sandbox.host import Host
from sandbox.job import MIB
from sandbox.program import SAME_FOR_ALL
from sandbox.trial import NAMESPACES

_UNLIMITED = resource.RLIM_INFINITY
# A kind, what it bounds, the shell's option, and the name that systemd and Docker call it by.
_KINDS = {
    resource.RLIMIT_NOFILE: ("open files", "n", "NOFILE"),
    resource.RLIMIT_STACK: ("bytes of stack", "s", "STACK"),
    resource.RLIMIT_MEMLOCK: ("bytes of locked memory", "l", "MEMLOCK"),
    resource.RLIMIT_SIGPENDING: ("pending signals", "i", "SIGPENDING"),
    resource.RLIMIT_NPROC: ("processes of the account", "u", "NPROC"),
    resource.RLIMIT_AS: ("bytes of address space", "v", "AS"),
    resource.RLIMIT_DATA: ("bytes of data", "d", "DATA"),
    resource.RLIMIT_FSIZE: ("bytes of a file", "f", "FSIZE"),
    resource.RLIMIT_CPU: ("seconds of CPU", "t", "CPU"),
}
# What a supervisor with its usual boxes is at ease with; with less it may do, or not.
_AT_EASE = {
    resource.RLIMIT_NOFILE: 1024,
    resource.RLIMIT_NPROC: 1024,
    resource.RLIMIT_AS: 16_384 * MIB,
    resource.RLIMIT_DATA: 16_384 * MIB,
    resource.RLIMIT_FSIZE: 4096 * MIB,
    resource.RLIMIT_CPU: 86_400,
}
_PROCESSES_AT_EASE = 256
_NAMESPACES_AT_EASE = 128


def forbidding() -> list[str]:
    """Those below what every box takes for itself: no process may raise its hard limit."""
    return list(_below(SAME_FOR_ALL))


def scarce(host: Host) -> list[str]:
    """Those that may be the reason where boxes can be made, and a supervisor with several cannot do."""
    found = [*_below(SAME_FOR_ALL | _AT_EASE)]
    most = Hierarchy.most_processes()
    if most is not None and most < _PROCESSES_AT_EASE:
        found.append(
            f"{most} processes of the control group, {_PROCESSES_AT_EASE} would do "
            "(TasksMax= of a unit, docker run --pids-limit)"
        )
    for name in (f"max_{kind}_namespaces" for kind in NAMESPACES):
        said = host.switch(f"user/{name}")
        if said and int(said) < _NAMESPACES_AT_EASE:
            found.append(f"user.{name} is {said}, {_NAMESPACES_AT_EASE} would do (sysctl -w)")
    return found


def _below(wanted: Mapping[int, int]) -> Iterator[str]:
    for kind, needed in wanted.items():
        _, hard = resource.getrlimit(kind)
        if hard != _UNLIMITED and hard < needed:
            bounded, option, name = _KINDS[kind]
            yield (
                f"{hard} {bounded}, {needed} would do "
                f"(ulimit -{option}, Limit{name}= of a unit, docker run --ulimit {name.lower()}=)"
            )
