"""Says which guarantees hold on this host, by trying them in a real box, and what to do about the others."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.client import Config, Sandbox, private_sandbox
from sandbox.errors import SandboxError
from sandbox.hierarchy import Hierarchy
from sandbox.job import MIB, Job, Limits, Outcome, Runtime, Script, Status
from sandbox.oci.runtimes import REMEDY, OciRuntime, find_runtime, find_runtimes

_PROBE = Path(__file__).with_name("probe.py")
_ALLOWED_ENVIRONMENT = frozenset(
    {"PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}
    | {"TF_CPP_MIN_LOG_LEVEL", "JOBLIB_MULTIPROCESSING", "MPLBACKEND"}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One guarantee: whether it holds, what was seen, and what to do where it does not."""

    name: str
    held: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """`able` is false where no submission may run on this host."""

    able: bool
    findings: tuple[Finding, ...]
    oci_runtimes: tuple[OciRuntime, ...]
    """Those that are here, the strongest first."""


def diagnose(*, high_assurance: bool = False, oci_runtime: str | None = None) -> Report:
    """Looks at the host, then starts a private sandbox and tries every guarantee in it.

    With `high_assurance` in containers, as the installation runs its jobs; see `client.Config`.
    """
    findings = [*host_findings(), *assurance_findings(high_assurance, oci_runtime)]
    if all(finding.held for finding in findings):
        findings += _box_findings(high_assurance, oci_runtime)
    findings.append(_accounting())
    needed = [finding for finding in findings if finding.name != "exact accounting"]
    return Report(all(finding.held for finding in needed), tuple(findings), find_runtimes())


def assurance_findings(high: bool, wanted: str | None) -> Iterator[Finding]:
    """Whether the OCI runtime is here that an installation demands; nothing where it demands none."""
    if not high and wanted is None:
        return
    runtime = find_runtime(wanted)
    seen = f"{runtime.name} {runtime.version}" if runtime else f"{wanted or 'no OCI runtime'} is not here"
    yield Finding("high assurance", runtime is not None, seen, "" if runtime else REMEDY)


def host_findings() -> Iterator[Finding]:
    """What can be seen without a box: the system, the kernel, and whether namespaces may be made."""
    yield Finding(
        "linux",
        sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64"),
        f"{platform.system()} {platform.release()} on {platform.machine()}",
        "Use Linux on x86_64 or aarch64; on Windows, WSL2 is one.",
    )
    release = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
    yield Finding(
        "kernel",
        release >= (5, 12),
        f"Linux {platform.release()}",
        "Read-only bind mounts are made with mount_setattr(2): use Linux 5.12 or later.",
    )
    refusal = _user_namespace_refusal()
    yield Finding(
        "user namespaces", not refusal, refusal or "may be made", _namespace_remedy() if refusal else ""
    )


def _user_namespace_refusal() -> str:
    """Why a user namespace with its own mounts cannot be made here; empty where it can."""
    program = (
        "from sandbox.syscalls import *; "
        "unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID); "
        "mount('none', '/', '', MS_REC | MS_PRIVATE)"
    )
    tried = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        cwd=Path(__file__).resolve().parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return tried.stderr.strip().rpartition("\n")[2] if tried.returncode else ""


def _namespace_remedy() -> str:
    """The switch that is off on this host, and how to turn it on."""
    switches = {
        "kernel/unprivileged_userns_clone": ("0", "sysctl -w kernel.unprivileged_userns_clone=1"),
        "user/max_user_namespaces": ("0", "sysctl -w user.max_user_namespaces=15000"),
        "kernel/apparmor_restrict_unprivileged_userns": (
            "1",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (or an AppArmor profile with `userns`)",
        ),
    }
    for name, (off, command) in switches.items():
        file = Path("/proc/sys", name)
        if file.exists() and file.read_text().strip() == off:
            return f"As root: {command}."
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        options = ("seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined")
        return "Start the container with " + " ".join(f"--security-opt {option}" for option in options) + "."
    return "Run as root, or allow user namespaces to this account; the error beside says what refused it."


def _box_findings(high_assurance: bool, oci_runtime: str | None) -> list[Finding]:
    try:
        with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
            config = Config(
                socket=Path(folder) / "sandbox.sock",
                parked={} if high_assurance else {Runtime.PYTHON: 2},
                high_assurance=high_assurance,
                oci_runtime=oci_runtime,
            )
            with private_sandbox(config) as sandbox:
                return self_check(sandbox)
    except SandboxError as error:
        return [
            Finding("sandbox", False, str(error), "The lines above name the call that the kernel refused.")
        ]


def self_check(sandbox: Sandbox) -> list[Finding]:
    """Tries confinement and limits in the boxes, or containers, of any sandbox."""
    return [*_confinement(sandbox), *_limits(sandbox)]


def _run(sandbox: Sandbox, source: str, limits: Limits) -> Outcome:
    return sandbox.run(
        Job(Runtime.PYTHON, Script("probe.py"), files={"probe.py": source.encode()}, limits=limits)
    )


def _confinement(sandbox: Sandbox) -> Iterator[Finding]:
    outcome = _run(sandbox, _PROBE.read_text(), Limits(cpu_s=10, wall_s=20))
    if outcome.status is not Status.OK:
        yield Finding(
            "confinement", False, outcome.stderr.decode(errors="replace")[-400:], "Report this text."
        )
        return
    seen: dict[str, Any] = json.loads(outcome.stdout)
    foreign = sorted(set(seen["environment"]) - _ALLOWED_ENVIRONMENT)
    tests: tuple[tuple[str, bool, str], ...] = (
        ("own processes only", seen["processes"] == [1, 2], f"sees processes {seen['processes']}"),
        (
            "unprivileged",
            # empty: a kernel that knows no such set
            seen["uid"] == 1000 and set(seen["capabilities"]) <= {"0" * 16, ""},
            f"uid {seen['uid']}",
        ),
        ("no new privileges", seen["no_new_privs"] == "1", f"NoNewPrivs {seen['no_new_privs']}"),
        ("system call filter", seen["seccomp"] == "2", f"Seccomp mode {seen['seccomp']}"),
        (
            "no network",
            seen["internet_refused"] and seen["interfaces"] in ([], ["lo"]),
            str(seen["interfaces"]),
        ),
        ("no namespaces of its own", seen["namespace_refused"], "unshare is refused"),
        ("host not writable", not seen["writable"], f"writable: {seen['writable'] or 'nothing'}"),
        ("clean environment", not foreign, f"foreign variables: {foreign or 'none'}"),
        ("closed descriptors", len(seen["descriptors"]) <= 4, f"open: {seen['descriptors']}"),
    )
    for name, held, detail in tests:
        yield Finding(
            name, held, detail, "" if held else "This must hold everywhere: report the host and this text."
        )


def _limits(sandbox: Sandbox) -> Iterator[Finding]:
    limits = Limits(
        cpu_s=0.3, wall_s=1.0, memory_bytes=64 * MIB, processes=8, output_bytes=65_536, disk_bytes=MIB
    )
    roomy = Limits(
        cpu_s=5, wall_s=10, memory_bytes=256 * MIB, processes=8, output_bytes=65_536, disk_bytes=MIB
    )
    probes: tuple[tuple[str, str, Limits, Callable[[Outcome], bool]], ...] = (
        ("limit on CPU time", "while True: pass", limits, lambda end: end.status is Status.TIME_LIMIT),
        (
            "limit on wall time",
            "import time; time.sleep(60)",
            limits,
            lambda end: end.status is Status.TIME_LIMIT,
        ),
        ("limit on memory", "x = bytearray(2**32)", roomy, lambda end: end.status is Status.MEMORY_LIMIT),
        (
            "limit on output",
            "while True: print('x' * 999)",
            roomy,
            lambda end: end.status is Status.OUTPUT_LIMIT,
        ),
        (
            "limit on processes",
            "import os, time\nfor _ in range(40):\n    if os.fork() == 0: time.sleep(9); os._exit(0)",
            roomy,
            lambda end: end.status is Status.NONZERO_EXIT and b"BlockingIOError" in end.stderr,
        ),
        (
            "limit on disk",
            "open('/tmp/x', 'wb').write(bytes(2**22))",
            roomy,
            lambda end: b"No space left" in end.stderr,
        ),
    )
    for name, source, given, held in probes:
        outcome = _run(sandbox, source, given)
        yield Finding(name, held(outcome), outcome.reason)


def _accounting() -> Finding:
    version = Hierarchy.available_version()
    if version:
        return Finding("exact accounting", True, f"control groups, version {version}")
    remedy = (
        "Run as root, or give this account a control group of its own "
        "(systemd: Delegate=yes; `systemd-run --user --scope -p Delegate=yes make up`)."
    )
    detail = "no control group to write to: CPU and memory are watched every 20 ms instead"
    return Finding("exact accounting", False, detail, remedy)
