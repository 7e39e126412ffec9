"""Says which guarantees hold on this host, by trying them in a real box, and what to do about the others."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox import landlock, remedies, starter, ulimits
from sandbox.client import Config, private_sandbox
from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.fitness import assurance_findings, host_findings
from sandbox.guarantees import Finding
from sandbox.hierarchy import Hierarchy
from sandbox.host import Host, has_proc, look
from sandbox.job import Runtime
from sandbox.oci.runtimes import OciRuntime, find_runtimes
from sandbox.selfcheck import self_check
from sandbox.trial import Part

_OPTIONAL = frozenset({"exact accounting", "Landlock in the kernel", "a starter of commands"})


@dataclass(frozen=True, slots=True)
class Report:
    """`able` is false where no submission may run on this host."""

    able: bool
    findings: tuple[Finding, ...]
    guarantees: tuple[str, ...]
    """What every run here records; none where none may run."""
    oci_runtimes: tuple[OciRuntime, ...]
    """Those that are here, the strongest first."""


def diagnose(*, high_assurance: bool = False, oci_runtime: str | None = None) -> Report:
    """Looks at the host, then starts a private sandbox and tries every guarantee in it.

    With `high_assurance` in containers, as the installation runs its jobs; see `client.Config`.
    """
    findings = [*host_findings(), *assurance_findings(high_assurance, oci_runtime)]
    guarantees: tuple[str, ...] = ()
    if all(finding.held for finding in findings):
        try:
            found, guarantees = _box_findings(high_assurance, oci_runtime)
        except SandboxError as error:
            said = error.message if isinstance(error, SandboxUnavailable) else str(error)
            found = [Finding("sandbox", False, said, "Its errors above name the call that was refused.")]
        findings += [*found, *_scarce(found)]
    else:
        # Not where a box is refused for good: then they are not the reason.
        findings += _scarce([finding for finding in findings if finding.name == Part.TRYING])
    if has_proc():
        findings += [_accounting(look()), _second_wall(), _starter()]
    needed = [finding for finding in findings if finding.name not in _OPTIONAL]
    return Report(all(finding.held for finding in needed), tuple(findings), guarantees, find_runtimes())


def _box_findings(high_assurance: bool, oci_runtime: str | None) -> tuple[list[Finding], tuple[str, ...]]:
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        config = Config(
            socket=Path(folder) / "sandbox.sock",
            parked={} if high_assurance else {Runtime.PYTHON: 2, Runtime.COMMAND: 1},
            high_assurance=high_assurance,
            oci_runtime=oci_runtime,
        )
        with private_sandbox(config) as sandbox:
            return list(self_check(sandbox)), sandbox.guarantees()


def _scarce(tried: list[Finding]) -> list[Finding]:
    """The limits that may be the reason where something of these does not hold."""
    low = [] if all(finding.held for finding in tried) else ulimits.scarce(look())
    return [Finding("limits of this process", False, "; ".join(low), remedies.LIMITS)] if low else []


def _accounting(host: Host) -> Finding:
    version, mounted, read_only = Hierarchy.available_version(), Hierarchy.mounted(), Hierarchy.read_only()
    shown = f"this host shows version {mounted}" if mounted else "this host shows none"
    shown += ", read-only" if read_only else ""
    if version:
        return Finding("exact accounting", True, f"control groups of version {version}; {shown}")
    detail = (
        f"no control group to write to ({shown}): CPU and memory are watched every 20 ms instead, a short "
        "peak may pass unseen, and RLIMIT_NPROC bounds processes"
    )
    remedy = remedies.for_accounting(host, shown=mounted, read_only=read_only)
    return Finding("exact accounting", False, detail, remedy)


def _second_wall() -> Finding:
    abi = landlock.abi_version()
    if abi:
        return Finding("Landlock in the kernel", True, f"version {abi} of its interface")
    return Finding("Landlock in the kernel", False, "there is none", remedies.LANDLOCK)


def _starter() -> Finding:
    name = "a starter of commands"
    made = starter.made()
    if made.program is not None:
        return Finding(name, True, "compiled on this host")
    return Finding(name, False, made.why, remedies.STARTER_FILE if made.in_memory else remedies.STARTER)
