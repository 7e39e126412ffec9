"""Which languages can be answered on this host: their tools are looked for where they will run, in a jail."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from grader.judge.languages import LANGUAGES, Language
from grader.judge.languages.language import Module, Programs, Toolchain
from sandbox.client import Sandbox
from sandbox.job import MIB, Command, Job, Limits, Outcome, Runtime, Script, Status

_LIMITS = Limits(
    cpu_s=10, wall_s=30, memory_bytes=512 * MIB, processes=64, output_bytes=65_536, disk_bytes=8 * MIB
)
# Where the first tool lies, what changes when it is replaced, then what it says of its version.
_ASK = (
    'for tool in $1; do command -v "$tool" || exit 3; done; '
    'stat -L -c "%s %Y" "$(command -v "$2")"; shift; exec "$@"'
)
_known: WeakKeyDictionary[Sandbox, dict[str, Toolchain | None]] = WeakKeyDictionary()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Finding:
    """One language on this host. Where `toolchain` is None, `remedy` says what to do."""

    language: Language
    toolchain: Toolchain | None
    remedy: str = ""


def find_toolchain(language: Language, sandbox: Sandbox) -> Toolchain | None:
    """The best of the language's toolchains that a jail sees, None if none. Asked once a process."""
    with _lock:
        known = _known.setdefault(sandbox, {})
    if language.key not in known:
        found = (_look(tools, sandbox) for tools in language.toolchains)
        known[language.key] = next((toolchain for toolchain in found if toolchain), None)
    return known[language.key]


def survey(sandbox: Sandbox) -> Iterator[Finding]:
    """Every language, with what was found or what would help."""
    for language in LANGUAGES.values():
        toolchain = find_toolchain(language, sandbox)
        yield Finding(language, toolchain, "" if toolchain else _remedy(language))


def _look(tools: Programs | Module, sandbox: Sandbox) -> Toolchain | None:
    if isinstance(tools, Module):
        program = f"import sys\nimport {tools.name}\nprint({tools.version})"
        job = Job(Runtime.PYTHON, Script("ask.py"), {"ask.py": program.encode()}, limits=_LIMITS)
        said = _lines(sandbox.run(job))
        return Toolchain(tools, said[0], said[0]) if said else None
    ask = ("sh", "-c", _ASK, "sh", " ".join(tools.names), tools.names[0], *tools.version)
    said = _lines(sandbox.run(Job(Runtime.COMMAND, Command(ask), limits=_LIMITS)))
    if len(said) <= len(tools.names) + 1:
        return None
    toolchain = Toolchain(tools, said[len(tools.names) + 1], "\n".join(said))
    return toolchain if not tools.least or toolchain.at_least(*tools.least) else None


def _lines(outcome: Outcome) -> list[str]:
    """What a tool said, on either stream, where it ended well."""
    if outcome.status is not Status.OK:
        return []
    text = (outcome.stdout + outcome.stderr).decode("utf-8", errors="replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _remedy(language: Language) -> str:
    """What to do about a language that no jail can run."""
    tools = language.toolchains[0]
    if isinstance(tools, Module):
        return f"The Python of this installation lacks the module {tools.name}: use one that has it."
    hidden = [path for name in tools.names if (path := shutil.which(name))]
    if not hidden or len(hidden) < len(tools.names):
        return f"Not installed. On Debian and Ubuntu: apt install {tools.packages}."
    return (
        f"{hidden[0]} is there, but no jail sees a working one. Name its folder, the one that holds bin/: "
        f"TOUCHSTONE_TOOLCHAINS={_folder(Path(hidden[0]))}"
    )


def _folder(program: Path) -> Path:
    """The folder of the toolchain that a program on PATH belongs to; for rustup's shims the real one."""
    real = program.resolve()
    if real.name == "rustup":
        asked = subprocess.run(  # noqa: S603 - the operator's own tool
            [str(program), "--print", "sysroot"], capture_output=True, text=True, check=False
        )
        if asked.returncode == 0:
            return Path(asked.stdout.strip())
    return real.parent.parent
