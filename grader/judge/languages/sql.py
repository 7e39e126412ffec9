"""SQL: SQLite's library in the jail's Python. A test's input makes the tables, the answer queries them."""

from __future__ import annotations

from grader.judge.languages.language import Build, Language, Module, Plan, Toolchain, driver
from questionbank.packages.languages import LANGUAGES
from sandbox.job import Runtime, Script

SOURCE = "solution.sql"


def program(source: str, _: Toolchain) -> Plan:
    """Syntax is checked over an empty database; what is in the tables is known only to a run."""
    files = {SOURCE: source.encode(), "run.py": driver("sql.py")}
    build = Build(Script("run.py", ("check", SOURCE)), files, runtime=Runtime.PYTHON)
    return Plan(SOURCE, build, lambda _limits: Script("run.py", ("run", SOURCE)), files, Runtime.PYTHON)


LANGUAGE = Language(LANGUAGES["sql"], (Module("sqlite3", "'SQLite ' + sqlite3.sqlite_version"),), program)
