"""The sandbox as this installation has it: its stores, what is masked in them, and how to reach it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from sysconfig import get_path

from django.conf import settings

from questionbank.config.places import Assurance
from sandbox.client import Config, Sandbox, connect, private_sandbox
from sandbox.environment import TOOLCHAINS
from sandbox.errors import SandboxUnavailable
from sandbox.job import Runtime

PARKED = {Runtime.PYTHON: 3, Runtime.COMMAND: 3, Runtime.NUMPY: 2, Runtime.ML: 1}


def sandbox_config(socket: Path, parked: dict[Runtime, int] | None = None) -> Config:
    """What a supervisor of this installation is started with."""
    return config_over(
        Path(settings.DATA_ROOT),
        socket,
        masked=settings.JAIL_MASKED,
        toolchains=settings.TOOLCHAINS,
        assurance=settings.ASSURANCE,
        parked=parked,
    )


def config_over(
    data_root: Path,
    socket: Path,
    *,
    masked: Sequence[str],
    toolchains: Sequence[Path],
    assurance: Assurance,
    parked: dict[Runtime, int] | None = None,
) -> Config:
    """The same over a given data folder, for a process that holds no settings."""
    packages = Path(
        get_path("purelib")
    ).resolve()  # as the jail binds it: an unresolved mask would hide nothing
    public = data_root / "public"
    public.mkdir(parents=True, exist_ok=True)
    return Config(
        socket=socket,
        stores={"/store": public, **_places_in_jail(toolchains)},
        libraries=("/store/library",),
        masked=tuple(packages / name for name in masked),
        parked=PARKED if parked is None else parked,
        high_assurance=assurance.high,
        oci_runtime=assurance.runtime,
    )


def _places_in_jail(folders: Sequence[Path]) -> dict[str, Path]:
    """Toolchains that the operator names, at places of the jail where commands look for programs."""
    return {f"{TOOLCHAINS}/{number}-{folder.name}": folder for number, folder in enumerate(folders)}


@contextmanager
def open_sandbox() -> Iterator[Sandbox]:
    """The running installation's sandbox; where none runs, one of one's own for as long as it is needed."""
    try:
        sandbox = connect(Path(settings.SANDBOX_SOCKET))
    except SandboxUnavailable:
        with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
            config = sandbox_config(Path(folder) / "sandbox.sock", {Runtime.PYTHON: 1})
            with private_sandbox(config) as own:
                yield own
        return
    try:
        yield sandbox
    finally:
        sandbox.close()
