"""Whether this host lets boxes be made at all; where it does not, nothing less is offered."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from sandbox import remedies, ulimits
from sandbox.errors import SandboxUnavailable
from sandbox.forking import may_map_range
from sandbox.guarantees import Finding
from sandbox.hierarchy import Hierarchy
from sandbox.host import Host, has_proc, look
from sandbox.oci.runtimes import REMEDY, find_runtime
from sandbox.trial import Step, tried

LEAST_KERNEL = (5, 12)


def host_findings() -> Iterator[Finding]:
    """What can be seen without a box: the system, the kernel, and whether it lets boxes be made."""
    if not has_proc():
        yield Finding("/proc", False, "no process file system is mounted there", remedies.PROC)
        return
    host = look()
    low = ulimits.forbidding()
    if low:
        yield Finding("limits of this process", False, "; ".join(low), remedies.LIMITS)
    supported = host.system == "Linux" and host.machine in ("x86_64", "aarch64") and host.wsl != 1
    yield Finding("host", supported, str(host), "" if supported else remedies.for_system(host))
    release = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
    recent = release >= LEAST_KERNEL
    yield Finding("kernel", recent, f"Linux {host.kernel}", "" if recent else remedies.KERNEL)
    if supported:
        yield from _made_of(tried(), host)
        if host.root and not may_map_range() and not Hierarchy.available_version():
            yield Finding("boxes that are not root's", False, "no ids for them", remedies.for_ids(host))


def assurance_findings(high: bool, wanted: str | None) -> Iterator[Finding]:
    """Whether the OCI runtime is here that an installation demands; nothing where it demands none."""
    if not high and wanted is None:
        return
    runtime = find_runtime(wanted)
    seen = f"{runtime.name} {runtime.version}" if runtime else f"{wanted or 'no OCI runtime'} is not here"
    yield Finding("high assurance", runtime is not None, seen, "" if runtime else REMEDY)


def refuse_unfit_host() -> None:
    """Raises `SandboxUnavailable` where namespaces, mounts or filters cannot be had."""
    for finding in host_findings():
        if not finding.held:
            raise SandboxUnavailable(
                f"The sandbox cannot work here: {finding.name}: {finding.detail}.", remedy=finding.remedy
            )


def _made_of(steps: tuple[Step, ...], host: Host) -> Iterator[Finding]:
    """What a box is made of: the part that is refused, or all in one line."""
    refused = [step for step in steps if step.error]
    if not refused:
        parts = list(dict.fromkeys(step.part for step in steps))
        yield Finding("what boxes are made of", True, ", ".join(parts))
    for step in refused:
        yield Finding(step.part, False, step.error, remedies.for_step(step, host))
