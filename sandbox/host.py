"""What kind of host this is, as far as it decides which remedy helps."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sandbox import syscalls
from sandbox.mount_table import Mount, mounts

_PROC_VERSION = Path("/proc/version")
_SWITCHES = Path("/proc/sys")
_PROC = Path("/proc")
# Mounted below /proc on empty folders that the kernel keeps for them; they cover nothing.
_AT_HOME_IN_PROC = frozenset({"autofs", "binfmt_misc", "nfsd", "openpromfs", "xenfs"})


class Container(StrEnum):
    """Who made the container that this is, where it says so."""

    DOCKER = "docker"
    PODMAN = "podman"
    KUBERNETES = "kubernetes"
    LXC = "lxc"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Host:
    """`wsl` is the version of the Windows Subsystem for Linux, None elsewhere. `privileged`: root that may
    make namespaces and mounts, as root in a container often may not. `systemd`: it manages the services."""

    system: str
    distribution: str
    kernel: str
    machine: str
    container: Container | None
    wsl: int | None
    root: bool
    privileged: bool
    systemd: bool

    def __str__(self) -> str:
        where = [self.distribution, f"{self.system} {self.kernel} on {self.machine}"]
        if self.wsl:
            where.append(f"WSL {self.wsl}")
        if self.container:
            where.append(f"in a container ({self.container})")
        where.append(
            "as root" if self.privileged else "as root without privileges" if self.root else "not root"
        )
        return ", ".join(where)

    def switch(self, name: str) -> str:
        """The value of a kernel setting such as `user/max_user_namespaces`; empty where there is none."""
        try:
            return (_SWITCHES / name).read_text().strip()
        except OSError:
            return ""

    def over_proc(self) -> list[Mount]:
        """What covers a part of /proc: whoever sees it so may mount no process file system elsewhere."""
        below = (mount for mount in mounts() if _PROC in mount.point.parents)
        return [mount for mount in below if mount.fstype not in _AT_HOME_IN_PROC and mount.is_reachable()]


def has_proc() -> bool:
    """Whether this process can be looked at at all."""
    return (_PROC / "self" / "status").exists()


def look() -> Host:
    """This host."""
    return Host(
        system=platform.system(),
        distribution=_distribution(),
        kernel=platform.release(),
        machine=platform.machine(),
        container=_container(),
        wsl=_wsl(),
        root=os.geteuid() == 0,
        privileged=os.geteuid() == 0 and syscalls.has_capability(syscalls.CAP_SYS_ADMIN),
        systemd=Path("/run/systemd/system").is_dir(),  # sd_booted(3)
    )


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "an unknown distribution"


def _container() -> Container | None:
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return Container.KUBERNETES
    if Path("/run/.containerenv").exists():
        return Container.PODMAN
    if Path("/.dockerenv").exists():
        return Container.DOCKER
    try:
        # systemd(1): where it runs in a container, it writes down whose.
        said = Path("/run/systemd/container").read_text().strip()
    except OSError:
        return None
    return Container.LXC if said.startswith("lxc") else Container.OTHER


def _wsl() -> int | None:
    """The first version has no Linux kernel, but answers for one with a capital letter."""
    # The file is absent where /proc shows processes alone (systemd's ProcSubset=pid).
    text = _PROC_VERSION.read_text() if _PROC_VERSION.exists() else platform.release()
    if "microsoft" not in text.lower():
        return None
    return 2 if "microsoft-standard" in text or "WSL2" in text else 1
