"""What root runs beside an installation, it runs as the account that the installation belongs to.

So nothing of root's is left among the account's files, and nothing the account planted leads root's hand.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.account import Account, become
from deploy.errors import CannotStart
from deploy.view import enter, view_of
from questionbank.config.places import HOME, data_folder, run_folder, state_folder, toolchain_folders

_ROOTS_OWN = frozenset(
    {"doctor"}  # looks at the host as the supervisor would
    | {"compilemessages", "makemessages", "makemigrations", "test"}  # developers', into the checkout
)


def act_as_owner(arguments: Sequence[str]) -> None:
    """Becomes the state's owner where root runs a command of `manage.py` and is not the owner.

    Paths among the arguments stay readable. Exits with a sentence where the state or one of them cannot be.
    """
    try:
        state = state_folder()
        details = state.stat()
        if os.geteuid() != 0 or details.st_uid == 0 or not arguments or arguments[0] in _ROOTS_OWN:
            return
        account = Account(details.st_uid, details.st_gid)
        writable = {state, run_folder(state), *filter(Path.exists, [data_folder(state)])}
        named = [path for path in map(Path, arguments[1:]) if path.exists()]
        folder = Path.cwd()
        named += [folder for folder in toolchain_folders() if folder.is_dir()]
        enter(account, view_of(HOME, writable=sorted(writable), offered=named))
    except CannotStart as error:
        sys.exit(f"{error}\n{error.remedy}")
    except PermissionError as error:
        sys.exit(f"{error.filename} cannot be used: {error.strerror}. Run as its owner, or as root.")
    become(account)
    os.environ.update(account.environment(state))
    os.chdir(folder if os.access(folder, os.X_OK) else HOME)
