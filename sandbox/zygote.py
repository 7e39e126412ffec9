"""A confined process that has imported a runtime's modules and forks boxes from itself on request.

It executes nothing but imports: TensorFlow forks safely only while it has one thread and no eager context
(docs/sandbox.md). It holds no secret, setting or answer; what it knows, every box may know.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import socket
import sys
import sysconfig
from pathlib import Path
from typing import NoReturn

from sandbox import layout, mounts, syscalls
from sandbox.forking import HOST_ID_COUNT, HOST_IDS_FROM, Breed, may_map_range, serve_forks
from sandbox.init import compiled_filters, write_id_maps
from sandbox.job import Runtime
from sandbox.wire import receive_control, send_control

_NICENESS = -5

_STANDARD_LIBRARY = (
    "array",
    "bisect",
    "collections",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "inspect",
    "io",
    "itertools",
    "json",
    "math",
    "operator",
    "pathlib",
    "queue",
    "random",
    "re",
    "statistics",
    "string",
    "struct",
    "textwrap",
    "threading",
    "time",
    "traceback",
    "types",
    "typing",
    "unicodedata",
    "uuid",
)
MODULES: dict[Runtime, tuple[str, ...]] = {
    Runtime.COMMAND: (),
    Runtime.PYTHON: _STANDARD_LIBRARY,
    Runtime.NUMPY: (*_STANDARD_LIBRARY, "numpy", "numpy.random", "numpy.linalg", "numpy.fft"),
    Runtime.ML: (
        *_STANDARD_LIBRARY,
        "numpy",
        "scipy.sparse",
        "scipy.optimize",
        "pandas",
        "sklearn",
        "sklearn.linear_model",
        "sklearn.ensemble",
        "sklearn.model_selection",
        "sklearn.metrics",
        "sklearn.pipeline",
        "sklearn.preprocessing",
        "sklearn.compose",
        "sklearn.impute",
        "tensorflow",
        "keras",
        "ai_edge_litert.interpreter",
    ),
}

WITH_PACKAGES = frozenset({Runtime.NUMPY, Runtime.ML})


def main() -> int:
    """Makes the namespaces, forks the zygote proper into them and stays to end with it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runtime", type=Runtime, required=True)
    parser.add_argument("--control", type=int, required=True, help="descriptor of the supervisor's socket")
    parser.add_argument("--root", type=Path, required=True, help="an empty folder to build the root at")
    options = parser.parse_args()
    syscalls.die_with_parent()
    control = socket.socket(fileno=options.control)
    config, starter = receive_control(control)
    device = config.get("device", {})
    _lower_priority()
    own_ids = may_map_range()
    privileged = own_ids and syscalls.has_capability(syscalls.CAP_SYS_ADMIN)
    _leave_host(privileged, own_ids=own_ids)
    ready_read, ready_write = os.pipe()
    mapped_read, mapped_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        syscalls.die_with_parent()
        # Only here: pivot_root(2) moves every process of a mount namespace.
        syscalls.unshare(syscalls.CLONE_NEWNS)
        mounts.build_root(
            options.root,
            layout.describe(
                stores=_paths(config["stores"]),
                masked=[Path(file) for file in config["masked"]],
                packages=options.runtime in WITH_PACKAGES,
                libraries=_paths(device.get("libraries", {})),
                nodes=_paths(device.get("nodes", {})),
            ),
        )
        mounts.enter_root(options.root)
        if privileged:
            _enter_user_namespace(ready_write, mapped_read)
        for fd in (ready_read, ready_write, mapped_read, mapped_write):
            os.close(fd)
        set_import_path(options.runtime, config["libraries"])
        _serve(options.runtime, control, own_ids=own_ids, starter=starter, watch=config["watch"])
    control.close()
    os.close(ready_write)
    if privileged and os.read(ready_read, 1):
        write_id_maps(f"/proc/{pid}", uid=HOST_IDS_FROM, gid=HOST_IDS_FROM, inside=0, count=HOST_ID_COUNT)
        os.write(mapped_write, b".")
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) & 0xFF


def _lower_priority() -> None:
    """Between the supervisor's, which keeps the clock, and a submission's: init can always end one."""
    if os.getpriority(os.PRIO_PROCESS, 0) < _NICENESS:
        os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)


def _paths(texts: dict[str, str]) -> dict[str, Path]:
    return {target: Path(source) for target, source in texts.items()}


def _leave_host(privileged: bool, *, own_ids: bool) -> None:
    """Enters fresh namespaces; the pid namespace takes effect for the next child."""
    # Not the control groups' namespace: from one that ends above a slot's group no box can be born into it.
    flags = syscalls.CLONE_NEWPID | syscalls.CLONE_NEWNET | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWUTS
    if privileged:
        syscalls.unshare(flags)
    elif own_ids:
        _leave_host_mapped(flags | syscalls.CLONE_NEWUSER)
    else:
        uid, gid = os.geteuid(), os.getegid()
        syscalls.unshare(flags | syscalls.CLONE_NEWUSER)
        write_id_maps("/proc/self", uid=uid, gid=gid, inside=0)


def _leave_host_mapped(flags: int) -> None:
    """For root that may not mount, as in a container: it stays itself inside, and boxes get ids of their own.

    As root's, they would be bounded in processes by nothing (setrlimit(2), RLIMIT_NPROC). The maps are
    written by a process that stays outside, where the right to do so is.
    """
    target = os.getpid()
    left_read, left_write = os.pipe()
    helper = os.fork()
    if helper == 0:
        os.close(left_write)
        if os.read(left_read, 1):
            for kind in ("gid", "uid"):
                extents = f"0 0 1\n1 {HOST_IDS_FROM + 1} {HOST_ID_COUNT - 1}\n"
                Path(f"/proc/{target}/{kind}_map").write_text(extents)
        os._exit(0)
    os.close(left_read)
    syscalls.unshare(flags)
    os.write(left_write, b".")
    os.close(left_write)
    if os.waitpid(helper, 0)[1]:
        raise OSError("the boxes' user ids cannot be mapped")


def _enter_user_namespace(ready: int, mapped: int) -> None:
    """Gives the host's root away, once the root's mounts, which needed it, are made; they are locked now."""
    syscalls.unshare(syscalls.CLONE_NEWUSER | syscalls.CLONE_NEWNS)
    os.write(ready, b".")
    os.read(mapped, 1)
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)
    syscalls.die_with_parent()


def set_import_path(runtime: Runtime, libraries: list[str]) -> None:
    """The standard library, then packages and libraries where the jail has them; and its interpreter."""
    library = sysconfig.get_path("stdlib")
    sys.path[:] = [entry for entry in sys.path if entry.startswith(library) and "-packages" not in entry]
    if runtime in WITH_PACKAGES:
        sys.path += [*layout.package_folders(), *libraries]
    sys.path_importer_cache.clear()
    # The one that runs here is most often a virtual environment's, which the jail has not.
    interpreter = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
    sys.executable = str(interpreter) if interpreter.exists() else ""


def import_modules(runtime: Runtime) -> list[str]:
    """Imports what the runtime has, then freezes it; the names that could not be imported."""
    missing = []
    for name in MODULES[runtime]:
        try:
            importlib.import_module(name)
        except ImportError:
            missing.append(name)
    gc.collect()
    gc.freeze()
    return missing


def _serve(
    runtime: Runtime, control: socket.socket, *, own_ids: bool, starter: int | None, watch: bool
) -> NoReturn:
    os.chdir("/")
    scripts = runtime is not Runtime.COMMAND
    breed = Breed(compiled_filters(runtime), own_ids, scripts=scripts, starter=starter, watch=watch)
    missing = import_modules(runtime)
    own = os.pidfd_open(os.getpid())
    send_control(control, {"event": "ready", "missing": missing}, own)
    os.close(own)
    serve_forks(control, breed)


if __name__ == "__main__":
    sys.exit(main())
