"""`python -m deploy.enter [--writable FOLDER]… -- COMMAND`: root executes a command as the account."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from deploy.account import become, unprivileged_account
from deploy.errors import CannotStart
from deploy.view import enter, view_of

HOME = Path(__file__).resolve().parent.parent


def entering(writable: Sequence[Path]) -> list[str]:
    """What to put before a command so that it runs as the account and may write in these folders only."""
    folders = [part for folder in writable for part in ("--writable", str(folder))]
    return [sys.executable, "-m", "deploy.enter", *folders, "--"]


def main() -> NoReturn:
    """Becomes the account, then the command."""
    parser = argparse.ArgumentParser(prog="python -m deploy.enter")
    parser.add_argument("--writable", type=Path, action="append", default=[])
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    try:
        account = unprivileged_account()
        if account is None:
            raise CannotStart("Only root can become another account.", "Run the command itself.")
        enter(account, view_of(HOME, writable=options.writable))
    except CannotStart as error:
        print(f"{error}\n{error.remedy}", file=sys.stderr)
        sys.exit(1)
    become(account)
    os.execvp(options.command[0], options.command)  # noqa: S606 - the command is the argument


if __name__ == "__main__":
    main()
