"""Hosts that the sandbox must know: what each is made of, whether boxes can be made, what doctor must say."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from tests.sandbox.pretending import DOCKER_CAPABILITIES, Pretence

_NO_CGROUPS: dict[str, dict[str, str]] = {"/sys/fs/cgroup": {}}
# What a container engine covers in /proc; a user namespace may then mount no /proc of its own.
_MASKED = ("/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi", "/proc/fs")
_ENGINE_FILTER = {
    **dict.fromkeys(("mount", "umount2", "unshare", "setns", "pivot_root", "mount_setattr"), errno.EPERM),
    **dict.fromkeys(("fspick", "fsconfig", "clone:namespaces"), errno.EPERM),
    "clone3": errno.ENOSYS,
}
_SETFCAP = 31
_WSL2 = "Linux version 5.15.167.4-microsoft-standard-WSL2 (root@build) (gcc 11.2.0) #1 SMP\n"
_WSL1 = "Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com) (gcc version 5.4.0) #1237-Microsoft\n"


@dataclass(frozen=True, slots=True)
class Known:
    """One kind of host. `lacks` is the finding that is absent, `tells` what it must tell, `says` what its
    remedy must name; `shown` what the finding of the host itself must tell. `guarantees` are some that every
    run there must record."""

    name: str
    pretence: Pretence
    able: bool
    lacks: str = ""
    tells: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    shown: str = ""
    guarantees: tuple[str, ...] = ()
    roots: bool = True
    accounts: bool = True


def _kernel_says(**settings: str) -> dict[str, dict[str, str]]:
    return {"/proc/sys/kernel": {name: f"{value}\n" for name, value in settings.items()}}


DOCKER = {"/.dockerenv": ""}
HOSTS = (
    Known("a machine of its own", Pretence(), able=True),
    Known(
        "a machine without control groups",
        Pretence(replaced=_NO_CGROUPS),
        able=True,
        lacks="exact accounting",
        tells=("this host shows none", "RLIMIT_NPROC"),
        guarantees=("memory:watchdog", "cpu:watchdog"),
    ),
    Known(
        "a kernel without Landlock",
        Pretence(refused={"landlock_create_ruleset": errno.ENOSYS}),
        able=True,
        lacks="Landlock in the kernel",
        says=("CONFIG_SECURITY_LANDLOCK", "lsm="),
        guarantees=("landlock:none",),
    ),
    Known(
        "Docker as it starts a container",
        Pretence(
            files=DOCKER,
            replaced=_NO_CGROUPS,
            masked=_MASKED,
            refused=_ENGINE_FILTER,
            capabilities=DOCKER_CAPABILITIES,
        ),
        able=False,
        lacks="user namespaces",
        says=("seccomp=unconfined", "systempaths=unconfined", "--privileged"),
        shown="in a container (docker)",
    ),
    Known(
        "Docker without a filter, /proc masked",
        Pretence(files=DOCKER, replaced=_NO_CGROUPS, masked=_MASKED, capabilities=DOCKER_CAPABILITIES),
        able=False,
        lacks="process file systems",
        says=("/proc/keys", "systempaths=unconfined"),
    ),
    Known(
        "Docker as doctor asks for it",
        Pretence(files=DOCKER, replaced=_NO_CGROUPS, capabilities=DOCKER_CAPABILITIES),
        able=True,
        lacks="exact accounting",
        says=("--privileged",),
        shown="root without privileges",
        guarantees=("uid:own-range", "memory:watchdog"),
        accounts=False,
    ),
    Known(
        "Docker as doctor asks for it, as an account",
        Pretence(files=DOCKER, replaced=_NO_CGROUPS),
        able=True,
        lacks="exact accounting",
        says=("docker run --user 0", "--privileged --cgroupns=private"),
        roots=False,
    ),
    Known(
        "Docker as doctor asks for it, without any right",
        Pretence(files=DOCKER, replaced=_NO_CGROUPS, capabilities=()),
        able=False,
        lacks="user namespaces",
        says=("as another user", "SETUID"),
        accounts=False,
    ),
    Known(
        "Docker as doctor asks for it, boxes as root",
        Pretence(files=DOCKER, replaced=_NO_CGROUPS, capabilities=(_SETFCAP,)),
        able=False,
        lacks="boxes that are not root's",
        says=("--user 1000",),
        accounts=False,
    ),
    Known(
        "Docker with privileges",
        Pretence(files=DOCKER),
        able=True,
        shown="in a container (docker), as root",
        accounts=False,
    ),
    Known(
        "Podman as it starts a container",
        Pretence(files={"/run/.containerenv": ""}, masked=_MASKED, refused=_ENGINE_FILTER),
        able=False,
        lacks="user namespaces",
        says=("unmask=ALL",),
        roots=False,
    ),
    Known(
        "Kubernetes",
        Pretence(environment={"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, masked=_MASKED, refused=_ENGINE_FILTER),
        able=False,
        lacks="user namespaces",
        says=("procMount: Unmasked",),
        roots=False,
    ),
    Known(
        "LXC without nesting",
        Pretence(files={"/run/systemd/container": "lxc\n"}, refused={"unshare": errno.EPERM}),
        able=False,
        lacks="user namespaces",
        says=("security.nesting=true",),
        roots=False,
    ),
    Known(
        "Ubuntu 24.04, AppArmor's restriction",
        # There the namespace is made, and nothing may be done in it.
        Pretence(
            replaced=_kernel_says(apparmor_restrict_unprivileged_userns="1"),
            refused={"mount": errno.EACCES},
        ),
        able=False,
        lacks="private mounts",
        says=("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0", "/etc/sysctl.d", "run as root"),
        roots=False,
    ),
    Known(
        "Debian with user namespaces switched off",
        Pretence(replaced=_kernel_says(unprivileged_userns_clone="0"), refused={"unshare": errno.EPERM}),
        able=False,
        lacks="user namespaces",
        says=("sysctl -w kernel.unprivileged_userns_clone=1", "run as root"),
        roots=False,
    ),
    Known(
        "WSL 2 without systemd",
        Pretence(over={"/proc/version": _WSL2}, replaced=_NO_CGROUPS),
        able=True,
        lacks="exact accounting",
        says=("/etc/wsl.conf", "systemd=true"),
        shown="WSL 2",
    ),
    Known(
        "a systemd unit that hides the kernel's settings",
        Pretence(masked=("/proc/acpi", "/proc/kmsg")),
        able=False,
        lacks="process file systems",
        says=("/proc/kmsg", "ProtectKernelTunables=no", "ProtectKernelLogs=no", "run as root"),
        roots=False,
    ),
    Known(
        "WSL 1",
        Pretence(over={"/proc/version": _WSL1}),
        able=False,
        lacks="host",
        says=("wsl --set-version",),
        shown="WSL 1",
    ),
    Known(
        "a kernel before mount_setattr",
        Pretence(refused={"mount_setattr": errno.ENOSYS}),
        able=False,
        lacks="read-only bind mounts",
        says=("Linux 5.12",),
    ),
    Known(
        "a kernel without filters",
        Pretence(refused={"prctl:seccomp": errno.EINVAL, "seccomp": errno.ENOSYS}),
        able=False,
        lacks="system call filters",
        says=("CONFIG_SECCOMP_FILTER",),
    ),
    Known(
        "a filter that forbids files in memory",
        Pretence(refused={"memfd_create": errno.EPERM}),
        able=False,
        lacks="files in memory",
        says=("memfd_create",),
    ),
    Known(
        "a filter that even root meets",
        Pretence(refused={"unshare": errno.EPERM}),
        able=False,
        lacks="namespaces of processes",
        says=("security module", "kernel's log"),
        accounts=False,
    ),
)
