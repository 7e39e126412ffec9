"""The sandbox as this installation has it: its stores, what is masked in them, and how to reach it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sysconfig import get_path

from django.conf import settings

from sandbox.client import Config, Sandbox, connect, private_sandbox
from sandbox.errors import SandboxUnavailable
from sandbox.job import Runtime
from sandbox.program import TOOLCHAINS

PARKED = {Runtime.PYTHON: 3, Runtime.COMMAND: 3, Runtime.NUMPY: 2, Runtime.ML: 1}


def sandbox_config(socket: Path, parked: dict[Runtime, int] | None = None) -> Config:
    """What a supervisor of this installation is started with."""
    packages = Path(
        get_path("purelib")
    ).resolve()  # as the jail binds it: an unresolved mask would hide nothing
    public = Path(settings.DATA_ROOT) / "public"
    public.mkdir(parents=True, exist_ok=True)
    return Config(
        socket=socket,
        stores={"/store": public, **_toolchains()},
        libraries=("/store/library",),
        masked=tuple(packages / name for name in settings.JAIL_MASKED),
        parked=PARKED if parked is None else parked,
    )


def _toolchains() -> dict[str, Path]:
    """The folders that the operator names, at places of the jail where commands look for programs."""
    folders = [Path(folder).resolve() for folder in settings.TOOLCHAINS]
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
    yield sandbox
