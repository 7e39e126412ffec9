"""The programs that a package brings, built and run in jails of their own: validators.

A validator reads what a submission wrote. It runs in a box of its own, with the judge's files, and never
beside the submission.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.judge.artifact import EvaluatorFailed
from grader.judge.builds import Builds, build_key
from grader.judge.languages import LANGUAGES
from grader.judge.languages.language import Build, Toolchain
from grader.judge.languages.several import with_arguments, with_files
from grader.judge.toolchains import find_toolchain
from questionbank.packages.bundled import SCRIPTS, languages_of, source_language
from questionbank.packages.program import PackageProgram, ToolLimits
from sandbox.client import Sandbox
from sandbox.job import MIB, Command, Job, Limits, Outcome, Runtime, Script, Status

ACCEPTED, REJECTED = 42, 43
"""The exit codes of validators."""
_ROOM_BYTES = 64 * MIB
_FOLDER = "program"
_KEPT = 32
_SAID_CHARACTERS = 1500
_ENTRIES = ("__main__.py", "main.py", "main.cpp", "main.cc", "main.c")
_SCRIPT_TOOLCHAIN = Toolchain(LANGUAGES["bash"].toolchains[0], "", "scripts")


class ToolFailed(EvaluatorFailed):
    """A program of the package cannot be built or gave no judgement: never the candidate's fault."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program of the package that can be run. `path` is where it lies there."""

    path: str
    runtime: Runtime
    start: Script | Command
    files: Mapping[str, bytes]
    executables: frozenset[str]
    limits: Limits

    def job(
        self,
        *args: str,
        files: Mapping[str, bytes] | None = None,
        stdin: bytes = b"",
        collect: tuple[str, ...] = (),
    ) -> Job:
        """One run with its arguments and the files of the matter."""
        given = {**self.files, **(files or {})}
        room = sum(map(len, given.values())) + len(stdin)
        return Job(
            self.runtime,
            with_arguments(self.start, args),
            given,
            executables=self.executables,
            stdin=stdin,
            collect=collect,
            limits=replace(self.limits, disk_bytes=2 * room + _ROOM_BYTES),
        )

    def inside(self, folder: str, *args: str, files: Mapping[str, bytes], collect: tuple[str, ...]) -> Job:
        """One run whose current folder is `folder`, which is among its files."""
        start = self.start
        if isinstance(start, Script):
            words = ("python3", f"/work/{start.path}", *start.args)
        else:
            words = tuple(self._from_anywhere(word) for word in start.argv)
        job = self.job(files=files, collect=collect)
        program = Command(("sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", folder, *words, *args))
        return replace(job, runtime=Runtime.COMMAND, program=program)

    def _from_anywhere(self, word: str) -> str:
        """A word of the command, absolute where it is a file or a folder of the program's own."""
        path = PurePosixPath(word)
        own = any(path in (PurePosixPath(name), *PurePosixPath(name).parents[:-1]) for name in self.files)
        return f"/work/{path}" if own else word


def said(outcome: Outcome) -> str:
    """How a tool's run ended and what it said, for authors."""
    text = (outcome.stderr or outcome.stdout).decode("utf-8", errors="replace").strip()
    return f"{outcome.reason}\n{text[-_SAID_CHARACTERS:]}".rstrip()


def build_tool(program: PackageProgram, limits: ToolLimits, sandbox: Sandbox, builds: Builds | None) -> Tool:
    """Compiles a program of the package; raises `ToolFailed` with the compiler's words where it cannot."""
    bounds = Limits(
        cpu_s=float(limits.validation_s),
        wall_s=3.0 * limits.validation_s + 10,
        memory_bytes=limits.validation_mib * MIB,
        processes=64,
        output_bytes=limits.validation_output_mib * MIB,
        collect_bytes=limits.validation_output_mib * MIB,
    )
    if SCRIPTS & program.files.keys():
        return _scripted(program, limits, bounds, sandbox, builds)
    language_key = _language(program)
    language = LANGUAGES[language_key]
    toolchain = find_toolchain(language, sandbox)
    if toolchain is None:
        raise ToolFailed(f"{program.path}: {language.name} is not installed: see `manage.py doctor`")
    entry = _entry(program, language_key)
    others = {name: data for name, data in program.files.items() if name != entry}
    source = program.files[entry].decode("utf-8", errors="surrogateescape")
    plan = with_files(language_key, language.program(source, toolchain), others, entry if others else "")
    kept = _built(program, language_key, toolchain, _bounded(plan.build, limits), sandbox, builds)
    return Tool(program.path, plan.runtime, plan.run(bounds), {**plan.files, **kept}, frozenset(kept), bounds)


def _language(program: PackageProgram) -> str:
    languages = languages_of(program.files)
    if languages == {"c", "cpp"}:
        return "cpp"
    if len(languages) != 1:
        raise ToolFailed(f"{program.path} is in several languages: {', '.join(sorted(languages))}")
    return next(iter(languages))


def _entry(program: PackageProgram, language: str) -> str:
    own = [name for name in sorted(program.files) if source_language(PurePosixPath(name).suffix) == language]
    named = [name for name in _ENTRIES if name in own]
    same = [name for name in own if PurePosixPath(name).stem in (program.name, "validate", "validator")]
    return [*named, *same, *own][0]


def _bounded(build: Build, limits: ToolLimits) -> Build:
    cpu_s, memory = float(limits.compilation_s), limits.compilation_mib * MIB
    return replace(build, limits=replace(build.limits, cpu_s=cpu_s, wall_s=3 * cpu_s, memory_bytes=memory))


def _scripted(
    program: PackageProgram, limits: ToolLimits, bounds: Limits, sandbox: Sandbox, builds: Builds | None
) -> Tool:
    """A program that says itself how it is built and run."""
    files = {f"{_FOLDER}/{name}": data for name, data in program.files.items()}
    if "build" in program.files:
        command = Command(("sh", "-c", f"cd {_FOLDER} && ./build"))
        step = _bounded(Build(command, files, (f"{_FOLDER}/",)), limits)
        files = dict(_built(program, "build", _SCRIPT_TOOLCHAIN, step, sandbox, builds))
    if f"{_FOLDER}/run" not in files:
        raise ToolFailed(f"{program.path}: its build leaves no file `run`")
    return Tool(
        program.path, Runtime.COMMAND, Command((f"./{_FOLDER}/run",)), files, frozenset(files), bounds
    )


class _Kept:
    """What was built last, for the gate judges many submissions with one validator."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: OrderedDict[str, Mapping[str, bytes]] = OrderedDict()

    def get(self, key: str) -> Mapping[str, bytes] | None:
        with self._lock:
            return self._files.get(key)

    def put(self, key: str, files: Mapping[str, bytes]) -> None:
        with self._lock:
            self._files[key] = files
            while len(self._files) > _KEPT:
                self._files.popitem(last=False)


_kept = _Kept()


def _built(
    program: PackageProgram,
    language: str,
    toolchain: Toolchain,
    build: Build,
    sandbox: Sandbox,
    builds: Builds | None,
) -> Mapping[str, bytes]:
    key = build_key(language, toolchain, build)
    known = _kept.get(key) or (builds.load(key) if builds else None)
    if known is None:
        files = build.files
        if build.base:
            files = {**_built(program, language, toolchain, build.base, sandbox, builds), **files}
        executables = frozenset(files) if language == "build" else frozenset[str]()
        job = Job(
            build.runtime,
            build.program,
            files,
            executables=executables,
            collect=build.keeps,
            limits=build.limits,
        )
        outcome = sandbox.run(job)
        if outcome.status is not Status.OK or (build.keeps and not outcome.files):
            raise ToolFailed(f"{program.path} cannot be built: {said(outcome)}")
        known = outcome.files
        if builds:
            builds.store(key, known)
    _kept.put(key, known)
    return known
