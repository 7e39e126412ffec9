"""What an operator can do about a guarantee that does not hold, by the host it is missing on."""

from __future__ import annotations

import errno

from sandbox.host import Container, Host
from sandbox.trial import Part, Step

KERNEL = "Read-only bind mounts are made with mount_setattr(2): use Linux 5.12 or later."
LANDLOCK = (
    "Nothing needs it: it is a second wall. For it use Linux 5.13 or later with CONFIG_SECURITY_LANDLOCK, "
    "and `landlock` among the modules in the kernel's `lsm=` parameter."
)
STARTER = (
    "Nothing needs it: with it a command starts a millisecond sooner. For it install a C compiler, and "
    "the C library to link with statically (Debian, Ubuntu: gcc and libc6-dev)."
)
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
# A kernel setting, the value that refuses, and the command that mends it.
_SWITCHES = (
    ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
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
    if step.number == errno.ENOSYS and not host.container:
        return KERNEL
    if step.part is Part.FILTER:
        return _for_filter(host)
    switches = [command for name, off, command in _SWITCHES if host.switch(name) == off]
    if host.privileged:
        # The first and the last say nothing to root.
        switches = [command for command in switches if "max_user" in command]
    if switches:
        keep = "To keep it, put the same into a file in /etc/sysctl.d."
        return " ".join([f"As root: {'; '.join(switches)}.", keep, *([] if host.privileged else [_ROOT])])
    if step.number == errno.ENOSPC:
        return "As root: sysctl -w user.max_user_namespaces=15000; all of them are taken."
    if host.container and step.part is Part.USER and host.root:
        return f"{_CONTAINER[host.container]} If its root was left without rights: {for_ids(host)}"
    if host.container:
        return _CONTAINER[host.container]
    if host.privileged:
        return (
            "A security module or a filter around this process refuses it even to root: see the kernel's log."
        )
    return f"Allow user namespaces to this account: a security module or a filter refuses them. {_ROOT}"


def _for_filter(host: Host) -> str:
    if host.container:
        return f"The container forbids filters of its own. {_CONTAINER[host.container]}"
    return "Use a kernel with CONFIG_SECCOMP_FILTER, and no filter around this process that forbids more."


def for_ids(host: Host) -> str:
    """Where root could give boxes no id but its own, and nothing else bounds how many processes they make."""
    if host.container:
        return "start it as another user (docker run --user 1000), or leave root SETUID, SETGID and SETFCAP."
    return "Run as an account that is not root, or leave root the rights SETUID and SETGID."


def for_accounting(host: Host) -> str:
    """How to get control groups, so that CPU and memory are counted by the kernel."""
    if host.container is Container.DOCKER:
        return "Start the container with --privileged --cgroupns=private."
    if host.container is Container.PODMAN:
        return "Start the container with --privileged, or with -v /sys/fs/cgroup:/sys/fs/cgroup:rw as root."
    if host.container:
        return "Let the container's manager delegate its control group, writable below /sys/fs/cgroup."
    if host.wsl == 2:
        return (
            "Turn systemd on: [boot] systemd=true in /etc/wsl.conf, then wsl --shutdown; after that "
            "systemd-run --user --scope -p Delegate=yes make up."
        )
    if host.root:
        return "Mount them: mount -t cgroup2 none /sys/fs/cgroup (systemd does that at boot)."
    return (
        "Give this account a control group of its own: systemd-run --user --scope -p Delegate=yes make up, "
        f"or Delegate=yes in a service. {_ROOT}"
    )
