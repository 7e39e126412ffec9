"""The compile step: once a submission, in a jail of its own, for a compiler is a program too."""

from __future__ import annotations

import re
from collections.abc import Mapping

from grader.judge.builds import Builds, build_key
from grader.judge.demands import assured
from grader.judge.languages import LANGUAGES, Language
from grader.judge.languages.language import Build, Plan, Toolchain
from grader.judge.languages.several import with_files
from grader.judge.model import Answer, Judgement
from grader.judge.runnable import Program
from grader.judge.toolchains import find_toolchain
from grader.judge.verdicts import run_limits
from grader.verdict import Verdict
from questionbank.packages.model import Package
from questionbank.packages.program import ProgramSpec
from sandbox.client import Sandbox
from sandbox.errors import SandboxError
from sandbox.job import Job, Outcome, Status

# As the package format names the files that a program begins with.
_DRIVERS = {"python": "main.py", "java": "Main.java", "javascript": "main.js"}
MAX_SOURCE_BYTES = 256 * 1024
MAX_SHOWN_CHARACTERS = 8000
# What a tool says of itself and not of the source.
_NOISE = r"# command-line-arguments|Node\.js v\d|\s+at .*\(node:internal/|In file included from (?:{ours})"
# What says too little of what to do.
_PLAINLY = {"-buildmode=exe requires exactly one main package": "The source must be of the package main."}


class LanguageMissing(ValueError):
    """No toolchain of the answer's language is on this installation; `name` is what it is called."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not installed here: `manage.py doctor` says what to do.")
        self.name = name


def compile_answer(
    package: Package, answer: Answer, sandbox: Sandbox, builds: Builds | None
) -> Program | Judgement:
    """What runs, or the judgement CE with the compiler's words.

    Raises `LanguageMissing`, with a sentence for people. `builds` spares what was compiled before.
    """
    language = LANGUAGES[answer.language]
    try:
        size = len(answer.source.encode())
    except UnicodeEncodeError as error:
        return _refused(f"The source is no text: character {error.start + 1:,} is half of a pair.")
    size += sum(map(len, answer.files.values()))
    most = min(MAX_SOURCE_BYTES, 1024 * (package.program or ProgramSpec()).tools.code_kib)
    if size > most:
        return _refused(f"The source has {size:,} bytes, the most is {most:,}.")
    toolchain = find_toolchain(language, sandbox)
    if toolchain is None:
        raise LanguageMissing(language.name)
    plan = _plan(language, package, answer, toolchain)
    kept = _build(language, toolchain, plan.build, assured(package, sandbox), builds)
    if isinstance(kept, Judgement):
        return kept
    limits = run_limits(package, language)
    return Program(language, plan, {**plan.files, **kept}, frozenset(kept), limits)


def prepare_languages(sandbox: Sandbox, builds: Builds) -> None:
    """Builds ahead of time what all sources of a language share, so that nobody waits for it."""
    for language in LANGUAGES.values():
        toolchain = find_toolchain(language, sandbox)
        base = language.program("", toolchain).build.base if toolchain else None
        if toolchain and base:
            _build(language, toolchain, base, sandbox, builds)


def _plan(language: Language, package: Package, answer: Answer, toolchain: Toolchain) -> Plan:
    if package.function is not None:
        assert language.function is not None, f"{language.name} answers no function problems"
        return language.function(package.function, answer.source, toolchain)
    plan = language.program(answer.source, toolchain)
    include = package.program.include if package.program else {}
    laid = {**include.get("default", {}), **include.get(language.key, {})}
    entry, files = answer.entry, {**answer.files, **laid}
    driver = _DRIVERS.get(language.key, "")
    if driver in laid:
        # The package's own main file, which the answer's is a part of.
        files[answer.entry or plan.source_name] = answer.source.encode(errors="surrogateescape")
        entry, plan = driver, language.program(files.pop(driver).decode(errors="surrogateescape"), toolchain)
    return with_files(language.key, plan, files, entry) if files or entry else plan


def _build(
    language: Language, toolchain: Toolchain, build: Build, sandbox: Sandbox, builds: Builds | None
) -> Mapping[str, bytes] | Judgement:
    key = build_key(language.key, toolchain, build)
    known = builds.load(key) if builds else None
    if known is not None:
        return known
    files = build.files
    if build.base:
        shared = _build(language, toolchain, build.base, sandbox, builds)
        if isinstance(shared, Judgement):
            raise SandboxError(f"{language.name} cannot be prepared: {shared.compiler_output}")
        files = {**shared, **files}
    outcome = sandbox.run(Job(build.runtime, build.program, files, collect=build.keeps, limits=build.limits))
    fault = _fault(build, outcome)
    if fault:
        return _refused(fault, outcome.guarantees)
    if builds:
        builds.store(key, outcome.files)
    return outcome.files


def _fault(build: Build, outcome: Outcome) -> str:
    """Why there is no program, with what the compiler said; empty where there is one."""
    if outcome.status in (Status.NONZERO_EXIT, Status.SIGNALLED):
        return shown_errors(build, outcome.stderr + outcome.stdout) or f"The compiler {outcome.reason}."
    if outcome.status is not Status.OK:
        said = shown_errors(build, outcome.stderr + outcome.stdout)
        return f"The compiler was stopped: it {outcome.reason}.\n{said}".rstrip()
    if build.keeps and not outcome.files:
        reasons = "; ".join(outcome.uncollected.values()) or "it left nothing"
        return f"The compiled program cannot be used: {reasons}."
    return ""


def shown_errors(build: Build, said: bytes) -> str:
    """A compiler's words from their beginning, where the first error stands, without our own file's part."""
    text = said[: 4 * MAX_SHOWN_CHARACTERS].decode("utf-8", errors="replace")
    ours = "|".join(build.driver) if build.driver else "(?!)"
    lines = text.splitlines()
    lacks_function = any(re.match(ours, line) for line in lines)
    noise = _NOISE.format(ours=ours)
    kept = [_PLAINLY.get(line, line.replace("/work/", "")) for line in lines if not re.match(noise, line)]
    if lacks_function:
        kept = [f"The source must define this, and nothing called main:\n    {build.signature}", *kept]
    text = "\n".join(kept)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}\n…"


def _refused(output: str, guarantees: tuple[str, ...] = ()) -> Judgement:
    return Judgement(verdict=Verdict.CE, score=0.0, compiler_output=output, guarantees=guarantees)
