"""Commands, with the starter that waits for them and on a host that has no C compiler to make one."""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.client import Config, Sandbox, SocketSandbox, private_sandbox
from sandbox.errors import InvalidJob
from sandbox.job import MIB, Command, Job, Outcome, Runtime, Script, Status
from sandbox.starter import SOURCE
from tests.sandbox.conftest import LAUNCHES, launcher_of, socket_folder
from tests.sandbox.runs import SMALL

NO_COMPILER = ("env", "PATH=/nothing")
BASH = "/bin/bash"


@pytest.fixture(scope="module")
def toolchains() -> Iterator[Path]:
    """A folder of the operator's with programs of the same name as the system's, and one that is none."""
    with tempfile.TemporaryDirectory(prefix="touchstone-store-") as name:
        bin_ = Path(name, "bin")
        bin_.mkdir()
        for program, content in {"tac": "#!/bin/sh\necho ours", "nonsense": "no program"}.items():
            (bin_ / program).write_text(content)
            (bin_ / program).chmod(0o755)
        (bin_ / "rev").mkdir()
        Path(name).chmod(0o755)
        yield Path(name)


def started(launch: str, toolchains: Path, *before: str) -> Iterator[SocketSandbox]:
    with socket_folder(launch) as folder:
        config = Config(
            folder / "sandbox.sock", stores={"/toolchains/1": toolchains}, parked={Runtime.COMMAND: 2}
        )
        with private_sandbox(config, launcher=[*launcher_of(launch), *before]) as box:
            yield box


@pytest.fixture(scope="module", params=LAUNCHES)
def launch(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def with_starter(launch: str, toolchains: Path) -> Iterator[SocketSandbox]:
    yield from started(launch, toolchains)


@pytest.fixture(scope="module")
def without(launch: str, toolchains: Path) -> Iterator[SocketSandbox]:
    yield from started(launch, toolchains, *NO_COMPILER)


@pytest.fixture(params=["starter", "python"])
def box(request: pytest.FixtureRequest, with_starter: SocketSandbox, without: SocketSandbox) -> SocketSandbox:
    """Both ways: what is true of one is true of the other."""
    return with_starter if request.param == "starter" else without


def run(box: Sandbox, *argv: str, **job: Any) -> Outcome:
    return box.run(Job(Runtime.COMMAND, Command(argv), **{"limits": SMALL, **job}))


def parked_programs(box: SocketSandbox) -> set[str]:
    """What the parked programs of a supervisor's command boxes are, by the kernel's word."""
    below = {box.ping()["pid"]}
    for _ in range(5):
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _parent(entry) in below:
                below.add(int(entry.name))
    return set(filter(None, (_program(pid) for pid in below)))


def _program(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/exe").readlink())
    except OSError:  # gone, or not to be looked into
        return ""


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return 0


def test_the_starter_waits_where_it_can_be_made_and_python_elsewhere(
    with_starter: SocketSandbox, without: SocketSandbox
) -> None:
    for box in (with_starter, without):
        assert run(box, "true").status is Status.OK
    assert any("memfd:starter" in program for program in parked_programs(with_starter))
    assert {Path(program).name for program in parked_programs(without)} == {
        Path(sys.executable).resolve().name
    }


def test_a_program_gets_its_words_its_input_and_its_environment(box: Sandbox) -> None:
    words = ("a b", "", "$HOME", "你好", "'\"\\")
    job = Job(
        Runtime.COMMAND,
        Command(
            (BASH, "-c", 'printf "%s|" "$@"; cat; env', "name", *words),
            env={"EXTRA": "1 2", "PATH": "/x:/bin"},
        ),
        stdin=b"input\n",
        limits=SMALL,
    )
    said = box.run(job).stdout.decode()
    assert said.startswith("|".join(words) + "|input\n")
    environment = dict(line.split("=", 1) for line in said.splitlines()[1:])
    for set_by_bash in ("PWD", "SHLVL", "_"):
        environment.pop(set_by_bash, None)
    assert environment == {
        "PATH": "/x:/bin", "HOME": "/work", "TMPDIR": "/tmp", "LANG": "C.UTF-8", "EXTRA": "1 2"
    }  # fmt: skip


def test_toolchains_come_before_the_systems_programs(box: Sandbox) -> None:
    assert run(box, "tac").stdout == b"ours\n"
    assert run(box, "/usr/bin/tac", stdin=b"1\n2\n").stdout == b"2\n1\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("no-such-program",), b"no-such-program: No such file or directory\n"),
        (("/usr/bin/no-such-program",), b"/usr/bin/no-such-program: No such file or directory\n"),
        (("./data",), b"./data: Permission denied\n"),
        (("nonsense",), b"nonsense: Exec format error\n"),
        (("/etc/passwd/x",), b"/etc/passwd/x: Not a directory\n"),
    ],
)
def test_a_program_that_cannot_be_executed_says_why(box: Sandbox, argv: tuple[str, ...], said: bytes) -> None:
    outcome = run(box, *argv, files={"data": b"x"})
    assert (outcome.exit_code, outcome.stderr) == (127, said)


def test_a_folder_of_the_programs_name_does_not_hide_the_program_behind_it(box: Sandbox) -> None:
    assert run(box, "rev", stdin=b"abc\n").stdout == b"cba\n"


@pytest.mark.parametrize("argv", [(), ("",), ("echo", "a\0b"), ("echo", "\ud800"), ("echo", "x" * 70_000)])
def test_words_that_no_program_can_get_are_refused_in_words(box: Sandbox, argv: tuple[str, ...]) -> None:
    with pytest.raises(InvalidJob, match=r"command|arguments"):
        run(box, *argv)
    assert run(box, "echo", "x" * 60_000).stdout == b"x" * 60_000 + b"\n"


def test_a_script_is_no_command(box: Sandbox) -> None:
    with pytest.raises(InvalidJob, match="Python"):
        box.run(Job(Runtime.COMMAND, Script("main.py"), files={"main.py": b"pass"}))


_LOOK = """
    cat /proc/self/limits /proc/self/oom_score_adj
    grep -E '^(Sig[BIC]|Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups|Umask|NS[sp]?id|NSpgid)' /proc/self/status
    echo /proc/$$/fd/* /proc/[0-9]*
    tty; ulimit -a; id; pwd
"""


def test_a_program_finds_the_same_either_way(with_starter: SocketSandbox, without: SocketSandbox) -> None:
    limits = replace(SMALL, file_bytes=4096, cpu_s=7.5, processes=9)
    seen = [run(box, BASH, "-c", _LOOK, limits=limits) for box in (with_starter, without)]
    assert seen[0].stdout.decode().splitlines() == seen[1].stdout.decode().splitlines()
    assert b"Seccomp:\t2" in seen[0].stdout
    assert seen[0].exit_code == 0


def test_its_own_end_is_told_as_it_was(box: Sandbox) -> None:
    assert run(box, BASH, "-c", "exit 7").exit_code == 7
    assert run(box, BASH, "-c", "kill -PIPE $$").signal == signal.SIGPIPE
    assert run(box, BASH, "-c", "while :; do :; done").status is Status.TIME_LIMIT


def test_memory_that_a_program_uses_is_its_own_from_the_first_page(
    with_starter: SocketSandbox, without: SocketSandbox
) -> None:
    """An interpreter in its place gives some two megabytes back at its start, and room for as many more."""
    interpreter = str(Path(sys.executable).resolve())
    source = "import time; held = bytearray(50 << 20); time.sleep(0.1)"
    runs = [
        [run(box, interpreter, "-I", "-S", "-c", source) for _ in range(5)] for box in (with_starter, without)
    ]
    own, less = (statistics.median(one.peak_bytes for one in several) for several in runs)
    assert 50 * MIB < own < 60 * MIB
    if any(held.startswith("memory:cgroup") for held in runs[0][0].guarantees):
        assert own > less + MIB // 2


@pytest.mark.parametrize(
    "compiler",
    [
        pytest.param("exit 1", id="that fails"),
        pytest.param('while [ "$1" != -o ]; do shift; done; echo nonsense > "$2"', id="of another machine"),
    ],
)
def test_a_compiler_that_makes_no_starter_costs_time_alone(
    launch: str, toolchains: Path, compiler: str
) -> None:
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        Path(folder).chmod(0o755)
        Path(folder, "cc").write_text(f"#!/bin/sh\n{compiler}\n")
        Path(folder, "cc").chmod(0o755)
        for box in started(launch, toolchains, "env", f"PATH={folder}"):
            assert run(box, "echo", "hello").stdout == b"hello\n"


@pytest.fixture(scope="module")
def checked_starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter, compiled so that it ends where it would touch what is none of its own."""
    program = tmp_path_factory.mktemp("starter") / "starter"
    flags = "-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Werror -g -fsanitize=address,undefined"
    subprocess.run(["gcc", *flags.split(), "-o", str(program), str(SOURCE)], check=True)
    return program


HEADS = st.builds(
    lambda *fields: struct.pack("=QQQII", *fields),
    # Less CPU time than that would end the checks, not the starter.
    st.sampled_from([2**20, 2**64 - 1]),
    *[st.sampled_from([0, 1, 2**20, 2**64 - 1])] * 2,
    *[st.sampled_from([0, 1, 2, 3, 65_536, 2**32 - 1])] * 2,
)
WORDS = st.lists(st.sampled_from([b"\0", b"no-such-program\0", b"/\0", b"a", b"PATH=/x::/y\0", b"PATH=\0"]))


@given(
    st.one_of(st.binary(), st.builds(lambda head, words: head + b"".join(words), HEADS, WORDS)),
    st.integers(0, 3),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_comes_as_an_order_the_starter_executes_it_or_ends(
    checked_starter: Path, packet: bytes, descriptors: int
) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, Path(os.devnull).open("rb") as nothing:
        starter = subprocess.Popen(
            [checked_starter],
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"ASAN_OPTIONS": "detect_leaks=0"},  # it asks for no memory
        )
        assert json.loads(ours.recv(100)) == {"event": "parked", "starter": True}
        socket.send_fds(ours, [packet], [nothing.fileno()] * descriptors)
        theirs.close()
        ours.shutdown(socket.SHUT_WR)
        _, errors = starter.communicate()
    assert starter.returncode in (0, 127), errors
    assert b"Sanitizer" not in errors
