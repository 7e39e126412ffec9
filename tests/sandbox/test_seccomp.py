"""The filters are the written lists: evaluated here for every number, profile and architecture."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.calls import GROUPS, Call, Profile, calls_of, table
from sandbox.client import Sandbox
from sandbox.job import Command, Job, Runtime
from sandbox.seccomp import instructions
from tests.sandbox.runs import SMALL

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "sandbox.md"
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOWED, KILLED = 0x7FFF0000, 0x80000000
REFUSED = 0x00050000 | errno.EPERM
# Not refused, and not done: their callers must believe that the kernel, or the file system, lacks them.
ANSWERED = {
    "clone3": errno.ENOSYS,
    **dict.fromkeys(("setxattr", "lsetxattr", "fsetxattr"), errno.ENOTSUP),
    **dict.fromkeys(("removexattr", "lremovexattr", "fremovexattr"), errno.ENOTSUP),
}
MACHINES = pytest.mark.parametrize("machine", ARCHITECTURES)
PROFILES = pytest.mark.parametrize("profile", Profile)


def verdict(
    machine: str, profile: Profile, number: int, *arguments: int, architecture: int | None = None
) -> int:
    """What the kernel would return for a call: linux/filter.h, evaluated over struct seccomp_data."""
    program = list(instructions(machine, profile))
    data = {0: number, 4: ARCHITECTURES[machine] if architecture is None else architecture}
    data |= {16 + 8 * index: value & 0xFFFFFFFF for index, value in enumerate(arguments)}
    accumulator = position = 0
    while True:
        code, if_so, if_not, operand = program[position]
        position += 1
        match code:
            case 0x20:
                accumulator = data.get(operand, 0)
            case 0x54:
                accumulator &= operand
            case 0x15:
                position += if_so if accumulator == operand else if_not
            case 0x35:
                position += if_so if accumulator >= operand else if_not
            case 0x45:
                position += if_so if accumulator & operand else if_not
            case 0x06:
                return operand
            case _:
                raise AssertionError(f"no instruction of ours: {code:#x}")


def number_of(name: str, machine: str) -> int | None:
    call = next(call for group in GROUPS for call in group.calls if call.name == name)
    return _number(call, machine)


def _number(call: Call, machine: str) -> int | None:
    return call.x86_64 if machine == "x86_64" else call.aarch64


@MACHINES
@PROFILES
def test_what_is_not_written_is_refused(machine: str, profile: Profile) -> None:
    written = {_number(call, machine) for call in calls_of(profile)}
    for number in range(1024):
        if number not in written:
            assert verdict(machine, profile, number) == REFUSED, number


@MACHINES
@PROFILES
def test_what_is_written_is_allowed_for_some_arguments(machine: str, profile: Profile) -> None:
    # Arguments that no rule minds: read-only prctl(2), a unix socket.
    harmless = {"prctl": (3,), "socket": (1,), "socketpair": (1,)}
    for call in calls_of(profile):
        number = _number(call, machine)
        if number is not None and call.name not in ANSWERED:
            assert verdict(machine, profile, number, *harmless.get(call.name, (0, 0, 0, 0))) == ALLOWED, call


@MACHINES
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("clone", (0x10000000,)),  # CLONE_NEWUSER
        ("clone", (0x00020000,)),  # CLONE_NEWNS
        ("prctl", (4,)),  # PR_SET_DUMPABLE
        ("prctl", (22,)),  # PR_SET_SECCOMP
        ("ioctl", (0, 0x5412)),  # TIOCSTI
        ("ioctl", (0, 0x541C)),  # TIOCLINUX
        ("mmap", (0, 4096, 3, 0x40022)),  # MAP_HUGETLB
        ("fcntl", (3, 1024)),  # F_SETLEASE
        ("fcntl", (3, 1026)),  # F_NOTIFY
        ("prlimit64", (1,)),
        ("setpriority", (2,)),  # PRIO_USER
        ("setpriority", (0, 1)),
        ("mknod", (0, 0o020600)),  # S_IFCHR
        ("mknodat", (0, 0, 0o060600)),  # S_IFBLK
    ],
)
def test_arguments_that_reach_further_are_refused(
    machine: str, name: str, arguments: tuple[int, ...]
) -> None:
    number = number_of(name, machine)
    if number is not None:
        assert {verdict(machine, profile, number, *arguments) for profile in Profile} == {REFUSED}


@MACHINES
@pytest.mark.parametrize("name", ANSWERED)
def test_what_programs_can_do_without_is_answered_as_absent(machine: str, name: str) -> None:
    number = number_of(name, machine)
    assert number is not None
    assert {verdict(machine, profile, number) for profile in Profile} == {0x00050000 | ANSWERED[name]}


@MACHINES
def test_families_of_sockets_other_than_unix_are_unknown(machine: str) -> None:
    for family in (2, 10, 16, 17, 40):  # internet, IPv6, netlink, packets, vsock
        number = number_of("socket", machine)
        assert number is not None
        assert verdict(machine, Profile.ML, number, family) == 0x00050000 | errno.EAFNOSUPPORT


@MACHINES
def test_sizes_of_buffers_are_answered_and_stay(machine: str) -> None:
    number = number_of("setsockopt", machine)
    assert number is not None
    options = {option: verdict(machine, Profile.ML, number, 3, 1, option) for option in range(128)}
    # SO_SNDBUF, SO_RCVBUF, SO_SNDBUFFORCE, SO_RCVBUFFORCE
    assert {option for option, said in options.items() if said != ALLOWED} == {7, 8, 32, 33}
    assert options[7] == 0x00050000  # SECCOMP_RET_ERRNO, and no error


@MACHINES
@PROFILES
def test_another_architectures_table_kills(machine: str, profile: Profile) -> None:
    i386 = 0x40000003
    assert verdict(machine, profile, 0, architecture=i386) == KILLED
    if machine == "x86_64":
        assert verdict(machine, profile, 0x40000000) == KILLED  # x32


def test_the_wider_list_holds_the_narrower_one_and_little_more() -> None:
    code, wider = ({call.name for call in calls_of(profile)} for profile in (Profile.CODE, Profile.ML))
    assert code < wider
    assert len(wider - code) < 10


def test_each_call_stands_in_the_lists_once_with_its_reason() -> None:
    calls = [call for group in GROUPS for call in group.calls]
    assert len({call.name for call in calls}) == len(calls)
    for machine in ARCHITECTURES:
        numbers = [number for call in calls if (number := _number(call, machine)) is not None]
        assert len(set(numbers)) == len(numbers)
    assert all(call.why for call in calls)


def test_the_document_shows_the_lists() -> None:
    assert table() in DOCUMENT.read_text(), "python -m sandbox.calls prints what docs/sandbox.md must show"


_EVERYDAY = """
echo hello > f; cp -p f g; cp -a f h; install -m 600 f i; sed -i s/h/j/ f; mkfifo p; rm p; ln f k; ln -s f s
tar cf t f g; tar xf t; gzip -k g; mv h d; touch -d yesterday g; chmod 600 g; truncate -s 10 z; sync z
flock f nice true; timeout 1 nohup true; printf 'b\\na\\n' | sort -u | xargs -P2 -n1 echo | sort | tr -d '\\n'
"""


def test_everyday_tools_meet_no_refusal(box: Sandbox) -> None:
    job = Job(Runtime.COMMAND, Command(("bash", "-c", _EVERYDAY)), limits=replace(SMALL, wall_s=20))
    outcome = box.run(job)
    assert (outcome.stdout, outcome.stderr) == (b"ab", b"")
