"""What a jail sees: the read-only root that zygotes live in, and the one writable file system of a box."""

from __future__ import annotations

import os
from pathlib import Path

from sandbox.layout import Bind, Layout
from sandbox.syscalls import (
    MOUNT_ATTR_NODEV,
    MOUNT_ATTR_NOEXEC,
    MOUNT_ATTR_NOSUID,
    MOUNT_ATTR_RDONLY,
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_NOSYMFOLLOW,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    mount,
    pivot_root,
    set_mount_attributes,
    umount,
)

BOX_FOLDERS = {"/work": "work", "/tmp": "tmp", "/dev/shm": "shm"}  # noqa: S108 - the jail's own /tmp
_ZYGOTE_TEMPORARY = "/tmp"  # noqa: S108 - of the zygote's own root


def build_root(root: Path, layout: Layout) -> None:
    """Makes the jail's root at the existing empty folder `root`, in the caller's mount namespace.

    Everything below it is read-only, nosuid and, device nodes apart, nodev.
    """
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    mount("tmpfs", str(root), "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755")
    make_skeleton(root, layout)
    for bind in layout.binds:
        _bind(bind, below(root, bind.target))
    for folder in layout.hidden:
        mount("tmpfs", str(below(root, folder)), "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "size=4k")
    for file in layout.masked:
        mount(str(below(root, layout.empty_file)), str(below(root, file)), "", MS_BIND)


def make_skeleton(root: Path, layout: Layout) -> None:
    """Makes the folders, files and links that the root holds itself."""
    for folder in layout.folders:
        below(root, folder).mkdir(parents=True, exist_ok=True)
    for file, text in layout.files.items():
        below(root, file).write_text(text)
    for link, pointed in layout.links.items():
        below(root, link).symlink_to(pointed)


def below(root: Path, inside: str) -> Path:
    """A path of the jail as seen from outside, where its root is `root`."""
    return root / inside.lstrip("/")


def enter_root(root: Path) -> None:
    """Makes `root` the root of this mount namespace, with a /proc of this pid namespace, all read-only."""
    mount("proc", str(root / "proc"), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    os.chdir(root)
    pivot_root(".", "old")
    os.chdir("/")
    umount("/old")
    # Some modules ask for a folder for temporary files at import; a box's own /tmp hides this one.
    mount("tmpfs", _ZYGOTE_TEMPORARY, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=1m")
    mount("none", "/", "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def _bind(bind: Bind, target: Path) -> None:
    if bind.source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount(str(bind.source), str(target), "", MS_BIND | MS_REC)
    forbidden = MOUNT_ATTR_NOEXEC if bind.device else MOUNT_ATTR_NODEV
    set_mount_attributes(str(target), MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | forbidden)


def mount_box() -> None:
    """Gives this mount namespace its own /proc and its one writable file system: /work, /tmp, /dev/shm."""
    mount_disk(Path("/box"))
    for target, name in BOX_FOLDERS.items():
        mount(f"/box/{name}", target, "", MS_BIND)
    umount("/box")
    # Processes only: what the kernel says of the host stays out.
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "subset=pid")


def mount_disk(folder: Path) -> None:
    """Mounts a writable file system at `folder`, of any size for now, with the folders of a box in it."""
    flags = MS_NOSUID | MS_NODEV | MS_NOSYMFOLLOW
    mount("tmpfs", str(folder), "tmpfs", flags, "size=64m,nr_inodes=4096,mode=755")
    for name in BOX_FOLDERS.values():
        (folder / name).mkdir(mode=0o700)
