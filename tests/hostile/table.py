"""README.md's table: every attack, the verdict it gets, and the test that holds it to that.

`python -m tests.hostile.table` writes it anew; `test_coverage` fails where it is not what this makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.artifact_attacks import ATTACKS as ARTIFACT_ATTACKS
from tests.hostile.catalogue import ATTACKS

README = Path(__file__).with_name("README.md")
NUMBERS = range(1, 61)
TITLES = {
    1: "Fork bombs",
    2: "Thread bombs",
    3: "Memory bombs",
    4: "Mapped, locked and huge pages",
    5: "Memory behind files",
    6: "A full disk",
    7: "No file left to make",
    8: "Sparse giant files",
    9: "Floods of output",
    10: "Descriptors",
    11: "Buffers of the kernel's",
    12: "Arguments and environment",
    13: "Deep folders, names that nobody can remove",
    14: "Core dumps",
    15: "Burnt CPU time",
    16: "Sleep at no CPU time",
    17: "Daemons",
    18: "Stopped processes",
    19: "Deafness to signals",
    20: "A grandchild that keeps the output open",
    21: "Signals and limits for everyone, init included",
    22: "An end before the tests",
    23: "A verdict from an exit handler",
    24: "Closed standard streams",
    25: "ptrace",
    26: "Other processes' memory and descriptors",
    27: "io_uring",
    28: "userfaultfd",
    29: "bpf, perf, filters and modules",
    30: "Keyrings",
    31: "Mounts and what only an administrator does",
    32: "Namespaces and identities",
    33: "setns",
    34: "Files by handle",
    35: "Other tables of system calls",
    36: "Terminals",
    37: "Clock, personality, log, ports",
    38: "/proc of oneself and of init",
    39: "Settings of the kernel",
    40: "sysfs and control groups",
    41: "Something else in the place of the result",
    42: "A result that changes while it is collected",
    43: "Archives and paths that lead elsewhere",
    44: "Poisoned modules, bytecode and environment",
    45: "Files of the host and of other submissions",
    46: "Broker, database and sandbox over loopback or sockets",
    47: "The network outside",
    48: "Abstract sockets and other families",
    49: "System V objects and queues between runs",
    50: "Descriptors sent over sockets",
    51: "A search for the expected answers",
    52: "Patches to the harness",
    53: "Values that lie",
    54: "Forged verdicts",
    55: "Hostile results",
    56: "Keras models with code in them",
    57: "Models that read and write files",
    58: "Models of impossible sizes",
    59: "The memory of a device",
    60: "Memorised tests, timing, state between tests",
}


@dataclass(frozen=True, slots=True)
class Row:
    """`where` is the test's module and name."""

    number: int
    name: str
    outcome: str
    where: str


EACH = "test_attacks.test_an_attack_gets_its_verdict_and_changes_nothing"
BETWEEN, FORMATS, LIVE = "test_between_runs", "test_artifact_formats", "test_live"
PIPELINE = "test_pipeline"
ELSEWHERE: tuple[Row, ...] = (
    Row(
        1,
        "with a memory bomb, floods, daemons beside honest answers",
        "honest answers: AC",
        f"{BETWEEN}.test_honest_answers_are_accepted_while_others_attack",
    ),
    Row(
        6,
        "a disk so full that the report has no room",
        "the report comes",
        f"{BETWEEN}.test_what_a_run_leaves_on_its_disk_is_not_the_death_of_its_report",
    ),
    Row(
        41,
        "something that is no file as an artifact",
        "WA",
        f"{FORMATS}.test_an_artifact_that_is_no_file_is_not_followed",
    ),
    Row(
        45,
        "what an earlier run left",
        "nothing is there",
        f"{BETWEEN}.test_nothing_of_one_run_reaches_the_next",
    ),
    Row(
        45,
        "marks of runs at the same time",
        "nobody is met",
        f"{BETWEEN}.test_runs_at_once_do_not_see_each_other",
    ),
    Row(
        49,
        "System V objects of a box, looked for on the host",
        "none",
        EACH,
    ),
    Row(
        54,
        "text that acts, sent to pages",
        "shown as text",
        f"{LIVE}.test_what_a_submission_prints_reaches_nobody_as_more_than_text",
    ),
    Row(
        46,
        "everything of an installation, by its true paths and addresses",
        "nothing is found",
        f"{PIPELINE}.test_a_submission_that_knows_where_all_lies_finds_nothing_of_it",
    ),
    Row(
        55,
        "json: deep nesting, sent over HTTP",
        "WA",
        f"{PIPELINE}.test_a_hostile_artifact_through_the_whole_pipeline_is_refused_with_a_sentence",
    ),
    Row(
        60,
        "the hidden input in an exit code, a signal, a size",
        "nothing exact is told",
        f"{BETWEEN}.test_a_hidden_input_does_not_leave_by_what_is_told_of_its_test",
    ),
    Row(
        60,
        "the hidden input in an exception",
        "nothing is quoted",
        f"{BETWEEN}.test_a_message_of_a_hidden_test_never_quotes_the_submission",
    ),
)
NOT_ON_EVERY_HOST: dict[int, str] = {
    59: (
        "Without a GPU there is no video memory to hog and no kernel to run for ever. The leases of devices, "
        "the check that their memory is free after a run, and a device that hangs or is lost are held to "
        "their promise over fake devices: tests/sandbox/test_devices.py, tests/sandbox/test_leases.py."
    ),
}
"""Attacks that need something which a host may lack, and what is shown without it."""


def rows() -> list[Row]:
    """Every row, in the order of the numbers."""
    own = [
        Row(
            attack.number,
            attack.name,
            attack.told,
            EACH,
        )
        for attack in ATTACKS
    ]
    artifacts = [
        Row(
            attack.number,
            f"{attack.format}: {attack.name}",
            "WA",
            f"{FORMATS}.test_a_hostile_artifact_is_refused_with_a_sentence",
        )
        for attack in ARTIFACT_ATTACKS
    ]
    return sorted([*own, *artifacts, *ELSEWHERE], key=lambda row: row.number)


def text() -> str:
    """The whole README."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    found = rows()
    for number in NUMBERS:
        yield f"## {number} {TITLES[number]}\n"
        if number in NOT_ON_EVERY_HOST:
            yield f"{NOT_ON_EVERY_HOST[number]}\n"
        mine = [row for row in found if row.number == number]
        if mine:
            yield "| attack | outcome | where |\n| --- | --- | --- |"
            for row in mine:
                module, _, _ = row.where.partition(".")
                yield f"| {row.name} | {row.outcome} | `{module}` |"
            yield ""


_INTRODUCTION = """\
# Hostile submissions

Each attack is a submission: it goes through the real judge and the real sandbox and gets the verdict below.
Afterwards an honest answer is accepted, and the host is as it was: no process, namespace, mount, control
group, file or System V object of the attack is left. All of it happens twice, over a supervisor of root's and
over one of an account without any privilege; of hostile artifacts the account's gets one of each format.
`test_pipeline` sends one of each family over HTTP to a running installation, where honest answers wait in
line behind them.

AC stands where everything the program tried was refused and it then answered honestly. More than one verdict
stands only where nobody but the kernel decides, with the reason.

`python -m tests.hostile.table` writes this file; `test_coverage` fails where it does not fit the tests.
"""


if __name__ == "__main__":
    README.write_text(text(), encoding="utf-8")
