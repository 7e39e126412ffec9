"""The numbers that a benchmark is called with: no run at all would measure nothing, and find no fault."""

from __future__ import annotations

import argparse


def at_least_one(text: str) -> int:
    """An option's value, for argparse."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return number
