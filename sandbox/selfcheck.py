"""One self-check of the jail, the same for every host and backend: what a sandbox promises is tried in it.

A promise is tried by both ways into a box: as a script in the warm interpreter and as a command.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.client import Sandbox
from sandbox.environment import CLEAN_PYTHON
from sandbox.guarantees import Finding
from sandbox.job import MIB, Command, Job, Limits, Outcome, Runtime, Script, Status

_PROBE = Path(__file__).with_name("probe.py")
_REPORT = "This must hold everywhere: report the host and this text."
_NAMESPACES = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
_WRITABLE = ("/work", "/tmp", "/dev/shm")  # noqa: S108 - the jail's own
_ROOT = frozenset(
    {"bin", "box", "dev", "empty", "etc", "lib", "lib32", "lib64", "libx32", "old", "packages"}
    | {"platform-packages", "proc", "sbin", "store", "tmp", "toolchains", "usr", "work"}
)
_ETC = frozenset(
    {"alternatives", "group", "hosts", "java-17-openjdk", "java-21-openjdk", "ld.so.cache", "nsswitch.conf"}
    | {"passwd"}
)
_DEVICES = frozenset({"fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"})
# What an OCI runtime adds: its way in, and the devices that the specification gives to every container.
_CONTAINED = frozenset({"sandbox-code", "sys"})
_CONTAINED_DEVICES = frozenset({"console", "core", "mqueue", "ptmx", "pts", "tty"})
_ENVIRONMENT = frozenset(CLEAN_PYTHON) | {"LC_CTYPE"}  # Python sets that one where it is a command
_ROOMY = Limits(
    cpu_s=5, wall_s=10, memory_bytes=256 * MIB, processes=8, output_bytes=65_536, disk_bytes=MIB, inodes=64
)

Seen = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Backend:
    """What runs the boxes, as their runs record it: this package, or an OCI runtime, maybe with a kernel of
    its own. A runtime makes devices and its root itself; where the kernel is its own, so are namespaces,
    mounts and /proc, and they show nothing of the host's."""

    contained: bool
    own_kernel: bool
    landlock: bool

    @classmethod
    def of(cls, guarantees: Sequence[str]) -> _Backend:
        return cls(
            contained=any(name.startswith("runtime:") for name in guarantees),
            own_kernel="runtime:runsc" in guarantees,
            landlock=any(name.startswith("landlock:v") for name in guarantees),
        )


def self_check(sandbox: Sandbox) -> Iterator[Finding]:
    """Tries every promise; one finding each, in the order in which they are worth reading."""
    outcomes = [_look(sandbox, *way) for way in _ways()]
    lost = [outcome for outcome in outcomes if outcome.status is not Status.OK]
    if lost:
        said = f"{lost[0].reason}: {lost[0].stderr.decode(errors='replace')[-400:]}"
        yield Finding("a program that looks around", False, said, _REPORT)
        return
    reports: list[Seen] = [json.loads(outcome.stdout) for outcome in outcomes]
    for name, held, detail in _confinement(_Backend.of(outcomes[0].guarantees)):
        failing = [report for report in reports if not held(report)]
        yield _finding(name, not failing, str(detail((failing or reports)[0])))
    yield _finding(
        "random state of its own", len({report["random"] for report in reports}) == len(reports), "differs"
    )
    yield from _limits(sandbox)
    yield _nothing_stays(sandbox)


def _finding(name: str, held: bool, detail: str) -> Finding:
    return Finding(name, held, detail, "" if held else _REPORT)


def _ways() -> tuple[tuple[Runtime, Script | Command], ...]:
    interpreter = str(Path(sys.executable).resolve())
    return (
        (Runtime.PYTHON, Script("probe.py")),
        (Runtime.COMMAND, Command((interpreter, "-I", "-B", "probe.py"))),
    )


def _look(sandbox: Sandbox, runtime: Runtime, program: Script | Command) -> Outcome:
    """A run of the probe."""
    files = {"probe.py": _PROBE.read_bytes()}
    return sandbox.run(Job(runtime, program, files=files, limits=Limits(cpu_s=10, wall_s=20)))


Check = tuple[str, Callable[[Seen], bool], Callable[[Seen], object]]


def _confinement(backend: _Backend) -> Iterator[Check]:
    """Name, what must be true of the probe's report, and what to show of it."""
    if not backend.own_kernel:
        yield (
            "own namespaces",
            lambda seen: not _shared(seen),
            lambda seen: f"shared: {_shared(seen) or 'none'}",
        )
    maps = _maps_any_ids if backend.own_kernel else _maps_one_id
    yield (
        "own processes only",
        lambda seen: seen["processes"] == [1, 2] and seen["pid"] == 2,
        lambda seen: f"sees processes {seen['processes']}",
    )
    yield (
        "unprivileged",
        lambda seen: seen["ids"] == [[1000] * 3] * 2 and set(seen["groups"]) <= {1000} and maps(seen),
        lambda seen: f"ids {seen['ids'][0][0]}:{seen['ids'][1][0]}, groups {seen['groups']}",
    )
    yield (
        "no capabilities",
        lambda seen: not any(seen["capabilities"]),
        lambda seen: f"sets: {seen['capabilities']}",
    )
    yield (
        "no new privileges",
        lambda seen: seen["no_new_privs"] == "1" and (backend.own_kernel or not seen["set_uid_counts"]),
        lambda seen: f"NoNewPrivs {seen['no_new_privs']}, set-uid ignored: {not seen['set_uid_counts']}",
    )
    yield (
        "system call filter",
        lambda seen: seen["seccomp"] == "2" and _refuses_kernel_calls(seen),
        lambda seen: f"mode {seen['seccomp']}",
    )
    if backend.landlock:
        yield ("Landlock", lambda seen: bool(seen["comm_refused"]), lambda _: "refuses what no mount forbids")
    yield (
        "no network",
        lambda seen: seen["internet_refused"] and seen["interfaces"] in ([], ["lo"]),
        lambda seen: f"interfaces: {seen['interfaces']}",
    )
    yield (
        "nothing of the host but the runtime",
        lambda seen: not _foreign(seen, backend),
        lambda seen: f"foreign: {_foreign(seen, backend) or 'nothing'}",
    )
    yield (
        "mounts read-only, nosuid, nodev",
        lambda seen: not _loose_mounts(seen, backend) and not seen["writable"],
        lambda seen: f"loose: {_loose_mounts(seen, backend) + seen['writable'] or 'none'}",
    )
    if not backend.own_kernel:
        yield ("no links followed", lambda seen: not seen["follows_link"], lambda _: "on the box's own files")
    # gVisor knows no process that may not be looked at; its memory may not be read all the same.
    shown = {"environ", "maps", "fd", "root", "cwd", "exe"} if backend.own_kernel else set()
    yield (
        "init out of reach",
        lambda seen: set(seen["init"]) <= shown,
        lambda seen: f"readable: {seen['init'] or 'nothing'}",
    )
    yield (
        "clean environment",
        lambda seen: set(seen["environment"]) <= _ENVIRONMENT and seen["hostname"] == "box",
        lambda seen: f"foreign: {sorted(set(seen['environment']) - _ENVIRONMENT) or 'none'}",
    )
    yield (
        "closed descriptors",
        lambda seen: set(seen["descriptors"]) <= {0, 1, 2, 3},  # the last one looks at them
        lambda seen: f"open: {seen['descriptors']}",
    )
    yield (
        "resource limits",
        lambda seen: _limited(seen["limits"]),
        lambda seen: ", ".join(f"{name} {soft}" for name, (soft, _) in seen["limits"].items()),
    )


def _shared(seen: Seen) -> list[str]:
    own = {name: os.readlink(f"/proc/self/ns/{name}") for name in _NAMESPACES}  # noqa: PTH115 - no path
    return [name for name in _NAMESPACES if seen["namespaces"].get(name) in (None, own[name])]


def _maps_any_ids(_: Seen) -> bool:
    return True


def _maps_one_id(seen: Seen) -> bool:
    return all(len(fields) == 3 and fields[0] == "1000" and fields[2] == "1" for fields in seen["id_maps"])


def _refuses_kernel_calls(seen: Seen) -> bool:
    return bool(seen["namespace_refused"] and seen["mount_refused"] and seen["trace_refused"])


def _foreign(seen: Seen, backend: _Backend) -> list[str]:
    """Names in /, /etc, /dev and /proc that no runtime needs."""
    root = _ROOT | {Path(sys.base_prefix).resolve().parts[1]} | (_CONTAINED if backend.contained else set())
    found = [f"/{name}" for name in seen["root"] if name not in root]
    found += [f"/etc/{name}" for name in seen["etc"] if name not in _ETC]
    if backend.own_kernel:
        return found
    devices = _DEVICES | (_CONTAINED_DEVICES if backend.contained else set())
    found += [f"/dev/{name}" for name in seen["devices"] if name not in devices]
    return found + [f"/proc/{name}" for name in seen["proc"] if name not in ("self", "thread-self")]


def _loose_mounts(seen: Seen, backend: _Backend) -> list[str]:
    """Mounts that allow more than they must; of several at one place, the one that is seen."""
    if backend.own_kernel:
        return []
    topmost = {mount["place"]: mount for mount in seen["mounts"]}
    loose = [place for place, mount in topmost.items() if not _is_tight(place, mount)]
    # An OCI runtime mounts these itself; that nothing there can be written is tried.
    own = [place for place in loose if place in ("/", "/dev") or place.startswith("/dev/")]
    return [place for place in loose if not (backend.contained and place in own and place != "/dev/shm")]  # noqa: S108


def _is_tight(place: str, mount: Mapping[str, Any]) -> bool:
    flags, options = set(mount["flags"]), mount["options"]
    if place in _WRITABLE:
        bounded = {option.partition("=")[0] for option in options} >= {"size", "nr_inodes"}
        return flags >= {"nosuid", "nodev", "nosymfollow"} and bounded and mount["type"] == "tmpfs"
    if place == "/proc":
        return flags >= {"nosuid", "nodev", "noexec"} and "subset=pid" in options
    return flags >= {"ro", "nosuid"} and (
        "nodev" in flags or (place.startswith("/dev/") and "noexec" in flags)
    )


def _limited(limits: Mapping[str, list[int]]) -> bool:
    """setrlimit(2): soft and hard alike, none without a bound; core(5): 1 is no core, to nobody."""
    return limits["CORE"] == [1, 1] and all(soft == hard >= 0 for soft, hard in limits.values())


def _limits(sandbox: Sandbox) -> Iterator[Finding]:
    tries: tuple[tuple[str, str, Limits, Callable[[Outcome], bool]], ...] = (
        (
            "limit on CPU time",
            "while True: pass",
            replace(_ROOMY, cpu_s=0.3),
            lambda end: end.status is Status.TIME_LIMIT and "CPU" in end.reason,
        ),
        (
            "limit on wall time",
            "import time; print('kept', flush=True); time.sleep(60)",
            replace(_ROOMY, wall_s=0.5),
            lambda end: end.status is Status.TIME_LIMIT and end.stdout == b"kept\n",
        ),
        ("limit on memory", "x = bytearray(2**32)", _ROOMY, lambda end: end.status is Status.MEMORY_LIMIT),
        (
            "limit on output",
            "while True: print('x' * 999)",
            _ROOMY,
            lambda end: end.status is Status.OUTPUT_LIMIT,
        ),
        (
            "limit on processes",
            "import os, time\nfor _ in range(40):\n    if os.fork() == 0: time.sleep(9); os._exit(0)",
            _ROOMY,
            lambda end: end.status is Status.NONZERO_EXIT and b"BlockingIOError" in end.stderr,
        ),
        (
            "limit on disk",
            "open('/tmp/x', 'wb').write(bytes(2**22))",
            _ROOMY,
            lambda end: b"No space left" in end.stderr,
        ),
        (
            "limit on files",
            "for number in range(99): open(f'/tmp/{number}', 'w').close()",
            _ROOMY,
            lambda end: b"No space left" in end.stderr,
        ),
    )
    for name, source, limits, held in tries:
        outcome = _run(sandbox, source, limits)
        yield _finding(name, held(outcome), outcome.reason)


def _nothing_stays(sandbox: Sandbox) -> Finding:
    """A process that leaves its parent and a file it leaves are gone when the next run begins."""
    leave = (
        "import os, time\n"
        "open('/work/left', 'w').close()\n"
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(60)\n    os._exit(0)\n"
    )
    look = "import os\nprint(os.listdir('/work'), sorted(filter(str.isdigit, os.listdir('/proc'))))"
    _run(sandbox, leave, _ROOMY)
    seen = _run(sandbox, look, _ROOMY).stdout.decode().strip()
    return _finding("nothing of a run stays", seen == "['main.py'] ['1', '2']", f"the next run sees {seen}")


def _run(sandbox: Sandbox, source: str, limits: Limits) -> Outcome:
    files = {"main.py": source.encode()}
    return sandbox.run(Job(Runtime.PYTHON, Script("main.py"), files=files, limits=limits))
