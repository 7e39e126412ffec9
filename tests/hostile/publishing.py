"""`python -m tests.hostile.publishing FOLDER…`: publishes packages in the installation of the environment."""

from __future__ import annotations

import sys
from pathlib import Path

import django


def main() -> None:
    django.setup()
    from questionbank.services import publish

    for folder in sys.argv[1:]:
        publish(Path(folder))


if __name__ == "__main__":
    main()
