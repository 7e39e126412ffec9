"""Bash: the shell and the host's small tools, without a file system to speak of."""

from __future__ import annotations

from grader.judge.languages.language import Build, Language, Plan, Programs, Toolchain, execute
from questionbank.packages.languages import LANGUAGES
from sandbox.job import Command

SOURCE = "solution.sh"


def program(source: str, _: Toolchain) -> Plan:
    """The script's exit code is that of its last command, as everywhere: anything but 0 is RE.

    It is called by a path, for `${0%/*}` is how scripts find their own folder.
    """
    files = {SOURCE: source.encode()}
    return Plan(SOURCE, Build(Command(("bash", "-n", SOURCE)), files), execute("bash", f"./{SOURCE}"), files)


LANGUAGE = Language(LANGUAGES["bash"], (Programs(("bash",), ("--version",), "bash"),), program)
