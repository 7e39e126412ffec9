"""The models and data that tests use: installed once by the real recipes, kept between runs.

They lie apart from an installation's own, with a fixed salt, so that figures are the same in every run.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

DATA = Path(
    os.environ.get("TOUCHSTONE_TEST_DATA") or Path(__file__).resolve().parent.parent / "var" / "test-data"
)
FIXED_SALT = "7e57" * 16


@cache
def installed(*names: str) -> Path:
    """The data folder, with these recipes and those they need installed."""
    from fixtures.recipes.catalogue import RECIPES, with_needs
    from fixtures.recipes.recipe import install

    prepare()
    for recipe in with_needs(*(RECIPES[name] for name in names)):
        install(recipe, DATA, print)
    return DATA


def prepare() -> None:
    """Makes the folder with its salt, before anything is installed there."""
    hidden = DATA / "hidden"
    DATA.mkdir(parents=True, exist_ok=True)
    hidden.mkdir(mode=0o700, exist_ok=True)
    salt = hidden / "salt"
    if not salt.exists() or salt.read_text(encoding="ascii") != FIXED_SALT:  # another lane may read it now
        salt.write_text(FIXED_SALT, encoding="ascii")


def main() -> int:
    """`python -m tests.models`: installs everything, so that no test waits for a download."""
    from fixtures.recipes.__main__ import main as recipes

    prepare()
    return recipes(["install", "--into", str(DATA)])


if __name__ == "__main__":
    sys.exit(main())
