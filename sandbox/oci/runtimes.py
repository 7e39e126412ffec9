"""Which OCI runtimes the host has, and how each is told to run a bundle."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

KNOWN = ("runsc", "crun")
"""By how much they hold off a submission from the host's kernel: gVisor has one of its own."""
REMEDY = "Install one: `apt install crun`, or, for a supervisor of root's, gVisor's `runsc`."
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class OciRuntime:
    """One runtime. `own_kernel`: its containers' system calls end in it, not in the host's kernel."""

    name: str
    path: Path
    version: str
    own_kernel: bool

    @property
    def usable(self) -> bool:
        """Whether this account can use it: without root's control groups nothing bounds gVisor's memory."""
        return os.geteuid() == 0 or not self.own_kernel

    def command(self, *, bundle: Path, name: str) -> list[str]:
        """Runs the bundle to its end; its own state lies in the bundle, its groups are ours."""
        state = ("--root", str(bundle / "state"))
        run = ("run", "--bundle", str(bundle), "--pid-file", str(bundle / "pid"), name)
        if not self.own_kernel:
            return [str(self.path), "--cgroup-manager=disabled", *state, *run]
        options = ("--network=none", "--ignore-cgroups", "--file-access-mounts=exclusive")
        return [str(self.path), *options, *state, *run]


def find_runtimes() -> tuple[OciRuntime, ...]:
    """Those that are installed, the strongest first."""
    found = []
    for name in KNOWN:
        path = shutil.which(name, path=_PATH)
        if path:
            found.append(OciRuntime(name, Path(path), _version(path), own_kernel=name == "runsc"))
    return tuple(found)


def find_runtime(wanted: str | None = None) -> OciRuntime | None:
    """The wanted one, or else the strongest that this account can use; None where there is none."""
    usable = (runtime for runtime in find_runtimes() if runtime.usable)
    return next((runtime for runtime in usable if wanted in (None, runtime.name)), None)


def _version(path: str) -> str:
    said = _said([path, "--version"]).partition("\n")[0].split()
    return said[-1] if said else "unknown"


def _said(command: Sequence[str]) -> str:
    try:
        told = subprocess.run(list(command), capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    except BlockingIOError:  # fork(2): the account may have no other process, a runtime's neither
        return ""
    return told.stdout
