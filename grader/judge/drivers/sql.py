"""Runs an SQL script over a database in memory: `sql.py check FILE` or `sql.py run FILE`.

`check` names the line of the first syntax error. `run` makes the database from standard input, runs the
script, and prints the rows of each query: columns with "|" between them, NULL as nothing, as sqlite3 prints.
"""

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SYNTAX = ("syntax error", "incomplete input", "unrecognized token")


def statements(text: str) -> Iterator[tuple[int, str]]:
    """Each statement with the number of the line that it begins in."""
    start = 0
    for end in [index + 1 for index, character in enumerate(text) if character == ";"] + [len(text)]:
        statement = text[start:end]
        if end < len(text) and not sqlite3.complete_statement(statement):
            continue
        if statement.strip():
            blank = len(statement) - len(statement.lstrip())
            yield 1 + text.count("\n", 0, start + blank), statement.strip()
        start = end


def refuse_files(action: int, *_: Any) -> int:
    """The database is in memory and stays alone there."""
    denied = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK


def syntax_error(statement: str) -> str | None:
    """What SQLite says where the text is no statement; other errors depend on the tables."""
    try:
        sqlite3.connect(":memory:").execute(f"EXPLAIN {statement}")
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        return str(error) if any(words in str(error) for words in SYNTAX) else None
    return None


def line_of_error(statement: str) -> int:
    """How many lines of a statement SQLite reads before it finds the error."""
    lines = statement.splitlines()
    for count in range(1, len(lines)):
        said = syntax_error("\n".join(lines[:count]))
        if said is not None and "incomplete" not in said:
            return count
    return len(lines)


def check(path: str) -> int:
    """1 with a message where something in the file is no SQL."""
    for line, statement in statements(Path(path).read_text("utf-8")):
        said = syntax_error(statement)
        if said is not None:
            print(f"{path}:{line + line_of_error(statement) - 1}: {said}", file=sys.stderr)
            return 1
    return 0


def shown(value: Any) -> str:
    """A column as the sqlite3 program prints it."""
    if value is None:
        return ""
    if isinstance(value, float):
        text = f"{value:.15g}"
        if text.lstrip("-").isdigit():
            return f"{text}.0"
        return text.replace("inf", "Inf")
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def run(path: str) -> int:
    """Prints what the script's queries give; 1 with SQLite's message where a statement fails."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute("PRAGMA temp_store = MEMORY")
    database.executescript(sys.stdin.read())
    database.set_authorizer(refuse_files)
    for line, statement in statements(Path(path).read_text("utf-8")):
        try:
            for row in database.execute(statement):
                print("|".join(map(shown, row)))
        except (sqlite3.Error, sqlite3.Warning) as error:
            print(f"{path}:{line}: {error}", file=sys.stderr)
            return 1
    return 0


sys.exit({"check": check, "run": run}[sys.argv[1]](sys.argv[2]))
