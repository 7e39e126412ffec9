"""Which models and data exercises need, and whether this installation has them."""

from __future__ import annotations

from django.conf import settings

from questionbank.packages.model import Package


def missing_data(package: Package) -> tuple[str, ...]:
    """The recipes' folders that the exercise needs and that are not installed; () for other kinds.

    A recipe's public folder is there exactly when the recipe is installed, even where it is empty.
    """
    if package.artifact is None:
        return ()
    needed = dict.fromkeys((*package.artifact.store, package.artifact.hidden))
    return tuple(name for name in needed if not (settings.DATA_ROOT / "public" / name).is_dir())
