"""What a jail's root holds, as plain values: the native mounts and an OCI bundle are made from the same."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

_SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC_ENTRIES = ("ld.so.cache", "alternatives", "java-*-openjdk")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_FOLDERS = ("/proc", "/dev", "/dev/shm", "/etc", "/tmp", "/work", "/box", "/old")  # noqa: S108 - the jail's own
_EMPTY_FILE = "/empty"
_FILES = {
    "/etc/passwd": "root:x:0:0:root:/:/bin/sh\nrunner:x:1000:1000:runner:/work:/bin/sh\n",
    "/etc/group": "root:x:0:\nrunner:x:1000:\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "/etc/hosts": "127.0.0.1 localhost\n",
    _EMPTY_FILE: "",
}
_LINKS = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
}


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or folder of the host at a path of the jail, read-only; a `device` may be used as one."""

    source: Path
    target: str
    device: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """A read-only root. Paths are the jail's own; `binds` are mounted in their order.

    `hidden` folders and `masked` files lie below binds and are shown empty.
    """

    folders: tuple[str, ...]
    files: Mapping[str, str]
    links: Mapping[str, str]
    binds: tuple[Bind, ...]
    hidden: tuple[str, ...]
    masked: tuple[str, ...]
    empty_file: str = _EMPTY_FILE

    def with_bind(self, bind: Bind) -> Layout:
        """The same root with one thing more."""
        return replace(self, binds=(*self.binds, bind))


def package_folders() -> dict[str, Path]:
    """Where the environment's packages lie in a jail, and on the host: a path that no box mounts over."""
    folders = {"/packages": Path(sysconfig.get_path("purelib")).resolve()}
    platform_folder = Path(sysconfig.get_path("platlib")).resolve()
    if platform_folder not in folders.values():
        folders["/platform-packages"] = platform_folder
    return folders


def describe(
    *,
    stores: Mapping[str, Path],
    masked: Sequence[Path],
    packages: bool,
    libraries: Mapping[str, Path] | None = None,
    nodes: Mapping[str, Path] | None = None,
) -> Layout:
    """The system's programs and libraries, the interpreter, the stores, and nothing else of the host.

    `nodes` and `libraries` are a leased device's: path in the jail to the host's. What the host has not is
    left out, and so are libraries of the system's own folders, which are there already.
    """
    folders = {**(package_folders() if packages else {}), **stores}
    links = dict(_LINKS)
    binds = []
    for path in map(Path, _SYSTEM_FOLDERS):
        if path.is_symlink():
            links[str(path)] = str(path.readlink())
        else:
            binds.append(Bind(path, str(path)))
    binds += [
        Bind(entry, str(entry)) for pattern in _ETC_ENTRIES for entry in sorted(Path("/etc").glob(pattern))
    ]
    prefix = Path(sys.base_prefix).resolve()
    if not prefix.is_relative_to("/usr"):
        binds.append(Bind(prefix, str(prefix)))
    binds += [
        Bind(source, target) for target, source in {**folders, **_outside_system(libraries or {})}.items()
    ]
    binds += [Bind(Path("/dev", name), f"/dev/{name}", device=True) for name in _DEVICES]
    binds += [Bind(source, target, device=True) for target, source in (nodes or {}).items()]
    beside = Path(sysconfig.get_path("stdlib"), "site-packages")
    hidden = (str(beside),) if beside.is_dir() else ()
    targets = _masked_targets(masked, binds)
    return Layout(
        folders=_FOLDERS,
        files=_FILES,
        links=links,
        binds=tuple(bind for bind in binds if bind.source.exists()),
        hidden=hidden,
        masked=tuple(target for target in targets if not any(map(Path(target).is_relative_to, hidden))),
    )


def _outside_system(libraries: Mapping[str, Path]) -> dict[str, Path]:
    return {
        target: source
        for target, source in libraries.items()
        if not any(Path(target).is_relative_to(folder) for folder in _SYSTEM_FOLDERS)
    }


def _masked_targets(masked: Sequence[Path], binds: Sequence[Bind]) -> list[str]:
    """Where the masked files can be seen, the system's own folders among them."""
    return [
        f"{bind.target}/{file.relative_to(bind.source)}"
        for file in masked
        for bind in binds
        if file.is_relative_to(bind.source) and file.is_file()
    ]
