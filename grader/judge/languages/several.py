"""A source that is not alone: other files lie beside it, some of which are compiled with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from grader.judge.languages.language import Plan
from sandbox.job import Command, Limits, Script

_COMPILED_TOGETHER: Mapping[str, frozenset[str]] = {
    "c": frozenset({".c"}),
    "cpp": frozenset({".c", ".cpp", ".cc", ".cxx", ".c++", ".C"}),
    "java": frozenset({".java"}),
    "go": frozenset({".go"}),
}
# Their files may be called as the author calls them; the others' names follow from what is in them.
_KEEPS_NAMES = frozenset({"c", "cpp", "go", "python", "bash"})


def with_files(language: str, plan: Plan, others: Mapping[str, bytes], entry: str) -> Plan:
    """The plan of a source that is called `entry` ("" for any name) among `others`, by path below /work.

    Others lie beside the program when it runs, too, as the package format has it.
    """
    if entry and language in _KEEPS_NAMES:
        plan = _renamed(plan, plan.source_name, entry)
    others = {name: data for name, data in others.items() if name != plan.source_name}
    build = plan.build
    together = [
        name for name in sorted(others) if PurePosixPath(name).suffix in _COMPILED_TOGETHER.get(language, ())
    ]
    if isinstance(build.program, Command) and together:
        build = replace(build, program=_with(build.program, plan.source_name, together))
    build = replace(build, files={**others, **build.files})
    return replace(plan, build=build, files={**others, **plan.files})


def with_arguments(start: Script | Command, args: tuple[str, ...]) -> Script | Command:
    """A start with more words on its command line."""
    if not args:
        return start
    if isinstance(start, Script):
        return Script(start.path, (*start.args, *args))
    return Command((*start.argv, *args), start.env)


def _with(command: Command, name: str, more: list[str]) -> Command:
    at = command.argv.index(name)
    return Command((*command.argv[: at + 1], *more, *command.argv[at + 1 :]), command.env)


def _renamed(plan: Plan, old: str, new: str) -> Plan:
    def name(word: str) -> str:
        return {old: new, f"./{old}": f"./{new}"}.get(word, word)

    def start(program: Script | Command) -> Script | Command:
        if isinstance(program, Script):
            return Script(name(program.path), program.args)
        return Command(tuple(map(name, program.argv)), program.env)

    def run(limits: Limits) -> Script | Command:
        return start(plan.run(limits))

    build = plan.build
    if isinstance(build.program, Command):
        files = {name(path): data for path, data in build.files.items()}
        build = replace(build, program=start(build.program), files=files)
    return Plan(
        source_name=new,
        build=build,
        run=run,
        files={name(path): data for path, data in plan.files.items()},
        runtime=plan.runtime,
    )
