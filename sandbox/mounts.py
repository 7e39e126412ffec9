"""What a jail sees: the read-only root that zygotes live in, and the one writable file system of a box."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

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

_SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC_ENTRIES = ("ld.so.cache", "alternatives", "java-17-openjdk", "java-21-openjdk")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_ETC_FILES = {
    "passwd": "root:x:0:0:root:/:/bin/sh\nrunner:x:1000:1000:runner:/work:/bin/sh\n",
    "group": "root:x:0:\nrunner:x:1000:\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "hosts": "127.0.0.1 localhost\n",
}
_BOX_FOLDERS = {"/work": "work", "/tmp": "tmp", "/dev/shm": "shm"}  # noqa: S108 - the jail's own /tmp
_ZYGOTE_TEMPORARY = "/tmp"  # noqa: S108 - of the zygote's own root


def package_folders() -> dict[str, Path]:
    """Where the environment's packages lie in a jail, and on the host: a path that no box mounts over."""
    folders = {"/packages": Path(sysconfig.get_path("purelib")).resolve()}
    platform_folder = Path(sysconfig.get_path("platlib")).resolve()
    if platform_folder not in folders.values():
        folders["/platform-packages"] = platform_folder
    return folders


def build_root(root: Path, *, stores: Mapping[str, Path], masked: Sequence[Path], packages: bool) -> None:
    """Makes the jail's root at the existing empty folder `root`, in the caller's mount namespace.

    Everything below it is read-only, nosuid and nodev; it holds the system's programs and libraries, the
    interpreter, the stores, and nothing else of the host.
    """
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    mount("tmpfs", str(root), "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755")
    for name in ("proc", "dev", "dev/shm", "etc", "tmp", "work", "box", "old"):
        (root / name).mkdir()
    for name, text in _ETC_FILES.items():
        (root / "etc" / name).write_text(text)
    for system_folder in _SYSTEM_FOLDERS:
        _copy_system_folder(root, Path(system_folder))
    for entry in _ETC_ENTRIES:
        _bind(Path("/etc") / entry, root / "etc" / entry)
    _bind_interpreter(root)
    folders = {**(package_folders() if packages else {}), **stores}
    for target, source in folders.items():
        _bind(source, root / target.lstrip("/"))
    (root / "empty").touch()
    for file in masked:
        for target, source in folders.items():
            if file.is_relative_to(source) and file.is_file():
                inside = root / target.lstrip("/") / file.relative_to(source)
                mount(str(root / "empty"), str(inside), "", MS_BIND)
    for name in _DEVICES:
        device = root / "dev" / name
        device.touch()
        mount(f"/dev/{name}", str(device), "", MS_BIND)
        set_mount_attributes(str(device), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)
    for name, link in {"fd": "fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}.items():
        (root / "dev" / name).symlink_to(f"/proc/self/{link}")


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


def _bind_interpreter(root: Path) -> None:
    """The interpreter and its standard library, at their own path, without the packages beside it."""
    prefix = Path(sys.base_prefix).resolve()
    if not prefix.is_relative_to("/usr"):
        _bind(prefix, root / str(prefix).lstrip("/"))
    beside = root / sysconfig.get_path("stdlib").lstrip("/") / "site-packages"
    if beside.is_dir():
        mount("tmpfs", str(beside), "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "size=4k")


def _copy_system_folder(root: Path, folder: Path) -> None:
    if folder.is_symlink():
        (root / str(folder).lstrip("/")).symlink_to(folder.readlink())
    else:
        _bind(folder, root / str(folder).lstrip("/"))


def _bind(source: Path, target: Path) -> None:
    if not source.exists():
        return
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount(str(source), str(target), "", MS_BIND | MS_REC)
    set_mount_attributes(str(target), MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)


def mount_box() -> None:
    """Gives this mount namespace its own /proc and its one writable file system: /work, /tmp, /dev/shm."""
    mount("tmpfs", "/box", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOSYMFOLLOW, "size=64m,nr_inodes=4096,mode=755")
    for target, name in _BOX_FOLDERS.items():
        Path("/box", name).mkdir(mode=0o700)
        mount(f"/box/{name}", target, "", MS_BIND)
    umount("/box")
    # Processes only: what the kernel says of the host stays out.
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "subset=pid")


def resize_box(*, disk_bytes: int, inodes: int) -> None:
    """Sets the size (bytes) and the number of files of the box's writable file system."""
    # Each folder and the mount itself take an inode of their own.
    options = f"size={disk_bytes},nr_inodes={inodes + 8}"
    mount("tmpfs", "/work", "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOSYMFOLLOW, options)
