"""What an operator can do about a guarantee that does not hold, by the host it is missing on."""

from __future__ import annotations

import errno

from sandbox.host import Container, Host
from sandbox.mount_table import Mount
from sandbox.trial import NAMESPACES, Part, Step

KERNEL = "Read-only bind mounts are made with mount_setattr(2): use Linux 5.12 or later."
PROC = "As root: mount -t proc proc /proc, in a chroot before it is entered."
LIMITS = "Raise them where this is started, soft and hard alike."
LANDLOCK = (
    "Nothing needs it: it is a second wall. For it use Linux 5.13 or later with CONFIG_SECURITY_LANDLOCK, "
    "and `landlock` among the modules in the kernel's `lsm=` parameter."
)
STARTER = (
    "Nothing needs it: with it a command starts a millisecond sooner. For it install a C compiler, and "
    "the C library to link with statically (Debian, Ubuntu: gcc and libc6-dev)."
)
STARTER_FILE = (
    "Nothing needs it: with it a command starts a millisecond sooner. For it let files in memory be "
    "executed: sysctl -w vm.memfd_noexec=1 where it is 2, and no filter that forbids memfd_create(2)."
)
_KEPT = "To keep it, put the same into a file in /etc/sysctl.d."
_ROOT = "Or run as root: then only the sandbox's supervisor keeps root."
_CONTAINER = {
    Container.DOCKER: (
        "Start the container with --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
        "--security-opt systempaths=unconfined, or with --privileged."
    ),
    Container.PODMAN: (
        "Start the container with --security-opt seccomp=unconfined --security-opt unmask=ALL "
        "--security-opt label=disable, or with --privileged."
    ),
    Container.KUBERNETES: (
        "Give the container a securityContext with seccompProfile: {type: Unconfined}, "
        "appArmorProfile: {type: Unconfined} and procMount: Unmasked, or with privileged: true."
    ),
    Container.LXC: "On its host: lxc config set CONTAINER security.nesting=true, then start it again.",
    Container.OTHER: (
        "Let the container's manager allow what it refused: no seccomp filter, an unmasked /proc, nested "
        "user namespaces."
    ),
}
_GROUPS = {
    Container.DOCKER: "start the container with --privileged --cgroupns=private",
    Container.PODMAN: (
        "start the container with --privileged, or with -v /sys/fs/cgroup:/sys/fs/cgroup:rw as root"
    ),
}
_AS_ROOT = {
    Container.DOCKER: " (docker run --user 0)",
    Container.PODMAN: " (podman run --user 0)",
    Container.KUBERNETES: " (securityContext: runAsUser: 0)",
}
# An engine covers parts of /proc with an empty folder, with /dev/null, or with themselves, read-only.
_ENGINES_COVERS = frozenset({"tmpfs", "devtmpfs", "proc"})
_PLACES_SAID = 4
_DELEGATED = "systemd-run --user --scope -p Delegate=yes make up"
# A kernel setting, the value that refuses, and the command that mends it.
_SWITCHES = (
    ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
)


def for_system(host: Host) -> str:
    """Where this is no Linux that could do it."""
    if host.wsl == 1:
        return (
            "WSL 1 has no Linux kernel. In PowerShell: wsl --set-version DISTRIBUTION 2 (wsl -l -v names it)."
        )
    return "Use Linux on x86_64 or aarch64; on Windows, WSL 2 is one."


def for_step(step: Step, host: Host) -> str:
    """What helps against the refusal of one part of a box."""
    if step.part is Part.TRYING:
        return "Report this text and the host."
    if step.part is Part.MEMORY:
        refused = "A filter or a security module around this process refuses memfd_create(2)"
        return f"{refused}. {_CONTAINER[host.container]}" if host.container else f"{refused}: let it pass."
    if step.number == errno.ENOSYS and not host.container:
        return KERNEL
    if step.part is Part.FILTER:
        return _for_filter(host)
    if step.number == errno.ENOSPC:
        return _for_shortage(step, host)
    if step.part is Part.PROC and step.number == errno.EPERM and (over := host.over_proc()):
        return _for_covered_proc(over, host)
    switches = [command for name, off, command in _SWITCHES if host.switch(name) == off]
    if switches and not host.privileged:  # they say nothing to root
        return f"As root: {'; '.join(switches)}. {_KEPT} {_ROOT}"
    if host.container and step.part is Part.USER and host.root:
        return f"{_CONTAINER[host.container]} If its root was left without rights: {for_ids(host)}"
    if host.container:
        return _CONTAINER[host.container]
    if host.privileged:
        return (
            "A security module or a filter around this process refuses it even to root: see the kernel's log."
        )
    return f"Allow user namespaces to this account: a security module or a filter refuses them. {_ROOT}"


def _for_shortage(step: Step, host: Host) -> str:
    """ENOSPC: namespaces(7), or the mounts that one namespace of them may have."""
    if step.part not in (Part.USER, Part.OTHERS):
        return f"As root: sysctl -w fs.mount-max=100000; all mounts are taken. {_KEPT}"
    settings = [f"max_{kind}_namespaces" for kind in step.short or NAMESPACES]
    commands = "; ".join(f"sysctl -w user.{name}=15000" for name in settings)
    here = ", ".join(f"user.{name} is {host.switch(f'user/{name}') or 'not shown'}" for name in settings)
    around = " The host of the container sets the same, and the lowest counts." if host.container else ""
    return f"As root: {commands}; all are taken ({here} here). {_KEPT}{around}"


def _for_covered_proc(over: list[Mount], host: Host) -> str:
    """mount_namespaces(7): who sees a /proc in part may mount no whole one in a user namespace."""
    places = list(dict.fromkeys(str(mount.point) for mount in over))
    more = f" and {len(places) - _PLACES_SAID} more" if len(places) > _PLACES_SAID else ""
    covered = (
        f"What lies over {', '.join(places[:_PLACES_SAID])}{more} forbids a user namespace its own /proc."
    )
    if not host.container:
        return (
            f"{covered} Where a systemd unit hides them: ProtectKernelTunables=no, ProtectKernelLogs=no, "
            "ProtectHostname=no and no InaccessiblePaths= in it. Otherwise, as root: umount each. "
            f"{_ROOT}"
        )
    foreign = [str(mount.point) for mount in over if mount.fstype not in _ENGINES_COVERS]
    volumes = f" Leave out the volumes over {', '.join(foreign)}." if foreign else ""
    return f"{covered} {_CONTAINER[host.container]}{volumes}"


def _for_filter(host: Host) -> str:
    if host.container:
        return f"The container forbids filters of its own. {_CONTAINER[host.container]}"
    return "Use a kernel with CONFIG_SECCOMP_FILTER, and no filter around this process that forbids more."


def for_ids(host: Host) -> str:
    """Where root could give boxes no id but its own, and nothing else bounds how many processes they make."""
    if host.container:
        return "start it as another user (docker run --user 1000), or leave root SETUID, SETGID and SETFCAP."
    return "Run as an account that is not root, or leave root the rights SETUID and SETGID."


def for_accounting(host: Host, *, shown: str, read_only: bool) -> str:
    """How to get control groups, so that CPU and memory are counted by the kernel.

    `shown` are the versions that are mounted here, `read_only` says that even root may not write to one.
    """
    if host.container and not host.systemd:
        return _for_accounting_in_container(host, host.container, may_write=bool(shown) and not read_only)
    if host.wsl == 2 and not host.systemd:
        return (
            "Turn systemd on: [boot] systemd=true in /etc/wsl.conf, then wsl --shutdown; after that "
            f"{_DELEGATED}."
        )
    if read_only:
        kept = f" An account also needs one of its own: {_DELEGATED}." if not host.root else ""
        return (
            "Let them be written to: ProtectControlGroups=no in the systemd unit, or, as root, "
            f"mount -o remount,rw PLACE for each that findmnt -t cgroup,cgroup2 names.{kept}"
        )
    if host.root and shown:
        return (
            "Its own group lacks the memory or the pids controller: where the kernel has them off, boot with "
            "cgroup_enable=memory; where a group above keeps them, write +memory +pids to its "
            "cgroup.subtree_control."
        )
    if host.root:
        return "Mount them: mount -t cgroup2 none /sys/fs/cgroup (systemd does that at boot)."
    if "1" in shown:
        return f"Version 1 has none for an account: boot with systemd.unified_cgroup_hierarchy=1. {_ROOT}"
    return (
        f"Give this account a control group of its own: {_DELEGATED}, or Delegate=yes in a service. {_ROOT}"
    )


def _for_accounting_in_container(host: Host, container: Container, *, may_write: bool) -> str:
    start = _GROUPS.get(
        container, "let its manager delegate its control group, writable below /sys/fs/cgroup"
    )
    if host.root:
        return f"{start[0].upper()}{start[1:]}."
    as_root = f"Only root may write to a container's: run as root in it{_AS_ROOT.get(container, '')}"
    before = "" if may_write else f", and {start}"
    return f"{as_root}{before}; then only the sandbox's supervisor keeps root."
