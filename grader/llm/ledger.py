"""What a judge keeps between answers; the installation's database does it, tests keep it in memory."""

from __future__ import annotations

from typing import Protocol


class Ledger(Protocol):
    """Replies by their content, the day's calls, and which versions of a model passed the canaries."""

    def reply(self, key: str) -> str | None:
        """A reply that was kept."""

    def keep(self, key: str, reply: str) -> None:
        """Keeps a reply."""

    def spend(self, calls: int) -> bool:
        """Takes calls from the day's budget; False, and nothing is taken, where it has fewer left."""

    def standing(self, version: str) -> bool | None:
        """Whether a version of a model passed the canaries; None where it was not tried."""

    def judge_version(self, version: str, passed: bool, detail: str) -> None:
        """Writes down how the canaries ended."""
